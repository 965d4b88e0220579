"""What exists of a resource, in the words in which CloudFormation's properties say it; by type, only the properties that decide
how the suite behaves.
"""

import json

# They decide nothing about how the suite runs there; docs/differences.md says so.
NOT_COMPARED = {
    "AWS::ApiGatewayV2::Api": "its routes are made afterwards, by routes.py",
    "AWS::IAM::Role": "the laptop and `cargo xtask permissions` judge policies; ministack enforces none",
    "AWS::Lambda::Permission": "who may invoke is not enforced there; that routes work shows enough",
    "AWS::SNS::Topic": "it has no property that decides anything",
}


class Existing:
    """Asks ministack."""

    def __init__(self, clients):
        self.clients = clients

    def readers(self):
        return {
            "AWS::DynamoDB::Table": self.table,
            "AWS::Lambda::Function": self.function,
            "AWS::Lambda::EventSourceMapping": self.mapping,
            "AWS::SQS::Queue": self.queue,
            "AWS::Logs::LogGroup": self.log_group,
            "AWS::CloudWatch::Alarm": self.alarm,
            "AWS::ApiGatewayV2::Stage": self.stage,
            "AWS::S3::Bucket": self.bucket,
            "AWS::Events::Rule": self.rule,
            "AWS::SecretsManager::Secret": self.secret,
        }

    def table(self, name):
        table = self.clients("dynamodb").describe_table(TableName=name)["Table"]
        keep = ("IndexName", "KeySchema", "Projection")
        indexes = [{key: index[key] for key in keep} for index in table.get("GlobalSecondaryIndexes", [])]
        view = table.get("StreamSpecification", {}).get("StreamViewType")
        return {
            "TableName": table["TableName"],
            "KeySchema": table["KeySchema"],
            "AttributeDefinitions": table["AttributeDefinitions"],
            "GlobalSecondaryIndexes": indexes,
            "BillingMode": table["BillingModeSummary"]["BillingMode"],
            "StreamSpecification": {"StreamViewType": view} if view else None,
            "DeletionProtectionEnabled": table.get("DeletionProtectionEnabled", False),
        }

    def function(self, name):
        function = self.clients("lambda").get_function_configuration(FunctionName=name)
        keep = ("FunctionName", "Handler", "Runtime", "MemorySize", "Timeout", "Architectures", "LoggingConfig", "TracingConfig")
        return {key: function[key] for key in keep} | {
            "Environment": {"Variables": function["Environment"]["Variables"]},
        }

    def mapping(self, identifier):
        mapping = self.clients("lambda").get_event_source_mapping(UUID=identifier)
        keep = (
            "EventSourceArn", "BatchSize", "MaximumBatchingWindowInSeconds", "StartingPosition", "ParallelizationFactor",
            "FunctionResponseTypes", "BisectBatchOnFunctionError", "MaximumRetryAttempts", "MaximumRecordAgeInSeconds",
            "DestinationConfig", "ScalingConfig", "FilterCriteria",
        )
        return {key: mapping.get(key) for key in keep}

    def queue(self, url):
        names = (
            "VisibilityTimeout", "MessageRetentionPeriod", "ReceiveMessageWaitTimeSeconds", "DelaySeconds", "RedrivePolicy",
            "MaximumMessageSize",
        )
        attributes = self.clients("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        queue = {name: attributes[name] for name in names if name in attributes}
        if "RedrivePolicy" in queue:
            queue["RedrivePolicy"] = json.loads(queue["RedrivePolicy"])
        return queue | {"QueueName": url.rsplit("/", 1)[-1]}

    def log_group(self, name):
        groups = self.clients("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        group = next(group for group in groups if group["logGroupName"] == name)
        return {"LogGroupName": name, "RetentionInDays": group.get("retentionInDays")}

    def alarm(self, name):
        alarm = self.clients("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"][0]
        keep = (
            "Namespace", "MetricName", "Dimensions", "Statistic", "Period", "EvaluationPeriods", "ComparisonOperator",
            "Threshold", "TreatMissingData", "AlarmActions",
        )
        return {key: alarm.get(key) for key in keep}

    def stage(self, name):
        (api,) = self.clients("apigatewayv2").get_apis()["Items"]
        stage = self.clients("apigatewayv2").get_stage(ApiId=api["ApiId"], StageName=name)
        return {"StageName": stage["StageName"], "AutoDeploy": stage.get("AutoDeploy")}

    def bucket(self, name):
        versioning = self.clients("s3").get_bucket_versioning(Bucket=name).get("Status")
        return {"VersioningConfiguration": {"Status": versioning} if versioning else None}

    def rule(self, name):
        rule = self.clients("events").describe_rule(Name=name)
        return {key: rule.get(key) for key in ("Description", "ScheduleExpression", "State")}

    def secret(self, identifier):
        secret = self.clients("secretsmanager").describe_secret(SecretId=identifier)
        return {key: secret[key] for key in ("Name", "Description")}
