"""Secrets Manager: stages, tokens, deletion."""

import os
import uuid

import pytest

from errors import refused

GUIDE = "https://docs.aws.amazon.com/secretsmanager/latest/userguide"
REFERENCE = "https://docs.aws.amazon.com/secretsmanager/latest/apireference"

create = pytest.mark.documented("CreateSecret", f"{REFERENCE}/API_CreateSecret.html")
get = pytest.mark.documented("GetSecretValue", f"{REFERENCE}/API_GetSecretValue.html")
put = pytest.mark.documented("PutSecretValue", f"{REFERENCE}/API_PutSecretValue.html")
stages = pytest.mark.documented("UpdateSecretVersionStage", f"{REFERENCE}/API_UpdateSecretVersionStage.html")
delete = pytest.mark.documented("DeleteSecret", f"{REFERENCE}/API_DeleteSecret.html")
rotate = pytest.mark.documented("RotateSecret", f"{REFERENCE}/API_RotateSecret.html")
rotation = pytest.mark.documented("Lambda rotation functions", f"{GUIDE}/rotate-secrets_lambda-functions.html")
concepts = pytest.mark.documented("What's in a Secrets Manager secret?", f"{GUIDE}/whats-in-a-secret.html")


@pytest.fixture
def secrets(client):
    return client("secretsmanager")


@create
def test_a_secret_is_found_by_name_and_by_arn(secrets, name):
    made = secrets.create_secret(Name=name, SecretString="one")
    for identifier in (name, made["ARN"]):
        got = secrets.get_secret_value(SecretId=identifier)
        assert (got["SecretString"], got["VersionStages"], got["VersionId"]) == ("one", ["AWSCURRENT"], made["VersionId"])


@create
@pytest.mark.differs(ministack="refuses the repetition too")
def test_a_secret_is_made_once(secrets, name):
    token = str(uuid.uuid4())
    make = lambda value, token: secrets.create_secret(Name=name, SecretString=value, ClientRequestToken=token)["VersionId"]
    assert make("one", token) == make("one", token) == token
    with refused("ResourceExistsException", 400):
        make("two", str(uuid.uuid4()))


@get
def test_what_is_not_there_is_said_not_to_be(secrets, name):
    with refused("ResourceNotFoundException", 400):
        secrets.get_secret_value(SecretId=name)


@concepts
def test_a_new_value_is_current_and_the_one_before_it_previous(secrets, name):
    secrets.create_secret(Name=name, SecretString="one")
    secrets.put_secret_value(SecretId=name, SecretString="two")
    secrets.put_secret_value(SecretId=name, SecretString="three")
    value = lambda stage: secrets.get_secret_value(SecretId=name, VersionStage=stage)["SecretString"]
    assert (value("AWSCURRENT"), value("AWSPREVIOUS")) == ("three", "two")


@put
@pytest.mark.differs(ministack="takes another value")
def test_a_token_is_of_one_value(secrets, name):
    secrets.create_secret(Name=name, SecretString="one")
    token = str(uuid.uuid4())
    add = lambda value: secrets.put_secret_value(SecretId=name, SecretString=value, ClientRequestToken=token)["VersionId"]
    assert add("two") == add("two") == token
    with refused("ResourceExistsException", 400):
        add("three")


@put
def test_a_value_can_wait_under_a_stage_of_its_own(secrets, name):
    secrets.create_secret(Name=name, SecretString="one")
    added = secrets.put_secret_value(SecretId=name, SecretString="two", VersionStages=["AWSPENDING"])["VersionId"]
    assert secrets.get_secret_value(SecretId=name)["SecretString"] == "one"
    assert secrets.get_secret_value(SecretId=name, VersionStage="AWSPENDING")["VersionId"] == added


@stages
def test_a_stage_moves_from_one_version_to_another(secrets, name):
    first = secrets.create_secret(Name=name, SecretString="one")["VersionId"]
    second = secrets.put_secret_value(SecretId=name, SecretString="two", VersionStages=["AWSPENDING"])["VersionId"]
    move = {"SecretId": name, "VersionStage": "AWSCURRENT", "MoveToVersionId": second}
    with refused("InvalidParameterException", 400):
        secrets.update_secret_version_stage(**move)
    secrets.update_secret_version_stage(**move, RemoveFromVersionId=first)
    assert secrets.get_secret_value(SecretId=name)["VersionId"] == second
    assert secrets.get_secret_value(SecretId=name, VersionStage="AWSPREVIOUS")["VersionId"] == first


@delete
def test_a_deleted_secret_is_closed_until_it_is_restored(secrets, name):
    secrets.create_secret(Name=name, SecretString="one")
    secrets.delete_secret(SecretId=name, RecoveryWindowInDays=7)
    with refused("InvalidRequestException", 400):
        secrets.get_secret_value(SecretId=name)
    secrets.restore_secret(SecretId=name)
    assert secrets.get_secret_value(SecretId=name)["SecretString"] == "one"


@delete
def test_a_secret_deleted_without_recovery_is_gone(secrets, name):
    secrets.create_secret(Name=name, SecretString="one")
    secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
    with refused("ResourceNotFoundException", 400):
        secrets.get_secret_value(SecretId=name)


# --- Rotation --------------------------------------------------------------------------------------------------------
# The function named is one that knows nothing of rotation, so that a rotation stays begun: the cases take its steps.


@rotate
@pytest.mark.differs(ministack="moves the stages at once, without a function")
def test_a_rotation_needs_a_function(secrets, name):
    secrets.create_secret(Name=name, SecretString="one")
    with refused("InvalidRequestException", 400):
        secrets.rotate_secret(SecretId=name)


@rotate
@pytest.mark.differs(ministack="moves the stages at once, without a function")
def test_a_rotation_needs_a_function_that_there_is(secrets, name):
    secrets.create_secret(Name=name, SecretString="one")
    with refused("ResourceNotFoundException", 400):
        secrets.rotate_secret(SecretId=name, RotationLambdaARN=function_arn("nobody"), RotationRules=MONTHLY)
    assert "RotationEnabled" not in secrets.describe_secret(SecretId=name)


@rotate
@pytest.mark.differs(ministack="moves the stages at once, without a function")
def test_a_rotation_announces_its_version_and_leaves_the_value(secrets, name):
    current = secrets.create_secret(Name=name, SecretString="one")["VersionId"]
    pending = begin(secrets, name)
    described = secrets.describe_secret(SecretId=name)
    assert (described["RotationEnabled"], described["RotationLambdaARN"]) == (True, function_arn("get-health"))
    assert described["RotationRules"] == MONTHLY
    assert described["VersionIdsToStages"] == {current: ["AWSCURRENT"], pending: ["AWSPENDING"]}
    assert secrets.get_secret_value(SecretId=name)["SecretString"] == "one"
    with refused("ResourceNotFoundException", 400):
        secrets.get_secret_value(SecretId=name, VersionStage="AWSPENDING")


@rotate
@pytest.mark.differs(ministack="moves the stages at once, without a function")
def test_a_second_rotation_does_not_overtake_the_first(secrets, name):
    secrets.create_secret(Name=name, SecretString="one")
    begin(secrets, name)
    with refused("InvalidRequestException", 400):
        secrets.rotate_secret(SecretId=name, ClientRequestToken=str(uuid.uuid4()))


@rotation
@pytest.mark.differs(ministack="moves the stages at once, without a function")
def test_the_steps_of_a_rotation_lead_from_pending_to_current(secrets, name):
    before = secrets.create_secret(Name=name, SecretString="one")["VersionId"]
    pending = begin(secrets, name)
    secrets.put_secret_value(SecretId=name, ClientRequestToken=pending, SecretString="two", VersionStages=["AWSPENDING"])
    assert secrets.get_secret_value(SecretId=name, VersionStage="AWSPENDING")["VersionId"] == pending
    assert secrets.get_secret_value(SecretId=name)["SecretString"] == "one"
    secrets.update_secret_version_stage(
        SecretId=name, VersionStage="AWSCURRENT", MoveToVersionId=pending, RemoveFromVersionId=before
    )
    assert secrets.get_secret_value(SecretId=name)["SecretString"] == "two"
    assert secrets.get_secret_value(SecretId=name, VersionStage="AWSPREVIOUS")["SecretString"] == "one"


@rotation
@pytest.mark.differs(ministack="moves the stages at once, without a function")
def test_a_rotation_can_begin_again_when_the_one_before_it_is_over(secrets, name):
    before = secrets.create_secret(Name=name, SecretString="one")["VersionId"]
    first = begin(secrets, name)
    secrets.put_secret_value(SecretId=name, ClientRequestToken=first, SecretString="two", VersionStages=["AWSPENDING"])
    secrets.update_secret_version_stage(
        SecretId=name, VersionStage="AWSCURRENT", MoveToVersionId=first, RemoveFromVersionId=before
    )
    second = begin(secrets, name)
    assert "AWSPENDING" in secrets.describe_secret(SecretId=name)["VersionIdsToStages"][second]


MONTHLY = {"AutomaticallyAfterDays": 30}


def begin(secrets, name):
    """Begins a rotation; the id of the version that it is to make."""
    token = str(uuid.uuid4())
    begun = secrets.rotate_secret(
        SecretId=name, ClientRequestToken=token, RotationLambdaARN=function_arn("get-health"), RotationRules=MONTHLY
    )
    assert begun["VersionId"] == token
    return token


def function_arn(function):
    return f"arn:aws:lambda:{os.environ['AWS_REGION']}:000000000000:function:{function}"
