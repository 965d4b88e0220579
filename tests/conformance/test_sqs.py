"""SQS as the relay and its subscribers use it."""

import hashlib
import json
import threading
import time

import pytest

from errors import refused

GUIDE = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide"
REFERENCE = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference"

send = pytest.mark.documented("SendMessage", f"{REFERENCE}/API_SendMessage.html")
send_batch = pytest.mark.documented("SendMessageBatch", f"{REFERENCE}/API_SendMessageBatch.html")
receive = pytest.mark.documented("ReceiveMessage", f"{REFERENCE}/API_ReceiveMessage.html")
delete = pytest.mark.documented("DeleteMessage", f"{REFERENCE}/API_DeleteMessage.html")
delete_batch = pytest.mark.documented("DeleteMessageBatch", f"{REFERENCE}/API_DeleteMessageBatch.html")
change = pytest.mark.documented("ChangeMessageVisibility", f"{REFERENCE}/API_ChangeMessageVisibility.html")
create = pytest.mark.documented("CreateQueue", f"{REFERENCE}/API_CreateQueue.html")
attributes_page = pytest.mark.documented("GetQueueAttributes", f"{REFERENCE}/API_GetQueueAttributes.html")
purge = pytest.mark.documented("PurgeQueue", f"{REFERENCE}/API_PurgeQueue.html")
move = pytest.mark.documented("StartMessageMoveTask", f"{REFERENCE}/API_StartMessageMoveTask.html")
visibility = pytest.mark.documented("Amazon SQS visibility timeout", f"{GUIDE}/sqs-visibility-timeout.html")
delay_page = pytest.mark.documented("Amazon SQS message timers", f"{GUIDE}/sqs-message-timers.html")
delay_queue = pytest.mark.documented("Amazon SQS delay queues", f"{GUIDE}/sqs-delay-queues.html")
polling = pytest.mark.documented("Amazon SQS short and long polling", f"{GUIDE}/sqs-short-and-long-polling.html")
dead_letters = pytest.mark.documented("Using dead-letter queues in Amazon SQS", f"{GUIDE}/sqs-dead-letter-queues.html")
metadata = pytest.mark.documented("Amazon SQS message metadata", f"{GUIDE}/sqs-message-metadata.html")
get_url = pytest.mark.documented("GetQueueUrl", f"{REFERENCE}/API_GetQueueUrl.html")

TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"


@pytest.fixture
def sqs(client):
    return client("sqs")


@pytest.fixture
def queue(sqs, name):
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    yield url
    sqs.delete_queue(QueueUrl=url)


# --- Sending ---------------------------------------------------------------------------------------------------------


@send
def test_a_message_comes_as_it_was_sent_with_its_digest(sqs, queue):
    body = "{\"grüße\": \"☃ 😀\"}"
    sent = sqs.send_message(QueueUrl=queue, MessageBody=body)
    assert sent["MD5OfMessageBody"] == md5(body)
    (message,) = take(sqs, queue)
    assert (message["MessageId"], message["Body"], message["MD5OfBody"]) == (sent["MessageId"], body, md5(body))


@send
@pytest.mark.parametrize("body", ["", "\u0001"], ids=["empty", "not XML"])
def test_a_body_must_be_some_text_that_xml_takes(sqs, queue, body):
    with refused("InvalidMessageContents" if body else "MissingParameter", 400):
        sqs.send_message(QueueUrl=queue, MessageBody=body)


@send
def test_a_message_is_at_most_a_mebibyte(sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="x" * 1_048_576)
    with refused("InvalidParameterValue", 400):
        sqs.send_message(QueueUrl=queue, MessageBody="x" * 1_048_577)


@metadata
def test_attributes_come_when_they_are_asked_for(sqs, queue):
    attributes = {
        "kind": {"DataType": "String", "StringValue": "placed"},
        "count": {"DataType": "Number", "StringValue": "7"},
        "raw": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
    }
    sent = sqs.send_message(QueueUrl=queue, MessageBody="x", MessageAttributes=attributes)
    assert "MD5OfMessageAttributes" in sent
    (bare,) = take(sqs, queue, VisibilityTimeout=0)
    assert "MessageAttributes" not in bare
    (message,) = take(sqs, queue, MessageAttributeNames=["All"])
    assert message["MessageAttributes"] == attributes
    assert message["MD5OfMessageAttributes"] == sent["MD5OfMessageAttributes"]


@metadata
def test_a_trace_header_goes_along(sqs, queue):
    header = {"AWSTraceHeader": {"DataType": "String", "StringValue": TRACE}}
    sqs.send_message(QueueUrl=queue, MessageBody="x", MessageSystemAttributes=header)
    (message,) = take(sqs, queue, MessageSystemAttributeNames=["AWSTraceHeader"])
    assert message["Attributes"]["AWSTraceHeader"] == TRACE


@delay_page
def test_a_delayed_message_is_not_there_before_its_time(sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="x", DelaySeconds=1)
    assert take(sqs, queue) == []
    assert counts(sqs, queue) == {"": "0", "NotVisible": "0", "Delayed": "1"}
    assert len(take(sqs, queue, WaitTimeSeconds=3)) == 1


@delay_page
@pytest.mark.differs(ministack="takes any delay")
def test_each_message_of_a_batch_has_its_own_delay(sqs, queue):
    delays = {"now": 0, "soon": 1, "late": 900, "never": 901}
    entries = [{"Id": it, "MessageBody": it, "DelaySeconds": delay} for it, delay in delays.items()]
    answered = sqs.send_message_batch(QueueUrl=queue, Entries=entries)
    assert [it["Id"] for it in answered["Successful"]] == ["now", "soon", "late"]
    assert [(it["Id"], it["Code"]) for it in answered["Failed"]] == [("never", "InvalidParameterValue")]
    assert [it["Body"] for it in take(sqs, queue, MaxNumberOfMessages=10)] == ["now"]
    assert [it["Body"] for it in take(sqs, queue, MaxNumberOfMessages=10, WaitTimeSeconds=3)] == ["soon"]


@delay_queue
def test_a_queues_delay_is_that_of_messages_without_their_own(sqs, name):
    url = sqs.create_queue(QueueName=name, Attributes={"DelaySeconds": "60"})["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="later")
    sqs.send_message(QueueUrl=url, MessageBody="now", DelaySeconds=0)
    assert [message["Body"] for message in take(sqs, url)] == ["now"]
    sqs.delete_queue(QueueUrl=url)


@send_batch
@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ([], "EmptyBatchRequest"),
        ([{"Id": str(it), "MessageBody": "x"} for it in range(11)], "TooManyEntriesInBatchRequest"),
        ([{"Id": "a", "MessageBody": "x"}] * 2, "BatchEntryIdsNotDistinct"),
        ([{"Id": "a b", "MessageBody": "x"}], "InvalidBatchEntryId"),
        ([{"Id": str(it), "MessageBody": "x" * 600_000} for it in range(2)], "BatchRequestTooLong"),
    ],
    ids=["empty", "eleven", "an id twice", "no id", "too long"],
)
def test_a_batch_has_its_limits(sqs, queue, entries, code):
    with refused(f"AWS.SimpleQueueService.{code}", 400):
        sqs.send_message_batch(QueueUrl=queue, Entries=entries)


@send_batch
def test_of_a_batch_what_is_wrong_fails_alone(sqs, queue):
    entries = [{"Id": "good", "MessageBody": "x"}, {"Id": "bad", "MessageBody": "\u0001"}]
    answered = sqs.send_message_batch(QueueUrl=queue, Entries=entries)
    assert [it["Id"] for it in answered["Successful"]] == ["good"]
    (failed,) = answered["Failed"]
    assert (failed["Id"], failed["Code"], failed["SenderFault"]) == ("bad", "InvalidMessageContents", True)


# --- Receiving -------------------------------------------------------------------------------------------------------


@receive
def test_a_received_message_says_when_and_how_often(sqs, queue):
    before = int(time.time() * 1000) - 1
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    take(sqs, queue, VisibilityTimeout=0)
    (message,) = take(sqs, queue, MessageSystemAttributeNames=["All"])
    attributes = message["Attributes"]
    assert attributes["ApproximateReceiveCount"] == "2"
    assert before <= int(attributes["SentTimestamp"]) <= int(attributes["ApproximateFirstReceiveTimestamp"])


@receive
@pytest.mark.parametrize("wrong", [0, 11])
def test_one_to_ten_are_received_at_once(sqs, queue, wrong):
    with refused("InvalidParameterValue", 400):
        take(sqs, queue, MaxNumberOfMessages=wrong)


@polling
def test_a_long_poll_wakes_when_something_comes(sqs, queue):
    def later():
        time.sleep(0.5)
        sqs.send_message(QueueUrl=queue, MessageBody="x")

    sender = threading.Thread(target=later)
    started = time.monotonic()
    sender.start()
    taken = take(sqs, queue, WaitTimeSeconds=10)
    sender.join()
    assert len(taken) == 1
    assert 0.4 < time.monotonic() - started < 2


@polling
def test_a_long_poll_ends_empty_after_its_time(sqs, queue):
    started = time.monotonic()
    assert take(sqs, queue, WaitTimeSeconds=1) == []
    assert 0.9 < time.monotonic() - started < 3


# --- In flight -------------------------------------------------------------------------------------------------------


@visibility
def test_a_received_message_is_hidden_until_its_timeout(sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    assert len(take(sqs, queue, VisibilityTimeout=1)) == 1
    assert take(sqs, queue) == []
    assert counts(sqs, queue) == {"": "0", "NotVisible": "1", "Delayed": "0"}
    assert len(take(sqs, queue, WaitTimeSeconds=3)) == 1


@change
def test_a_timeout_of_zero_gives_a_message_back_at_once(sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    (message,) = take(sqs, queue, VisibilityTimeout=60)
    sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
    assert len(take(sqs, queue)) == 1


@change
@pytest.mark.differs(ministack="changes it")
def test_what_is_not_in_flight_has_no_timeout_to_change(sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    (message,) = take(sqs, queue, VisibilityTimeout=0)
    with refused("AWS.SimpleQueueService.MessageNotInflight", 400):
        sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=9)


@change
@pytest.mark.differs(ministack="takes any")
def test_a_timeout_is_at_most_twelve_hours(sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    (message,) = take(sqs, queue)
    with refused("InvalidParameterValue", 400):
        sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=43_201)


@delete
@pytest.mark.differs(ministack="refuses the second deletion")
def test_a_deleted_message_is_gone_and_deleting_it_again_succeeds(sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    (message,) = take(sqs, queue)
    for _ in range(2):
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    assert counts(sqs, queue) == {"": "0", "NotVisible": "0", "Delayed": "0"}


@delete
def test_no_receipt_handle_is_refused(sqs, queue):
    with refused("ReceiptHandleIsInvalid", 400):
        sqs.delete_message(QueueUrl=queue, ReceiptHandle="nonsense")


@delete_batch
def test_of_a_batch_of_deletions_what_is_wrong_fails_alone(sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    (message,) = take(sqs, queue)
    entries = [{"Id": "good", "ReceiptHandle": message["ReceiptHandle"]}, {"Id": "bad", "ReceiptHandle": "nonsense"}]
    answered = sqs.delete_message_batch(QueueUrl=queue, Entries=entries)
    assert [it["Id"] for it in answered["Successful"]] == ["good"]
    assert [(it["Id"], it["Code"]) for it in answered["Failed"]] == [("bad", "ReceiptHandleIsInvalid")]


# --- Dead letters ----------------------------------------------------------------------------------------------------


@dead_letters
def test_a_message_received_too_often_becomes_a_dead_letter(sqs, queue, name):
    source, dead = with_dead_letters(sqs, queue, name, 2)
    sqs.send_message(QueueUrl=source, MessageBody="poison")
    for _ in range(2):
        assert len(take(sqs, source, VisibilityTimeout=0)) == 1
    assert take(sqs, source) == []
    (message,) = take(sqs, dead, WaitTimeSeconds=2, MessageSystemAttributeNames=["All"])
    assert message["Body"] == "poison"
    assert message["Attributes"]["DeadLetterQueueSourceArn"] == arn(sqs, source)
    sqs.delete_queue(QueueUrl=source)


@move
@pytest.mark.differs(ministack="has no move tasks")
def test_dead_letters_are_moved_back_to_where_they_came_from(sqs, queue, name):
    source, dead = with_dead_letters(sqs, queue, name, 1)
    for number in range(3):
        sqs.send_message(QueueUrl=source, MessageBody=str(number))
    while take(sqs, source, MaxNumberOfMessages=10, VisibilityTimeout=0):
        pass
    assert counts(sqs, dead)[""] == "3"
    assert sqs.start_message_move_task(SourceArn=arn(sqs, dead))["TaskHandle"]
    bodies = set()
    until = time.monotonic() + 15
    while len(bodies) < 3 and time.monotonic() < until:
        bodies |= {message["Body"] for message in take(sqs, source, MaxNumberOfMessages=10, WaitTimeSeconds=1, VisibilityTimeout=30)}
    assert bodies == {"0", "1", "2"}
    assert counts(sqs, dead)[""] == "0"
    (task,) = sqs.list_message_move_tasks(SourceArn=arn(sqs, dead))["Results"]
    assert (task["Status"], task["ApproximateNumberOfMessagesMoved"]) == ("COMPLETED", 3)
    sqs.delete_queue(QueueUrl=source)


@move
@pytest.mark.differs(ministack="has no move tasks")
def test_only_dead_letters_are_moved(sqs, queue):
    with refused("InvalidParameterValue", 400):
        sqs.start_message_move_task(SourceArn=arn(sqs, queue))


@move
@pytest.mark.differs(ministack="has no move tasks")
def test_a_message_sent_straight_to_a_dead_letter_queue_goes_where_it_is_told(sqs, queue, name):
    source, dead = with_dead_letters(sqs, queue, name, 1)
    reason = {"reason": {"DataType": "String", "StringValue": "poison"}}
    sqs.send_message(QueueUrl=dead, MessageBody="x", MessageAttributes=reason)
    sqs.start_message_move_task(SourceArn=arn(sqs, dead), DestinationArn=arn(sqs, source))
    (message,) = take(sqs, source, WaitTimeSeconds=10, MessageAttributeNames=["All"])
    assert (message["Body"], message["MessageAttributes"]) == ("x", reason)
    sqs.delete_queue(QueueUrl=source)


# --- Queues ----------------------------------------------------------------------------------------------------------


@create
def test_a_queue_is_made_again_only_as_it_is(sqs, name):
    make = lambda seconds: sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": seconds})["QueueUrl"]
    url = make("7")
    assert make("7") == url
    with refused("QueueAlreadyExists", 400):
        make("8")
    sqs.delete_queue(QueueUrl=url)


@get_url
def test_a_queue_that_is_not_there_is_said_not_to_be(sqs, name):
    with refused("AWS.SimpleQueueService.NonExistentQueue", 400):
        sqs.get_queue_url(QueueName=name)


@attributes_page
def test_a_queue_has_the_documented_defaults(sqs, queue):
    attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    defaults = {
        "VisibilityTimeout": "30",
        "MessageRetentionPeriod": "345600",
        "DelaySeconds": "0",
        "ReceiveMessageWaitTimeSeconds": "0",
        "MaximumMessageSize": "1048576",
    }
    assert {name: attributes.get(name) for name in defaults} == defaults


@purge
def test_a_purged_queue_is_empty(sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    sqs.purge_queue(QueueUrl=queue)
    assert take(sqs, queue) == []


# --- Words -----------------------------------------------------------------------------------------------------------


def take(sqs, queue, **more):
    return sqs.receive_message(QueueUrl=queue, **more).get("Messages", [])


def arn(sqs, queue):
    return sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def counts(sqs, queue):
    names = {kind: f"ApproximateNumberOfMessages{kind}" for kind in ("", "NotVisible", "Delayed")}
    attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=list(names.values()))["Attributes"]
    return {kind: attributes[name] for kind, name in names.items()}


def with_dead_letters(sqs, dead, name, receives_max):
    policy = json.dumps({"deadLetterTargetArn": arn(sqs, dead), "maxReceiveCount": receives_max})
    source = sqs.create_queue(QueueName=f"{name}-source", Attributes={"RedrivePolicy": policy})["QueueUrl"]
    return source, dead


def md5(text):
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
