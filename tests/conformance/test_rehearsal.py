"""The rehearsal's own comparison: a planted difference is reported."""

import pytest

from rehearsal import comparison
from rehearsal.values import Values

pytestmark = pytest.mark.documented("Updating stacks using change sets", "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-changesets.html")

TEMPLATE = {
    "Parameters": {"Days": {"Type": "Number", "Default": 30}},
    "Resources": {
        "Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": {"Ref": "Days"}}},
        "Queue": {"Type": "AWS::SQS::Queue"},
    },
}
MADE = {"Logs": ("AWS::Logs::LogGroup", "logs"), "Queue": ("AWS::SQS::Queue", "url")}
ANNOUNCED = {name: kind for name, (kind, _) in MADE.items()}


def test_what_is_as_the_template_says_is_no_difference():
    assert comparison.resources(TEMPLATE, MADE, ANNOUNCED) == []
    assert properties(days=30) == []


def test_a_missing_resource_and_another_type_are_reported():
    made = {"Logs": ("AWS::SNS::Topic", "logs")}
    found = comparison.resources(TEMPLATE, made, ANNOUNCED)
    assert found == [
        "the stack: Logs is AWS::SNS::Topic, the template says AWS::Logs::LogGroup",
        "the stack: Queue is None, the template says AWS::SQS::Queue",
    ]


def test_another_property_is_reported():
    assert properties(days=7) == ["Logs.RetentionInDays: it is 7, the template says 30"]


def test_a_type_that_nobody_reads_is_reported():
    found = comparison.properties(TEMPLATE, MADE, values(), {"AWS::SQS::Queue": lambda _: {}})
    assert found == ["Logs: nobody reads AWS::Logs::LogGroup; teach existing.py, or say there why not"]


def properties(days):
    readers = {"AWS::Logs::LogGroup": lambda _: {"RetentionInDays": days}, "AWS::SQS::Queue": lambda _: {}}
    return comparison.properties(TEMPLATE, MADE, values(), readers)


def values():
    return Values(TEMPLATE, {}, {}, {}, None)
