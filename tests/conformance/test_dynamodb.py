"""DynamoDB as the ledger, the views and the catalogue use it."""

import time

import boto3
import pytest
from botocore.config import Config

from errors import refused
from tables import attribute, key, standing

GUIDE = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide"
REFERENCE = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference"

put_item = pytest.mark.documented("PutItem", f"{REFERENCE}/API_PutItem.html")
get_item = pytest.mark.documented("GetItem", f"{REFERENCE}/API_GetItem.html")
query = pytest.mark.documented("Query", f"{REFERENCE}/API_Query.html")
paginating = pytest.mark.documented("Paginating table query results in DynamoDB", f"{GUIDE}/Query.Pagination.html")
filters = pytest.mark.documented("Filter expressions for the Query operation in DynamoDB", f"{GUIDE}/Query.FilterExpression.html")
batch_get = pytest.mark.documented("BatchGetItem", f"{REFERENCE}/API_BatchGetItem.html")
batch_write = pytest.mark.documented("BatchWriteItem", f"{REFERENCE}/API_BatchWriteItem.html")
transact_write = pytest.mark.documented("TransactWriteItems", f"{REFERENCE}/API_TransactWriteItems.html")
expiry = pytest.mark.documented("Using time to live (TTL) in DynamoDB", f"{GUIDE}/TTL.html")
update_expiry = pytest.mark.documented("UpdateTimeToLive", f"{REFERENCE}/API_UpdateTimeToLive.html")
capacity = pytest.mark.documented("DynamoDB read and write operations", f"{GUIDE}/read-write-operations.html")
limits = pytest.mark.documented("Quotas in Amazon DynamoDB", f"{GUIDE}/ServiceQuotas.html")
reserved = pytest.mark.documented("Reserved words in DynamoDB", f"{GUIDE}/ReservedWords.html")
errors = pytest.mark.documented("Error handling with DynamoDB", f"{GUIDE}/Programming.Errors.html")
update_item = pytest.mark.documented("UpdateItem", f"{REFERENCE}/API_UpdateItem.html")
expressions = pytest.mark.documented("Using expressions in DynamoDB", f"{GUIDE}/Expressions.html")
create_table = pytest.mark.documented("CreateTable", f"{REFERENCE}/API_CreateTable.html")


# The laptop looks every few seconds; AWS promises days.
EXPIRY_SECONDS_MAX = 20


@pytest.fixture
def table(dynamodb, name):
    """A table with a number for its sort key, and an index by customer."""
    by_customer = {
        "IndexName": "by-customer",
        "KeySchema": [key("customer", "HASH"), key("sk", "RANGE")],
        "Projection": {"ProjectionType": "ALL"},
    }
    with standing(dynamodb, name, "N", [attribute("customer", "S")], GlobalSecondaryIndexes=[by_customer]):
        yield name


# --- Writing one item ------------------------------------------------------------------------------------------------


@put_item
def test_a_refused_put_returns_the_item_that_was_faster(dynamodb, table):
    dynamodb.put_item(TableName=table, Item=item("a", 1, who=s("first")))
    with refused("ConditionalCheckFailedException", 400) as error:
        dynamodb.put_item(
            TableName=table,
            Item=item("a", 1, who=s("second")),
            ConditionExpression="attribute_not_exists(pk)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    assert error["Item"] == item("a", 1, who=s("first"))
    assert got(dynamodb, table, "a", 1)["who"] == s("first")


@put_item
def test_a_refused_put_returns_no_item_unless_asked(dynamodb, table):
    dynamodb.put_item(TableName=table, Item=item("a", 1))
    with refused("ConditionalCheckFailedException") as error:
        dynamodb.put_item(TableName=table, Item=item("a", 1), ConditionExpression="attribute_not_exists(pk)")
    assert "Item" not in error


@put_item
def test_a_put_returns_the_old_item_when_asked_and_there_was_one(dynamodb, table):
    put = lambda who: dynamodb.put_item(TableName=table, Item=item("a", 1, who=s(who)), ReturnValues="ALL_OLD")
    assert "Attributes" not in put("first")
    assert put("second")["Attributes"] == item("a", 1, who=s("first"))


@put_item
def test_a_condition_compares_numbers_as_numbers(dynamodb, table):
    put = lambda version: dynamodb.put_item(
        TableName=table,
        Item=item("a", 1, version=n(version)),
        ConditionExpression="attribute_not_exists(pk) OR version <= :version",
        ExpressionAttributeValues={":version": n(version)},
    )
    put(9)
    put(10)
    with refused("ConditionalCheckFailedException"):
        put(9)


@put_item
@pytest.mark.parametrize(
    "wrong",
    [
        {"pk": {"S": "a"}},
        {"pk": {"S": "a"}, "sk": {"S": "1"}},
        {"pk": {"S": ""}, "sk": {"N": "1"}},
        {"pk": {"S": "a"}, "sk": {"N": "one"}},
        {"pk": {"S": "a"}, "sk": {"N": "1"}, "customer": {"N": "1"}},
    ],
    ids=["no sort key", "of another type", "empty", "no number", "an index's key of another type"],
)
def test_an_item_needs_the_keys_of_its_table(dynamodb, table, wrong):
    with refused("ValidationException", 400):
        dynamodb.put_item(TableName=table, Item=wrong)


@limits
def test_an_item_is_at_most_400_kb_with_its_names(dynamodb, table):
    # pk + a, sk + its digit's two bytes, text: 409,600 in all.
    room = 400 * 1024 - len("pk" + "a") - len("sk") - 2 - len("text")
    dynamodb.put_item(TableName=table, Item=item("a", 1, text=s("x" * room)))
    with refused("ValidationException", 400):
        dynamodb.put_item(TableName=table, Item=item("a", 2, text=s("x" * (room + 8))))


@update_item
def test_an_update_of_what_is_not_there_makes_it(dynamodb, table):
    updated = dynamodb.update_item(
        TableName=table,
        Key=item("a", 1),
        UpdateExpression="SET hits = if_not_exists(hits, :none) + :one",
        ExpressionAttributeValues={":none": n(0), ":one": n(1)},
        ReturnValues="UPDATED_NEW",
    )
    assert updated["Attributes"] == {"hits": n(1)}


@expressions
def test_an_unused_value_of_an_expression_is_refused(dynamodb, table):
    with refused("ValidationException", 400):
        dynamodb.put_item(
            TableName=table,
            Item=item("a", 1),
            ConditionExpression="attribute_not_exists(pk)",
            ExpressionAttributeValues={":unused": n(1)},
        )


@reserved
def test_a_reserved_word_is_refused_in_an_expression(dynamodb, table):
    with refused("ValidationException", 400):
        dynamodb.put_item(
            TableName=table,
            Item=item("a", 1),
            ConditionExpression="status = :status",
            ExpressionAttributeValues={":status": s("NEW")},
        )


# --- Reading ---------------------------------------------------------------------------------------------------------


@get_item
def test_what_is_not_there_is_no_error(dynamodb, table):
    assert "Item" not in dynamodb.get_item(TableName=table, Key=item("a", 1))


@query
def test_a_query_sorts_numbers_as_numbers_in_either_direction(dynamodb, table):
    fill(dynamodb, table, [2, 10, 1])
    assert numbers(ask(dynamodb, table)) == [1, 2, 10]
    assert numbers(ask(dynamodb, table, ScanIndexForward=False)) == [10, 2, 1]


@query
def test_an_index_shows_the_items_that_have_its_keys(dynamodb, table):
    dynamodb.put_item(TableName=table, Item=item("a", 1, customer=s("c")))
    dynamodb.put_item(TableName=table, Item=item("b", 2, customer=s("c")))
    dynamodb.put_item(TableName=table, Item=item("a", 3))
    shown = dynamodb.query(
        TableName=table,
        IndexName="by-customer",
        KeyConditionExpression="customer = :c",
        ExpressionAttributeValues={":c": s("c")},
    )
    assert numbers(shown) == [1, 2]


@query
def test_an_index_cannot_be_read_consistently(dynamodb, table):
    with refused("ValidationException", 400):
        dynamodb.query(
            TableName=table,
            IndexName="by-customer",
            KeyConditionExpression="customer = :c",
            ExpressionAttributeValues={":c": s("c")},
            ConsistentRead=True,
        )


@paginating
@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_pages_follow_each_other_without_gap_or_repeat(dynamodb, table, limit):
    fill(dynamodb, table, range(7))
    seen, start = [], {}
    while True:
        page = ask(dynamodb, table, Limit=limit, **start)
        assert len(page["Items"]) <= limit
        seen += numbers(page)
        if "LastEvaluatedKey" not in page:
            break
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
    assert seen == list(range(7))


@paginating
def test_a_page_of_an_index_ends_with_the_keys_of_both(dynamodb, table):
    for number in range(2):
        dynamodb.put_item(TableName=table, Item=item("a", number, customer=s("c")))
    page = dynamodb.query(
        TableName=table,
        IndexName="by-customer",
        KeyConditionExpression="customer = :c",
        ExpressionAttributeValues={":c": s("c")},
        Limit=1,
    )
    assert page["LastEvaluatedKey"] == item("a", 0, customer=s("c"))


@paginating
def test_a_page_is_at_most_one_megabyte(dynamodb, table):
    for number in range(12):
        dynamodb.put_item(TableName=table, Item=item("a", number, text=s("x" * 100_000)))
    page = ask(dynamodb, table)
    assert 0 < page["Count"] < 12
    assert page["LastEvaluatedKey"] == item("a", numbers(page)[-1])


@paginating
def test_a_start_key_must_be_of_the_tables_keys(dynamodb, table):
    with refused("ValidationException", 400):
        ask(dynamodb, table, ExclusiveStartKey={"pk": s("a")})


@filters
def test_a_filter_comes_after_the_limit(dynamodb, table):
    fill(dynamodb, table, range(4))
    page = ask(dynamodb, table, Limit=2, FilterExpression="nothing = :v", values={":v": n(1)})
    assert (page["Count"], page["ScannedCount"], page["Items"]) == (0, 2, [])
    assert "LastEvaluatedKey" in page


@batch_get
def test_a_batch_gets_what_is_there_in_any_order(dynamodb, table):
    fill(dynamodb, table, range(3))
    keys = [item("a", number) for number in range(5)]
    answered = dynamodb.batch_get_item(RequestItems={table: {"Keys": keys, "ConsistentRead": True}})
    assert sorted(int(it["sk"]["N"]) for it in answered["Responses"][table]) == [0, 1, 2]
    assert answered["UnprocessedKeys"] == {}


@batch_get
def test_a_batch_takes_a_hundred_keys(dynamodb, table):
    get = lambda count: dynamodb.batch_get_item(RequestItems={table: {"Keys": [item("a", it) for it in range(count)]}})
    get(100)
    with refused("ValidationException", 400):
        get(101)


@batch_get
def test_a_batch_takes_no_key_twice(dynamodb, table):
    with refused("ValidationException", 400) as error:
        dynamodb.batch_get_item(RequestItems={table: {"Keys": [item("a", 1), item("a", 1)]}})
    assert "duplicates" in error["Error"]["Message"]


@batch_get
@pytest.mark.differs(ministack="answers every item, however large the whole")
def test_a_batch_leaves_unprocessed_what_is_beyond_16_mb(dynamodb, table):
    for number in range(50):
        dynamodb.put_item(TableName=table, Item=item("a", number, text=s("x" * 390_000)))
    keys = [item("a", number) for number in range(50)]
    answered = dynamodb.batch_get_item(RequestItems={table: {"Keys": keys}})
    left = answered["UnprocessedKeys"][table]["Keys"]
    assert len(answered["Responses"][table]) + len(left) == 50
    assert 0 < len(answered["Responses"][table]) <= 16 * 1024 * 1024 // 390_000


@batch_write
def test_a_batch_writes_at_most_25_and_no_key_twice(dynamodb, table):
    write = lambda keys: dynamodb.batch_write_item(
        RequestItems={table: [{"PutRequest": {"Item": item("a", key)}} for key in keys]}
    )
    write(range(25))
    with refused("ValidationException", 400):
        write(range(26))
    with refused("ValidationException", 400):
        write([1, 1])


# --- What it costs ---------------------------------------------------------------------------------------------------


@capacity
@pytest.mark.differs(ministack="counts a unit, or half a one, whatever the size")
def test_a_read_costs_a_unit_for_4_kb_and_half_when_eventual(dynamodb, table):
    dynamodb.put_item(TableName=table, Item=item("a", 1, text=s("x" * 5_000)))
    cost = lambda consistent: units(
        dynamodb.get_item(TableName=table, Key=item("a", 1), ConsistentRead=consistent, ReturnConsumedCapacity="TOTAL")
    )
    assert (cost(True), cost(False)) == (2.0, 1.0)


@capacity
def test_a_read_of_nothing_costs_as_much_as_the_least(dynamodb, table):
    answered = dynamodb.get_item(
        TableName=table, Key=item("a", 1), ConsistentRead=True, ReturnConsumedCapacity="TOTAL"
    )
    assert units(answered) == 1.0


@capacity
@pytest.mark.differs(ministack="counts a unit, or half a one, whatever the size")
def test_a_query_costs_what_its_items_come_to_together(dynamodb, table):
    for number in range(10):
        dynamodb.put_item(TableName=table, Item=item("a", number, text=s("x" * 1_000)))
    assert units(ask(dynamodb, table, ConsistentRead=True, ReturnConsumedCapacity="TOTAL")) == 3.0
    assert units(ask(dynamodb, table, ReturnConsumedCapacity="TOTAL")) == 1.5


@capacity
def test_a_write_costs_a_unit_for_each_kb(dynamodb, table):
    answered = dynamodb.put_item(
        TableName=table, Item=item("a", 1, text=s("x" * 2_500)), ReturnConsumedCapacity="TOTAL"
    )
    assert units(answered) == 3.0


@capacity
def test_a_write_costs_once_more_for_each_index_it_shows_in(dynamodb, table):
    answered = dynamodb.put_item(
        TableName=table, Item=item("a", 1, customer=s("c")), ReturnConsumedCapacity="INDEXES"
    )["ConsumedCapacity"]
    assert (answered["CapacityUnits"], answered["Table"]["CapacityUnits"]) == (2.0, 1.0)
    assert answered["GlobalSecondaryIndexes"]["by-customer"]["CapacityUnits"] == 1.0


@capacity
@pytest.mark.differs(ministack="reports no capacity of a batch")
def test_a_batch_costs_each_item_by_itself(dynamodb, table):
    fill(dynamodb, table, range(3))
    answered = dynamodb.batch_get_item(
        RequestItems={table: {"Keys": [item("a", it) for it in range(3)], "ConsistentRead": True}},
        ReturnConsumedCapacity="TOTAL",
    )
    assert [it["CapacityUnits"] for it in answered["ConsumedCapacity"]] == [3.0]


@capacity
def test_a_transaction_costs_twice(dynamodb, table):
    answered = dynamodb.transact_write_items(
        TransactItems=[{"Put": {"TableName": table, "Item": item("a", 1)}}], ReturnConsumedCapacity="TOTAL"
    )
    assert [it["CapacityUnits"] for it in answered["ConsumedCapacity"]] == [2.0]


# --- Transactions ----------------------------------------------------------------------------------------------------


@transact_write
def test_a_cancelled_transaction_says_why_item_by_item_and_writes_nothing(dynamodb, table):
    dynamodb.put_item(TableName=table, Item=item("a", 2, who=s("first")))
    put = {"TableName": table, "ConditionExpression": "attribute_not_exists(pk)", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    with refused("TransactionCanceledException", 400) as error:
        dynamodb.transact_write_items(
            TransactItems=[{"Put": put | {"Item": item("a", 1)}}, {"Put": put | {"Item": item("a", 2)}}]
        )
    reasons = error["CancellationReasons"]
    assert [reason["Code"] for reason in reasons] == ["None", "ConditionalCheckFailed"]
    assert reasons[1]["Item"] == item("a", 2, who=s("first"))
    assert got(dynamodb, table, "a", 1) is None


@transact_write
def test_a_transaction_takes_no_item_twice_and_at_most_a_hundred(dynamodb, table):
    put = lambda number: {"Put": {"TableName": table, "Item": item("a", number)}}
    with refused("ValidationException", 400):
        dynamodb.transact_write_items(TransactItems=[put(1), put(1)])
    with refused("ValidationException", 400):
        dynamodb.transact_write_items(TransactItems=[put(number) for number in range(101)])


@transact_write
def test_a_transactions_token_makes_it_once_and_is_of_one_request(dynamodb, table, name):
    add = lambda amount: dynamodb.transact_write_items(
        ClientRequestToken=name,
        TransactItems=[
            {
                "Update": {
                    "TableName": table,
                    "Key": item("a", 1),
                    "UpdateExpression": "ADD hits :amount",
                    "ExpressionAttributeValues": {":amount": n(amount)},
                }
            }
        ],
    )
    add(1)
    add(1)
    assert got(dynamodb, table, "a", 1)["hits"] == n(1)
    with refused("IdempotentParameterMismatchException", 400):
        add(2)


# --- Time to live ----------------------------------------------------------------------------------------------------


@update_expiry
def test_time_to_live_is_told_as_it_was_set(dynamodb, table):
    told = lambda: dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    assert told() == {"TimeToLiveStatus": "DISABLED"}
    wanted = {"AttributeName": "until", "Enabled": True}
    answered = dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=wanted)
    assert answered["TimeToLiveSpecification"] == wanted
    assert told()["AttributeName"] == "until"
    assert told()["TimeToLiveStatus"] in ("ENABLING", "ENABLED")


@update_expiry
@pytest.mark.differs(ministack="takes it again")
def test_time_to_live_that_is_on_is_not_turned_on_again(dynamodb, table):
    turn_on = lambda: dynamodb.update_time_to_live(
        TableName=table, TimeToLiveSpecification={"AttributeName": "until", "Enabled": True}
    )
    turn_on()
    with refused("ValidationException", 400):
        turn_on()


@expiry
@pytest.mark.differs(ministack="deletes nothing")
def test_what_has_expired_is_deleted_and_what_has_not_or_names_no_time_is_not(dynamodb, table):
    dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification={"AttributeName": "until", "Enabled": True})
    now = int(time.time())
    until = {1: n(now - 60), 2: n(now + 3_600), 3: s(str(now - 60)), 4: n(now - 6 * 365 * 86_400)}
    for number, it in until.items():
        dynamodb.put_item(TableName=table, Item=item("a", number, until=it))
    dynamodb.put_item(TableName=table, Item=item("a", 5))
    patience = time.monotonic() + EXPIRY_SECONDS_MAX
    while got(dynamodb, table, "a", 1) and time.monotonic() < patience:
        time.sleep(0.2)
    assert numbers(ask(dynamodb, table)) == [2, 3, 4, 5]


# --- The service -----------------------------------------------------------------------------------------------------


@errors
def test_a_table_that_is_not_there_is_said_not_to_be(dynamodb, name):
    with refused("ResourceNotFoundException", 400):
        dynamodb.get_item(TableName=name, Key=item("a", 1))


@create_table
def test_a_table_is_not_made_twice(dynamodb, table):
    with refused("ResourceInUseException", 400):
        dynamodb.create_table(
            TableName=table,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[attribute("pk", "S")],
            KeySchema=[key("pk", "HASH")],
        )


@errors
@pytest.mark.differs(ministack="verifies no signature")
def test_a_wrong_signature_is_refused(table, dynamodb):
    forger = boto3.client(
        "dynamodb",
        endpoint_url=dynamodb.meta.endpoint_url,
        aws_access_key_id="test",
        aws_secret_access_key="guessed",
        config=Config(retries={"total_max_attempts": 1}),
    )
    with refused("InvalidSignatureException", 400):
        forger.get_item(TableName=table, Key=item("a", 1))


# --- Words -----------------------------------------------------------------------------------------------------------


def item(pk, sk, **more):
    return {"pk": s(pk), "sk": n(sk)} | more


def s(text):
    return {"S": text}


def n(number):
    return {"N": str(number)}


def fill(dynamodb, table, numbers):
    for number in numbers:
        dynamodb.put_item(TableName=table, Item=item("a", number))


def ask(dynamodb, table, values=None, **more):
    return dynamodb.query(
        TableName=table,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": s("a")} | (values or {}),
        **more,
    )


def numbers(page):
    return [int(it["sk"]["N"]) for it in page["Items"]]


def got(dynamodb, table, pk, sk):
    return dynamodb.get_item(TableName=table, Key=item(pk, sk), ConsistentRead=True).get("Item")


def units(answered):
    return answered["ConsumedCapacity"]["CapacityUnits"]
