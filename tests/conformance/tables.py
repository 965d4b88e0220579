"""Tables that stand while a case runs."""

from contextlib import contextmanager


@contextmanager
def standing(dynamodb, name, sort, attributes=(), **more):
    """A table with a text `pk` and an `sk` of that type (S, N); `more` is what else CreateTable is told."""
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[attribute("pk", "S"), attribute("sk", sort), *attributes],
        KeySchema=[key("pk", "HASH"), key("sk", "RANGE")],
        **more,
    )
    dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
    yield name
    dynamodb.delete_table(TableName=name)


def attribute(name, kind):
    return {"AttributeName": name, "AttributeType": kind}


def key(name, kind):
    return {"AttributeName": name, "KeyType": kind}
