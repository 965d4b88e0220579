//! SAM's policy templates, as SAM writes them out; those that a function of ours may come to need.
//!
//! Source: `policy_templates.json` of `aws-sam-translator`.

use super::error::TemplateError;
use super::node::Node;
use super::policies::{Scope, Statement};
use super::resolve::{ACCOUNT, REGION};

/// Managed policies about nothing that runs here: logs and traces.
pub(super) const NO_EFFECT: &[&str] =
    &["AWSLambdaBasicExecutionRole", "AWSXrayWriteOnlyAccess", "AWSXRayDaemonWriteAccess"];

/// A policy template with one parameter, for which `{}` stands in its resources.
struct PolicyTemplate {
    name: &'static str,
    parameter: &'static str,
    actions: &'static [&'static str],
    resources: &'static [&'static str],
}

const TABLE_AND_INDEXES: &[&str] =
    &["arn:aws:dynamodb:{region}:table/{}", "arn:aws:dynamodb:{region}:table/{}/index/*"];
const QUEUE: &[&str] = &["arn:aws:sqs:{region}:{}"];
const BUCKET_AND_OBJECTS: &[&str] = &["arn:aws:s3:::{}", "arn:aws:s3:::{}/*"];

const TEMPLATES: &[PolicyTemplate] = &[
    PolicyTemplate {
        name: "DynamoDBReadPolicy",
        parameter: "TableName",
        actions: &[
            "dynamodb:GetItem",
            "dynamodb:Scan",
            "dynamodb:Query",
            "dynamodb:BatchGetItem",
            "dynamodb:DescribeTable",
        ],
        resources: TABLE_AND_INDEXES,
    },
    PolicyTemplate {
        name: "DynamoDBWritePolicy",
        parameter: "TableName",
        actions: &["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:BatchWriteItem"],
        resources: TABLE_AND_INDEXES,
    },
    PolicyTemplate {
        name: "DynamoDBCrudPolicy",
        parameter: "TableName",
        actions: &[
            "dynamodb:GetItem",
            "dynamodb:DeleteItem",
            "dynamodb:PutItem",
            "dynamodb:Scan",
            "dynamodb:Query",
            "dynamodb:UpdateItem",
            "dynamodb:BatchWriteItem",
            "dynamodb:BatchGetItem",
            "dynamodb:DescribeTable",
            "dynamodb:ConditionCheckItem",
        ],
        resources: TABLE_AND_INDEXES,
    },
    PolicyTemplate {
        name: "SQSSendMessagePolicy",
        parameter: "QueueName",
        actions: &["sqs:SendMessage*"],
        resources: QUEUE,
    },
    PolicyTemplate {
        name: "SQSPollerPolicy",
        parameter: "QueueName",
        actions: &[
            "sqs:ChangeMessageVisibility",
            "sqs:ChangeMessageVisibilityBatch",
            "sqs:DeleteMessage",
            "sqs:DeleteMessageBatch",
            "sqs:GetQueueAttributes",
            "sqs:ReceiveMessage",
        ],
        resources: QUEUE,
    },
    PolicyTemplate {
        name: "S3ReadPolicy",
        parameter: "BucketName",
        actions: &[
            "s3:GetObject",
            "s3:ListBucket",
            "s3:GetBucketLocation",
            "s3:GetObjectVersion",
            "s3:GetLifecycleConfiguration",
        ],
        resources: BUCKET_AND_OBJECTS,
    },
    PolicyTemplate {
        name: "S3WritePolicy",
        parameter: "BucketName",
        actions: &["s3:PutObject", "s3:PutObjectAcl", "s3:PutLifecycleConfiguration"],
        resources: BUCKET_AND_OBJECTS,
    },
    PolicyTemplate {
        name: "S3CrudPolicy",
        parameter: "BucketName",
        actions: &[
            "s3:GetObject",
            "s3:ListBucket",
            "s3:GetBucketLocation",
            "s3:GetObjectVersion",
            "s3:PutObject",
            "s3:PutObjectAcl",
            "s3:GetLifecycleConfiguration",
            "s3:PutLifecycleConfiguration",
            "s3:DeleteObject",
        ],
        resources: BUCKET_AND_OBJECTS,
    },
    PolicyTemplate {
        name: "AWSSecretsManagerGetSecretValuePolicy",
        parameter: "SecretArn",
        actions: &["secretsmanager:GetSecretValue"],
        resources: &["{}"],
    },
];

/// The managed policy that SAM adds to a function with such an event.
///
/// Sources: `AWSLambdaSQSQueueExecutionRole` and `AWSLambdaDynamoDBExecutionRole`, AWS Managed Policy Reference Guide.
pub(super) fn of_event(kind: &str) -> Option<Statement> {
    let actions: &[&str] = match kind {
        "SQS" => &["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
        "DynamoDB" => &[
            "dynamodb:DescribeStream",
            "dynamodb:GetRecords",
            "dynamodb:GetShardIterator",
            "dynamodb:ListStreams",
        ],
        _ => return None,
    };
    Some(Statement {
        allows: true,
        actions: Scope::In(actions.iter().map(|it| (*it).to_owned()).collect()),
        resources: Scope::In(vec!["*".to_owned()]),
        conditions: vec![],
    })
}

/// The statements of `{DynamoDBReadPolicy: {TableName: …}}` and its like.
pub(super) fn expand(policy: &Node<'_>) -> Result<Vec<Statement>, TemplateError> {
    let mut statements = Vec::new();
    for (name, given) in policy.members() {
        let known = TEMPLATES.iter().find(|it| it.name == name.as_str());
        let known = known.ok_or_else(|| policy.wrong("a policy that is understood here"))?;
        statements.push(written_out(known, &given.need(known.parameter)?.text()?));
    }
    Ok(statements)
}

fn written_out(known: &PolicyTemplate, given: &str) -> Statement {
    let place = format!("{REGION}:{ACCOUNT}");
    let resource = |pattern: &&str| pattern.replace("{region}", &place).replace("{}", given);
    Statement {
        allows: true,
        actions: Scope::In(known.actions.iter().map(|it| (*it).to_owned()).collect()),
        resources: Scope::In(known.resources.iter().map(resource).collect()),
        conditions: vec![],
    }
}
