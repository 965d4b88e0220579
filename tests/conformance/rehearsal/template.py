"""template.yaml with its functions' code packaged and SAM's transform applied: what CloudFormation would get."""

from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

FUNCTION = "AWS::Serverless::Function"


def packaged(text, bucket):
    """The template with each function's code in `bucket`, as `sam package` leaves it."""
    template = yaml_parse(text)
    for function in functions(template).values():
        function["Properties"]["CodeUri"] = f"s3://{bucket}/{folder(function)}.zip"
    return template


def functions(template):
    """The functions by logical id."""
    return {name: resource for name, resource in template["Resources"].items() if resource["Type"] == FUNCTION}


def folder(function):
    """The name of its folder in functions/."""
    return function["Properties"]["CodeUri"].rsplit("/", 1)[-1].removesuffix(".zip")


def expanded(template, parameters, region):
    """CloudFormation's own resources only. SAM's managed policies are found by name in AWS; none is used by name here."""
    translator = Translator({}, Parser(), boto_session=Region(region))
    return translator.translate(template, parameter_values=parameters)


class Region:
    """All that the translator asks a session."""

    def __init__(self, region_name):
        self.region_name = region_name
