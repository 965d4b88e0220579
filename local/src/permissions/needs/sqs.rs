//! SQS's calls: by queue; a batch needs the action of its single call.

use serde_json::Value;

use super::{Need, json};
use crate::aws::service::ServiceRequest;
use crate::aws::sqs::queue_name;
use crate::template::{ACCOUNT, REGION};

pub(super) fn needs(request: &ServiceRequest) -> Vec<Need> {
    let body = json(request);
    let operation = request.operation.as_str();
    let action = format!("sqs:{}", operation.strip_suffix("Batch").unwrap_or(operation));
    match operation {
        "StartMessageMoveTask" => {
            let source = arn(queue_name(text(&body["SourceArn"])));
            let mut needs: Vec<_> = [
                "sqs:StartMessageMoveTask",
                "sqs:ReceiveMessage",
                "sqs:DeleteMessage",
                "sqs:GetQueueAttributes",
            ]
            .map(|it| Need::new(it, source.as_str()))
            .into();
            needs.extend(
                body["DestinationArn"].as_str().map(|it| Need::new("sqs:SendMessage", arn(queue_name(it)))),
            );
            needs
        }
        "ListMessageMoveTasks" => {
            vec![Need::new(action, arn(queue_name(text(&body["SourceArn"]))))]
        }
        "ListQueues" | "CancelMessageMoveTask" => vec![Need::new(action, arn("*"))],
        // Each by the member that SQS itself reads; the other says nothing.
        "CreateQueue" | "GetQueueUrl" => vec![Need::new(action, arn(text(&body["QueueName"])))],
        _ => vec![Need::new(action, arn(queue_name(text(&body["QueueUrl"]))))],
    }
}

fn arn(queue: &str) -> String {
    format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
