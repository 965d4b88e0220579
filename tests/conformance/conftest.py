"""What every case has: clients of what is judged, and the documentation that judges it.

A case says with `documented(title, url)` which page of AWS's documentation it is from. `differs(ministack="why")`, or `platform=`,
says who does something else: then the case must fail there, and docs/differences.md must list it, so that neither outlives the other.
"""

import os
import re
import uuid
from pathlib import Path

import boto3
import pytest
from botocore.config import Config

DIFFERENCES = Path(__file__).resolve().parents[2] / "docs" / "differences.md"
MINISTACK = "ministack"
PLATFORM = "platform"
# In us-east-1 boto3 presigns with version 2 unless told not to, which S3 takes no more for new buckets.
SIGNATURES = {"s3": "s3v4"}


def pytest_addoption(parser):
    parser.addoption("--against", choices=[PLATFORM, MINISTACK], default=PLATFORM, help="what AWS_ENDPOINT_URL points to")


def pytest_configure(config):
    config.addinivalue_line("markers", "documented(title, url): the page of AWS's documentation that the case is from")
    config.addinivalue_line("markers", "differs(ministack=reason, platform=reason): what it does instead")


def pytest_collection_modifyitems(config, items):
    against = config.getoption("against")
    for item in items:
        reason = differing(item).get(against)
        if reason:
            item.add_marker(pytest.mark.xfail(reason=reason, strict=True))


def differing(item):
    marker = item.get_closest_marker("differs")
    return marker.kwargs if marker else {}


@pytest.fixture(scope="session")
def against(request):
    return request.config.getoption("against")


@pytest.fixture(scope="session")
def client():
    """A client by service; each call is tried once, so that what is refused is seen."""
    clients = {}

    def of(service):
        if service not in clients:
            config = Config(retries={"total_max_attempts": 1}, signature_version=SIGNATURES.get(service), s3={"addressing_style": "path"})
            clients[service] = boto3.client(service, endpoint_url=os.environ["AWS_ENDPOINT_URL"], config=config)
        return clients[service]

    return of


@pytest.fixture
def dynamodb(client):
    return client("dynamodb")


@pytest.fixture
def name():
    """A name that nothing else has."""
    return f"case-{uuid.uuid4().hex[:20]}"


def listed_differences():
    """The cases that docs/differences.md lists."""
    return set(re.findall(r"`(test_\w+)`", DIFFERENCES.read_text()))
