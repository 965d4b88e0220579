"""S3 as the archive uses it, and what the laptop promises of it besides: versions, conditions, ranges, parts, presigned URLs."""

import hashlib
import time
import urllib.error
import urllib.request

import boto3
import pytest
from botocore.config import Config

from errors import refused

GUIDE = "https://docs.aws.amazon.com/AmazonS3/latest/userguide"
REFERENCE = "https://docs.aws.amazon.com/AmazonS3/latest/API"

put = pytest.mark.documented("PutObject", f"{REFERENCE}/API_PutObject.html")
get = pytest.mark.documented("GetObject", f"{REFERENCE}/API_GetObject.html")
head = pytest.mark.documented("HeadObject", f"{REFERENCE}/API_HeadObject.html")
listing = pytest.mark.documented("ListObjectsV2", f"{REFERENCE}/API_ListObjectsV2.html")
conditional = pytest.mark.documented("How to prevent object overwrites with conditional writes", f"{GUIDE}/conditional-writes.html")
ranges = pytest.mark.documented("Downloading objects", f"{GUIDE}/download-objects.html")
versions = pytest.mark.documented("How S3 Versioning works", f"{GUIDE}/versioning-workflows.html")
markers = pytest.mark.documented("Working with delete markers", f"{GUIDE}/DeleteMarker.html")
parts = pytest.mark.documented("Uploading and copying objects using multipart upload in Amazon S3", f"{GUIDE}/mpuoverview.html")
complete = pytest.mark.documented("CompleteMultipartUpload", f"{REFERENCE}/API_CompleteMultipartUpload.html")
presigned = pytest.mark.documented("Download and upload objects with presigned URLs", f"{GUIDE}/using-presigned-url.html")
integrity = pytest.mark.documented("Checking object integrity in Amazon S3", f"{GUIDE}/checking-object-integrity.html")
errors = pytest.mark.documented("Error responses", f"{REFERENCE}/ErrorResponses.html")
conditional_deletes = pytest.mark.documented("How to perform conditional deletes", f"{GUIDE}/conditional-deletes.html")
deletion = pytest.mark.documented("DeleteObject", f"{REFERENCE}/API_DeleteObject.html")
signing = pytest.mark.documented("Authenticating Requests (AWS Signature Version 4)", f"{REFERENCE}/sig-v4-authenticating-requests.html")

PART_BYTES_MIN = 5 * 1024 * 1024


@pytest.fixture
def s3(client):
    return client("s3")


@pytest.fixture
def bucket(s3, name):
    region = s3.meta.region_name
    # us-east-1 is where a bucket is without a constraint; it is not a constraint itself.
    place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket=name, **place)
    return name


@pytest.fixture
def versioned(s3, bucket):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return bucket


# --- Objects ---------------------------------------------------------------------------------------------------------


@put
def test_an_object_comes_back_as_it_was_put(s3, bucket):
    key = "tenant=a/day=2026-01-02/grüße ☃+%.ndjson"
    answered = s3.put_object(Bucket=bucket, Key=key, Body=b"abc", ContentType="application/x-ndjson", Metadata={"of": "me"})
    assert answered["ETag"] == f'"{hashlib.md5(b"abc", usedforsecurity=False).hexdigest()}"'
    got = s3.get_object(Bucket=bucket, Key=key)
    assert (got["Body"].read(), got["ContentType"], got["Metadata"]) == (b"abc", "application/x-ndjson", {"of": "me"})
    assert got["ETag"] == answered["ETag"]


@head
def test_a_head_has_the_length_and_no_body(s3, bucket):
    s3.put_object(Bucket=bucket, Key="a", Body=b"abc")
    assert s3.head_object(Bucket=bucket, Key="a")["ContentLength"] == 3
    with refused("404", 404):
        s3.head_object(Bucket=bucket, Key="b")


@errors
def test_what_is_not_there_is_named(s3, bucket, name):
    with refused("NoSuchKey", 404):
        s3.get_object(Bucket=bucket, Key="a")
    with refused("NoSuchBucket", 404):
        s3.get_object(Bucket=f"{name}-none", Key="a")


@deletion
def test_deleting_what_is_not_there_succeeds(s3, bucket):
    s3.delete_object(Bucket=bucket, Key="a")


@ranges
@pytest.mark.parametrize(
    ("wanted", "body", "content_range"),
    [
        ("bytes=1-3", b"123", "bytes 1-3/10"),
        ("bytes=7-", b"789", "bytes 7-9/10"),
        ("bytes=-2", b"89", "bytes 8-9/10"),
        ("bytes=8-99", b"89", "bytes 8-9/10"),
    ],
)
def test_a_part_of_an_object_is_read(s3, bucket, wanted, body, content_range):
    s3.put_object(Bucket=bucket, Key="a", Body=b"0123456789")
    got = s3.get_object(Bucket=bucket, Key="a", Range=wanted)
    assert (got["ResponseMetadata"]["HTTPStatusCode"], got["Body"].read()) == (206, body)
    assert got["ContentRange"] == content_range


@get
def test_a_range_beyond_the_end_is_refused(s3, bucket):
    s3.put_object(Bucket=bucket, Key="a", Body=b"0123456789")
    with refused("InvalidRange", 416):
        s3.get_object(Bucket=bucket, Key="a", Range="bytes=10-")


@get
def test_what_has_not_changed_is_not_sent_again(s3, bucket):
    tag = s3.put_object(Bucket=bucket, Key="a", Body=b"abc")["ETag"]
    with refused("304", 304):
        s3.get_object(Bucket=bucket, Key="a", IfNoneMatch=tag)
    with refused("PreconditionFailed", 412):
        s3.get_object(Bucket=bucket, Key="a", IfMatch='"0123"')


@listing
def test_a_list_is_in_order_by_prefix_folder_and_page(s3, bucket):
    for key in ("b/2", "a", "b/10", "b/1", "c/d/e"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    keys = lambda **more: [it["Key"] for it in s3.list_objects_v2(Bucket=bucket, **more).get("Contents", [])]
    assert keys() == ["a", "b/1", "b/10", "b/2", "c/d/e"]
    assert keys(Prefix="b/") == ["b/1", "b/10", "b/2"]
    assert keys(StartAfter="b/10") == ["b/2", "c/d/e"]
    folders = s3.list_objects_v2(Bucket=bucket, Delimiter="/")
    assert ([it["Key"] for it in folders["Contents"]], [it["Prefix"] for it in folders["CommonPrefixes"]]) == (["a"], ["b/", "c/"])
    first = s3.list_objects_v2(Bucket=bucket, MaxKeys=2)
    assert first["IsTruncated"]
    assert keys(ContinuationToken=first["NextContinuationToken"]) == ["b/10", "b/2", "c/d/e"]


@put
@pytest.mark.parametrize("algorithm", ["CRC32", "SHA256"])
@pytest.mark.differs(ministack="keeps it, and does not say so in the answer")
def test_a_checksum_is_kept_and_shown(s3, bucket, algorithm):
    answered = s3.put_object(Bucket=bucket, Key="a", Body=b"abc", ChecksumAlgorithm=algorithm)
    got = s3.head_object(Bucket=bucket, Key="a", ChecksumMode="ENABLED")
    assert got[f"Checksum{algorithm}"] == answered[f"Checksum{algorithm}"]


@integrity
def test_a_body_that_is_not_what_its_checksum_says_is_refused(s3, bucket):
    with refused("BadDigest", 400):
        s3.put_object(Bucket=bucket, Key="a", Body=b"abc", ChecksumSHA256="A" * 43 + "=")
    with refused("NoSuchKey"):
        s3.get_object(Bucket=bucket, Key="a")


# --- Conditions ------------------------------------------------------------------------------------------------------


@conditional
def test_only_the_first_of_two_puts_makes_an_object(s3, bucket):
    s3.put_object(Bucket=bucket, Key="a", Body=b"first", IfNoneMatch="*")
    with refused("PreconditionFailed", 412):
        s3.put_object(Bucket=bucket, Key="a", Body=b"second", IfNoneMatch="*")
    assert s3.get_object(Bucket=bucket, Key="a")["Body"].read() == b"first"


@conditional
def test_an_object_is_replaced_only_as_it_is(s3, bucket):
    tag = s3.put_object(Bucket=bucket, Key="a", Body=b"first")["ETag"]
    s3.put_object(Bucket=bucket, Key="a", Body=b"second", IfMatch=tag)
    with refused("PreconditionFailed", 412):
        s3.put_object(Bucket=bucket, Key="a", Body=b"third", IfMatch=tag)
    with refused("NoSuchKey", 404):
        s3.put_object(Bucket=bucket, Key="b", Body=b"x", IfMatch=tag)


# --- Versions --------------------------------------------------------------------------------------------------------


@versions
def test_every_version_is_kept_and_the_last_is_shown(s3, versioned):
    first, second = (s3.put_object(Bucket=versioned, Key="a", Body=body)["VersionId"] for body in (b"1", b"2"))
    read = lambda **more: s3.get_object(Bucket=versioned, Key="a", **more)["Body"].read()
    assert (read(), read(VersionId=first), read(VersionId=second)) == (b"2", b"1", b"2")
    listed = s3.list_object_versions(Bucket=versioned)["Versions"]
    assert [(it["VersionId"], it["IsLatest"]) for it in listed] == [(second, True), (first, False)]


@markers
def test_a_deletion_is_a_marker_that_can_be_taken_away(s3, versioned):
    s3.put_object(Bucket=versioned, Key="a", Body=b"1")
    deleted = s3.delete_object(Bucket=versioned, Key="a")
    assert deleted["DeleteMarker"]
    with refused("NoSuchKey", 404):
        s3.get_object(Bucket=versioned, Key="a")
    s3.delete_object(Bucket=versioned, Key="a", VersionId=deleted["VersionId"])
    assert s3.get_object(Bucket=versioned, Key="a")["Body"].read() == b"1"


@conditional_deletes
def test_the_deletion_of_a_version_is_conditional_on_the_current_one(s3, versioned):
    first = s3.put_object(Bucket=versioned, Key="a", Body=b"1")
    second = s3.put_object(Bucket=versioned, Key="a", Body=b"2")
    delete = lambda etag: s3.delete_object(Bucket=versioned, Key="a", VersionId=first["VersionId"], IfMatch=etag)
    with refused("PreconditionFailed", 412):
        delete(first["ETag"])
    delete(second["ETag"])
    with refused("NoSuchVersion", 404):
        s3.get_object(Bucket=versioned, Key="a", VersionId=first["VersionId"])


@conditional
def test_a_deleted_object_can_be_made_anew(s3, versioned):
    for _ in range(2):
        s3.put_object(Bucket=versioned, Key="a", Body=b"1", IfNoneMatch="*")
        s3.delete_object(Bucket=versioned, Key="a")


# --- Parts -----------------------------------------------------------------------------------------------------------


@parts
def test_parts_become_one_object_in_the_order_of_their_numbers(s3, bucket):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="a")["UploadId"]
    bodies = {1: b"1" * PART_BYTES_MIN, 2: b"2"}
    tags = {number: s3.upload_part(Bucket=bucket, Key="a", UploadId=upload, PartNumber=number, Body=bodies[number])["ETag"] for number in (2, 1)}
    with refused("NoSuchKey"):
        s3.get_object(Bucket=bucket, Key="a")
    done = finish(s3, bucket, upload, tags)
    digest = b"".join(hashlib.md5(body, usedforsecurity=False).digest() for body in bodies.values())
    assert done["ETag"] == f'"{hashlib.md5(digest, usedforsecurity=False).hexdigest()}-2"'
    assert s3.get_object(Bucket=bucket, Key="a", Range="bytes=-2")["Body"].read() == b"12"


@complete
@pytest.mark.differs(ministack="takes small parts")
def test_only_the_last_part_may_be_small(s3, bucket):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="a")["UploadId"]
    tags = {number: s3.upload_part(Bucket=bucket, Key="a", UploadId=upload, PartNumber=number, Body=b"x")["ETag"] for number in (1, 2)}
    with refused("EntityTooSmall", 400):
        finish(s3, bucket, upload, tags)


@complete
def test_only_parts_that_were_uploaded_are_put_together(s3, bucket):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="a")["UploadId"]
    with refused("InvalidPart", 400):
        finish(s3, bucket, upload, {1: '"0123456789abcdef0123456789abcdef"'})
    s3.abort_multipart_upload(Bucket=bucket, Key="a", UploadId=upload)
    with refused("NoSuchUpload", 404):
        s3.upload_part(Bucket=bucket, Key="a", UploadId=upload, PartNumber=1, Body=b"x")


# --- Signatures ------------------------------------------------------------------------------------------------------


@presigned
def test_who_has_a_presigned_url_may_do_what_it_says(s3, bucket):
    parameters = {"Bucket": bucket, "Key": "a"}
    assert visit(s3.generate_presigned_url("put_object", parameters), "PUT", b"abc") == (200, b"")
    url = s3.generate_presigned_url("get_object", parameters)
    assert visit(url) == (200, b"abc")
    assert visit(url.replace("/a?", "/b?"))[0] == 403
    assert visit(url, "DELETE")[0] == 403


@presigned
def test_a_presigned_url_expires(s3, bucket):
    url = s3.generate_presigned_url("list_objects_v2", {"Bucket": bucket}, ExpiresIn=1)
    status, body = visit(url)
    assert status == 200, body
    time.sleep(2.1)
    status, body = visit(url)
    assert (status, b"AccessDenied" in body) == (403, True)


@signing
@pytest.mark.differs(ministack="verifies signatures of presigned URLs only")
def test_a_forged_request_is_refused(s3, bucket):
    forger = boto3.client(
        "s3",
        endpoint_url=s3.meta.endpoint_url,
        aws_access_key_id="test",
        aws_secret_access_key="guessed",
        config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
    )
    with refused("SignatureDoesNotMatch", 403):
        forger.list_objects_v2(Bucket=bucket)


# --- Words -----------------------------------------------------------------------------------------------------------


def finish(s3, bucket, upload, tags):
    wanted = [{"PartNumber": number, "ETag": tags[number]} for number in sorted(tags)]
    return s3.complete_multipart_upload(Bucket=bucket, Key="a", UploadId=upload, MultipartUpload={"Parts": wanted})


def visit(url, method="GET", body=None):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data=body, method=method)) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read()
