"""Rehearses the deployment of template.yaml: `python tests/conformance/rehearsal target/debug`, from the repository's root.

The argument is the folder with the functions' binaries, built for this machine.
"""

import functools
import os
import sys
import tempfile
import time
from pathlib import Path

import boto3

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import ministack  # noqa: E402
from rehearsal import comparison, deployment, order, routes, template  # noqa: E402
from rehearsal.existing import Existing  # noqa: E402
from rehearsal.issuer import Issuer  # noqa: E402
from rehearsal.values import Values  # noqa: E402

AUDIENCE = "penstock"
ACCOUNT = "000000000000"


def main(binaries):
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as folder:
        issuer = Issuer(Path(folder))
        # ministack's own trust is Python's: the issuer's certificate is all it needs to know.
        with issuer.served(), ministack.running(SSL_CERT_FILE=str(issuer.certificate_file)) as url:
            rehearse(url, issuer, binaries)


def rehearse(url, issuer, binaries):
    os.environ.update(ministack.client_environment(url))
    clients = functools.cache(boto3.client)
    text = Path("template.yaml").read_text()
    parameters = {
        "Environment": "dev",
        "JwtIssuer": issuer.url,
        "JwtAudience": AUDIENCE,
        # There is no payment provider and no carrier here.
        "Checkout": "paused",
        "CarrierUrl": "https://carrier.example.com",
        "SmtpUrl": "smtps://mail.example.com",
        "MailFrom": "orders@shop.example.com",
    }
    packaged = template.packaged(text, deployment.BUCKET)
    functions = [template.folder(function) for function in template.functions(packaged).values()]

    step(f"uploads {len(functions)} functions", deployment.upload, clients("s3"), functions, binaries)
    expanded = template.expanded(packaged, dict(parameters), ministack.REGION)
    announced = step("deploys by change set", deployment.deploy, clients("cloudformation"), clients("s3"), expanded, parameters)
    made = deployment.resources(clients("cloudformation"))
    values = Values(expanded, parameters, pseudo(), {name: it for name, (_, it) in made.items()}, attributes(clients, made))
    differ = comparison.resources(expanded, made, announced)
    differ += step("compares properties", comparison.properties, expanded, made, values, Existing(clients).readers())
    if differ:
        raise SystemExit("\n".join(differ))

    api = made["HttpApi"][1]
    keys = step("makes the routes", routes.make, clients("apigatewayv2"), api, values.of(expanded["Resources"]["HttpApi"]["Properties"]["Body"]))
    endpoint = f"{url}/_aws/execute-api/{api}/$default"
    placed = step("places an order", order.place, endpoint, issuer.token(AUDIENCE, "rehearsal"))
    events = step("finds it in the archive", order.archived, clients("s3"), made["ArchiveBucket"][1], placed)
    print(f"   {len(made)} resources as the template says, {len(keys)} routes; order {placed['orderId']} came out, with {events}")


def pseudo():
    return {"AWS::StackName": deployment.STACK, "AWS::Region": ministack.REGION, "AWS::AccountId": ACCOUNT, "AWS::Partition": "aws", "AWS::URLSuffix": "amazonaws.com"}


def attributes(clients, made):
    """GetAtt, for the types and attributes that the template asks for."""
    def arn(service, resource):
        return f"arn:aws:{service}:{ministack.REGION}:{ACCOUNT}:{resource}"

    def attribute(logical_id, name):
        kind, identifier = made[logical_id]
        match kind, name:
            case "AWS::DynamoDB::Table", "StreamArn":
                return clients("dynamodb").describe_table(TableName=identifier)["Table"]["LatestStreamArn"]
            case "AWS::DynamoDB::Table", "Arn":
                return arn("dynamodb", f"table/{identifier}")
            case "AWS::Lambda::Function", "Arn":
                return arn("lambda", f"function:{identifier}")
            case "AWS::SQS::Queue", "Arn":
                return arn("sqs", identifier.rsplit("/", 1)[-1])
            case "AWS::SQS::Queue", "QueueName":
                return identifier.rsplit("/", 1)[-1]
            case "AWS::Logs::LogGroup", "Arn":
                return arn("logs", f"log-group:{identifier}:*")
            case "AWS::IAM::Role", "Arn":
                return f"arn:aws:iam::{ACCOUNT}:role/{identifier}"
            case "AWS::S3::Bucket", "Arn":
                return f"arn:aws:s3:::{identifier}"
        raise SystemExit(f"the rehearsal does not know {name} of {kind}; teach it in __main__.py")

    return attribute


def step(what, function, *arguments):
    started = time.monotonic()
    result = function(*arguments)
    print(f"   {time.monotonic() - started:6.1f} s  {what}", flush=True)
    return result


if __name__ == "__main__":
    main(Path(sys.argv[1]))
