"""Secrets Manager: stages, tokens, deletion."""

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
