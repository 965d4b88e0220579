"""Refusals, as the SDK shows them."""

import contextlib

import pytest
from botocore.exceptions import ClientError


@contextlib.contextmanager
def refused(code, status=None):
    """The call inside is refused with this error; gives the error's response."""
    seen = {}
    with pytest.raises(ClientError) as caught:
        yield seen
    seen.update(caught.value.response)
    assert seen["Error"]["Code"] == code, seen["Error"]
    if status:
        assert seen["ResponseMetadata"]["HTTPStatusCode"] == status
