"""DynamoDB's transactions, batches of writes and conditional updates, as stock and checkout use them."""

import pytest

from errors import refused
from tables import standing

GUIDE = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide"
REFERENCE = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference"

batch_write = pytest.mark.documented("BatchWriteItem", f"{REFERENCE}/API_BatchWriteItem.html")
transact_get = pytest.mark.documented("TransactGetItems", f"{REFERENCE}/API_TransactGetItems.html")
transact_write = pytest.mark.documented("TransactWriteItems", f"{REFERENCE}/API_TransactWriteItems.html")
transactions = pytest.mark.documented("Amazon DynamoDB Transactions: How it works", f"{GUIDE}/transaction-apis.html")
update_item = pytest.mark.documented("UpdateItem", f"{REFERENCE}/API_UpdateItem.html")
update_expressions = pytest.mark.documented("Using update expressions in DynamoDB", f"{GUIDE}/Expressions.UpdateExpressions.html")


@pytest.fixture
def table(dynamodb, name):
    """A table with a number for its sort key."""
    with standing(dynamodb, name, "N"):
        yield name


# --- Transactions that write -----------------------------------------------------------------------------------------


@transact_write
def test_a_transaction_puts_updates_deletes_and_checks_at_once(dynamodb, table):
    dynamodb.put_item(TableName=table, Item=item(2, hits=n(1)))
    dynamodb.put_item(TableName=table, Item=item(3))
    dynamodb.transact_write_items(
        TransactItems=[
            {"Put": {"TableName": table, "Item": item(1)}},
            {"Update": add(table, 2, 4)},
            {"Delete": {"TableName": table, "Key": item(3), "ConditionExpression": "attribute_exists(pk)"}},
            {"ConditionCheck": {"TableName": table, "Key": item(4), "ConditionExpression": "attribute_not_exists(pk)"}},
        ]
    )
    assert [got(dynamodb, table, it) for it in (1, 2, 3, 4)] == [item(1), item(2, hits=n(5)), None, None]


@transact_write
def test_a_transaction_takes_a_hundred_items(dynamodb, table):
    put = lambda count: dynamodb.transact_write_items(
        TransactItems=[{"Put": {"TableName": table, "Item": item(number)}} for number in range(count)]
    )
    put(100)
    assert dynamodb.query(
        TableName=table, KeyConditionExpression="pk = :pk", ExpressionAttributeValues={":pk": {"S": "a"}}, Select="COUNT"
    )["Count"] == 100
    with refused("ValidationException", 400):
        put(101)


@transact_write
def test_every_item_in_the_way_is_named_by_its_place(dynamodb, table):
    dynamodb.put_item(TableName=table, Item=item(1, who=s("first")))
    check = {"TableName": table, "Key": item(3), "ConditionExpression": "attribute_exists(pk)"}
    update = add(table, 1, 1) | {"ConditionExpression": "attribute_not_exists(pk)"}
    with refused("TransactionCanceledException", 400) as error:
        dynamodb.transact_write_items(
            TransactItems=[
                {"Update": update | {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}},
                {"Put": {"TableName": table, "Item": item(2)}},
                {"ConditionCheck": check | {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}},
            ]
        )
    reasons = error["CancellationReasons"]
    assert [it["Code"] for it in reasons] == ["ConditionalCheckFailed", "None", "ConditionalCheckFailed"]
    assert reasons[0]["Item"] == item(1, who=s("first"))
    assert "Item" not in reasons[1] and "Item" not in reasons[2]
    assert got(dynamodb, table, 2) is None


@transact_write
def test_an_item_in_the_way_is_not_shown_unless_asked_for(dynamodb, table):
    dynamodb.put_item(TableName=table, Item=item(1))
    put = {"TableName": table, "Item": item(1), "ConditionExpression": "attribute_not_exists(pk)"}
    with refused("TransactionCanceledException") as error:
        dynamodb.transact_write_items(TransactItems=[{"Put": put}])
    assert "Item" not in error["CancellationReasons"][0]


@transact_write
def test_a_token_repeats_an_answer_and_not_what_was_written(dynamodb, table, name):
    ask = lambda: dynamodb.transact_write_items(ClientRequestToken=name, TransactItems=[{"Update": add(table, 1, 1)}])
    ask()
    dynamodb.put_item(TableName=table, Item=item(1, hits=n(7)))
    ask()
    assert got(dynamodb, table, 1)["hits"] == n(7)


@transact_write
def test_a_token_of_what_was_cancelled_may_be_used_again(dynamodb, table, name):
    dynamodb.put_item(TableName=table, Item=item(1))
    put = {"TableName": table, "Item": item(1), "ConditionExpression": "attribute_not_exists(pk)"}
    ask = lambda: dynamodb.transact_write_items(ClientRequestToken=name, TransactItems=[{"Put": put}])
    with refused("TransactionCanceledException"):
        ask()
    dynamodb.delete_item(TableName=table, Key=item(1))
    ask()
    assert got(dynamodb, table, 1) == item(1)


@transact_write
def test_a_repeated_transaction_costs_the_reading_of_its_items(dynamodb, table, name):
    ask = lambda: dynamodb.transact_write_items(
        ClientRequestToken=name,
        TransactItems=[{"Put": {"TableName": table, "Item": item(1, text=s("x" * 5_000))}}],
        ReturnConsumedCapacity="TOTAL",
    )["ConsumedCapacity"]
    assert [it["CapacityUnits"] for it in ask()] == [10.0]
    assert [it["CapacityUnits"] for it in ask()] == [4.0]


@transactions
def test_a_transaction_costs_two_units_for_each_kb_of_each_item(dynamodb, table):
    dynamodb.put_item(TableName=table, Item=item(3))
    answered = dynamodb.transact_write_items(
        TransactItems=[
            {"Put": {"TableName": table, "Item": item(1)}},
            {"Put": {"TableName": table, "Item": item(2, text=s("x" * 1_500))}},
            {"ConditionCheck": {"TableName": table, "Key": item(3), "ConditionExpression": "attribute_exists(pk)"}},
        ],
        ReturnConsumedCapacity="TOTAL",
    )
    assert [it["CapacityUnits"] for it in answered["ConsumedCapacity"]] == [2.0 + 4.0 + 2.0]


# --- Transactions that read ------------------------------------------------------------------------------------------


@transact_get
def test_a_transaction_reads_in_the_order_it_was_asked(dynamodb, table):
    for number in (1, 2):
        dynamodb.put_item(TableName=table, Item=item(number, who=s(str(number))))
    answered = dynamodb.transact_get_items(TransactItems=[get(table, it) for it in (2, 3, 1)])
    assert [it.get("Item", {}).get("who") for it in answered["Responses"]] == [s("2"), None, s("1")]


@transactions
@pytest.mark.differs(ministack="counts two units an item, whatever the size")
def test_a_transaction_that_reads_costs_two_units_for_each_4_kb(dynamodb, table):
    dynamodb.put_item(TableName=table, Item=item(1, text=s("x" * 5_000)))
    answered = dynamodb.transact_get_items(TransactItems=[get(table, 1), get(table, 2)], ReturnConsumedCapacity="TOTAL")
    assert [it["CapacityUnits"] for it in answered["ConsumedCapacity"]] == [4.0 + 2.0]


@transact_get
def test_a_transaction_reads_at_most_a_hundred_items(dynamodb, table):
    read = lambda count: dynamodb.transact_get_items(TransactItems=[get(table, it) for it in range(count)])
    assert len(read(100)["Responses"]) == 100
    with refused("ValidationException", 400):
        read(101)


# --- Batches of writes -----------------------------------------------------------------------------------------------


@batch_write
def test_a_batch_puts_and_deletes_and_leaves_nothing_unprocessed(dynamodb, table):
    dynamodb.put_item(TableName=table, Item=item(1))
    requests = [{"DeleteRequest": {"Key": item(1)}}, {"PutRequest": {"Item": item(2)}}]
    answered = dynamodb.batch_write_item(RequestItems={table: requests})
    assert answered["UnprocessedItems"] == {}
    assert [got(dynamodb, table, it) for it in (1, 2)] == [None, item(2)]


@batch_write
def test_a_batch_of_writes_costs_each_item_by_itself(dynamodb, table):
    requests = [{"PutRequest": {"Item": item(1)}}, {"PutRequest": {"Item": item(2, text=s("x" * 1_500))}}]
    answered = dynamodb.batch_write_item(RequestItems={table: requests}, ReturnConsumedCapacity="TOTAL")
    assert [it["CapacityUnits"] for it in answered["ConsumedCapacity"]] == [1.0 + 2.0]


# --- Updates on condition --------------------------------------------------------------------------------------------


@update_item
def test_a_refused_update_returns_what_is_there_and_changes_nothing(dynamodb, table):
    dynamodb.put_item(TableName=table, Item=item(1, hits=n(2)))
    with refused("ConditionalCheckFailedException", 400) as error:
        dynamodb.update_item(
            **add(table, 1, 1) | {
                "ConditionExpression": "hits < :most",
                "ExpressionAttributeValues": {":amount": n(1), ":most": n(2)},
            },
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    assert error["Item"] == item(1, hits=n(2))
    assert got(dynamodb, table, 1) == item(1, hits=n(2))


@update_item
@pytest.mark.parametrize(
    ("wanted", "returned"),
    [
        ("ALL_OLD", {"hits": 2, "other": 9}),
        ("UPDATED_OLD", {"hits": 2}),
        ("ALL_NEW", {"hits": 5, "other": 9}),
        ("UPDATED_NEW", {"hits": 5}),
    ],
)
def test_an_update_returns_what_was_or_what_is(dynamodb, table, wanted, returned):
    dynamodb.put_item(TableName=table, Item=item(1, hits=n(2), other=n(9)))
    answered = dynamodb.update_item(**add(table, 1, 3), ReturnValues=wanted)["Attributes"]
    assert {name: int(it["N"]) for name, it in answered.items() if name not in ("pk", "sk")} == returned


@update_item
def test_a_condition_on_an_update_is_of_the_item_before_it(dynamodb, table):
    only_new = {"ConditionExpression": "attribute_not_exists(pk)"}
    dynamodb.update_item(**add(table, 1, 1), **only_new)
    with refused("ConditionalCheckFailedException"):
        dynamodb.update_item(**add(table, 1, 1), **only_new)
    assert got(dynamodb, table, 1)["hits"] == n(1)


@update_expressions
def test_an_update_sets_removes_adds_and_takes_out_in_one(dynamodb, table):
    dynamodb.put_item(TableName=table, Item=item(1, old=s("x"), tags={"SS": ["a", "b"]}, left=n(5)))
    dynamodb.update_item(
        TableName=table,
        Key=item(1),
        UpdateExpression="SET #new = :new, #left = #left - :one REMOVE #old ADD hits :one DELETE tags :tag",
        ExpressionAttributeNames={"#new": "new", "#left": "left", "#old": "old"},
        ExpressionAttributeValues={":new": s("y"), ":one": n(1), ":tag": {"SS": ["a"]}},
    )
    assert got(dynamodb, table, 1) == item(1, new=s("y"), tags={"SS": ["b"]}, left=n(4), hits=n(1))


# --- Words -----------------------------------------------------------------------------------------------------------


def item(number, **more):
    return {"pk": s("a"), "sk": n(number)} | more


def s(text):
    return {"S": text}


def n(number):
    return {"N": str(number)}


def add(table, number, amount):
    return {
        "TableName": table,
        "Key": item(number),
        "UpdateExpression": "ADD hits :amount",
        "ExpressionAttributeValues": {":amount": n(amount)},
    }


def get(table, number):
    return {"Get": {"TableName": table, "Key": item(number)}}


def got(dynamodb, table, number):
    return dynamodb.get_item(TableName=table, Key=item(number), ConsistentRead=True).get("Item")
