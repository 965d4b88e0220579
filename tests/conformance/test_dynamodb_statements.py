"""DynamoDB's statements in PartiQL, many in one call, as the views use them."""

import pytest

from errors import refused
from tables import standing

GUIDE = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide"
REFERENCE = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference"

batches = pytest.mark.documented("BatchExecuteStatement", f"{REFERENCE}/API_BatchExecuteStatement.html")
request = pytest.mark.documented("BatchStatementRequest", f"{REFERENCE}/API_BatchStatementRequest.html")
error = pytest.mark.documented("BatchStatementError", f"{REFERENCE}/API_BatchStatementError.html")
inserting = pytest.mark.documented("PartiQL insert statements for DynamoDB", f"{GUIDE}/ql-reference.insert.html")
updating = pytest.mark.documented("PartiQL update statements for DynamoDB", f"{GUIDE}/ql-reference.update.html")


@pytest.fixture
def table(dynamodb, name):
    """A table with a text for its sort key."""
    with standing(dynamodb, name, "S"):
        yield name


@inserting
def test_an_inserted_item_is_there(dynamodb, table):
    assert "Error" not in execute(dynamodb, insert(table, "1", n(1)))[0]
    assert got(dynamodb, table, "1") == item("1", n(1))


@inserting
def test_what_is_there_is_not_inserted_again(dynamodb, table):
    execute(dynamodb, insert(table, "1", n(1)))
    assert execute(dynamodb, insert(table, "1", n(2)))[0]["Error"]["Code"] == "DuplicateItem"
    assert got(dynamodb, table, "1") == item("1", n(1))


@updating
def test_an_update_sets_and_removes(dynamodb, table):
    dynamodb.put_item(TableName=table, Item=item("1", n(1)) | {"old": s("x")})
    statement = f'UPDATE "{table}" SET "version"=? SET "new"=? REMOVE "old" WHERE "pk"=? AND "sk"=?'
    answers = execute(dynamodb, {"Statement": statement, "Parameters": [n(2), s("y"), s("a"), s("1")]})
    assert "Error" not in answers[0]
    assert got(dynamodb, table, "1") == item("1", n(2)) | {"new": s("y")}


@error
def test_an_update_whose_condition_fails_shows_the_item_when_asked(dynamodb, table):
    dynamodb.put_item(TableName=table, Item=item("1", n(5)))
    asked = update(table, "1", below=5) | {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    silent, shown = execute(dynamodb, update(table, "1", below=4)), execute(dynamodb, asked)
    assert silent[0]["Error"]["Code"] == shown[0]["Error"]["Code"] == "ConditionalCheckFailed"
    assert "Item" not in silent[0]["Error"]
    assert shown[0]["Error"]["Item"] == item("1", n(5))


@updating
def test_an_update_makes_no_item(dynamodb, table):
    assert execute(dynamodb, update(table, "1", below=5))[0]["Error"]["Code"] == "ConditionalCheckFailed"
    assert got(dynamodb, table, "1") is None


@batches
def test_each_statement_succeeds_or_fails_by_itself_and_in_its_place(dynamodb, table):
    dynamodb.put_item(TableName=table, Item=item("2", n(5)))
    answers = execute(dynamodb, insert(table, "1", n(1)), update(table, "2", below=5), insert(table, "3", n(3)))
    assert ["Error" in it for it in answers] == [False, True, False]
    assert [got(dynamodb, table, it) for it in "123"] == [item("1", n(1)), item("2", n(5)), item("3", n(3))]


@batches
def test_a_batch_has_at_most_25_statements(dynamodb, table):
    statements = [insert(table, f"{number:02}", n(number)) for number in range(26)]
    with refused("ValidationException", 400):
        execute(dynamodb, *statements)
    assert got(dynamodb, table, "00") is None
    assert len(execute(dynamodb, *statements[:25])) == 25


@request
def test_a_statement_that_is_none_fails_alone(dynamodb, table):
    answers = execute(dynamodb, {"Statement": "UPDATE nonsense"}, insert(table, "1", n(1)))
    assert answers[0]["Error"]["Code"] == "ValidationError"
    assert got(dynamodb, table, "1") == item("1", n(1))


@batches
@pytest.mark.differs(ministack="counts a unit a statement, whatever the size")
def test_a_batch_of_statements_costs_each_by_itself(dynamodb, table):
    large = insert(table, "2", s("x" * 2_000))
    answer = dynamodb.batch_execute_statement(Statements=[insert(table, "1", n(1)), large], ReturnConsumedCapacity="TOTAL")
    assert [it["CapacityUnits"] for it in answer["ConsumedCapacity"]] == [3.0]


def execute(dynamodb, *statements):
    return dynamodb.batch_execute_statement(Statements=list(statements))["Responses"]


def insert(table, number, version):
    statement = f"INSERT INTO \"{table}\" VALUE {{'pk':?,'sk':?,'version':?}}"
    return {"Statement": statement, "Parameters": [s("a"), s(number), version]}


def update(table, number, below):
    statement = f'UPDATE "{table}" SET "version"=? WHERE "pk"=? AND "sk"=? AND "version"<?'
    return {"Statement": statement, "Parameters": [n(9), s("a"), s(number), n(below)]}


def item(number, version):
    return {"pk": s("a"), "sk": s(number), "version": version}


def got(dynamodb, table, number):
    key = {"pk": s("a"), "sk": s(number)}
    return dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item")


def s(text):
    return {"S": text}


def n(number):
    return {"N": str(number)}
