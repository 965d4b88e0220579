"""The stack: its code uploaded, its change set made and executed, and what then exists."""

import io
import json
import zipfile

STACK = "rehearsal"
BUCKET = "rehearsal-code"


def upload(s3, names, binaries):
    """Each function's binary as the archive that Lambda takes: one file `bootstrap`, executable."""
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": s3.meta.region_name})
    for name in names:
        s3.put_object(Bucket=BUCKET, Key=f"{name}.zip", Body=archive(binaries / name))


def archive(binary):
    entry = zipfile.ZipInfo("bootstrap")
    entry.external_attr = 0o100755 << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", compresslevel=1) as archive:
        archive.writestr(entry, binary.read_bytes(), compresslevel=1)
    return packed.getvalue()


def deploy(cloudformation, s3, template, parameters):
    """Creates the stack by change set; what the change set said it would do."""
    # Too long for a request's body (51,200 bytes), as `sam deploy` finds it too.
    s3.put_object(Bucket=BUCKET, Key="template.json", Body=json.dumps(template).encode())
    change_set = {"StackName": STACK, "ChangeSetName": "first"}
    cloudformation.create_change_set(
        **change_set,
        ChangeSetType="CREATE",
        TemplateURL=f"{s3.meta.endpoint_url}/{BUCKET}/template.json",
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    cloudformation.get_waiter("change_set_create_complete").wait(**change_set, WaiterConfig={"Delay": 1})
    described = cloudformation.describe_change_set(**change_set)
    changes = [change["ResourceChange"] for change in described["Changes"]]
    cloudformation.execute_change_set(**change_set)
    cloudformation.get_waiter("stack_create_complete").wait(StackName=STACK, WaiterConfig={"Delay": 1})
    return {change["LogicalResourceId"]: change["ResourceType"] for change in changes if change["Action"] == "Add"}


def resources(cloudformation):
    """What exists: type and physical id by logical id."""
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=STACK)
    listed = [resource for page in pages for resource in page["StackResourceSummaries"]]
    return {it["LogicalResourceId"]: (it["ResourceType"], it["PhysicalResourceId"]) for it in listed}
