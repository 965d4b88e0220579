//! The SQS queues of a template.

use std::collections::BTreeMap;

use serde_json::Value;

use super::error::TemplateError;
use super::node::Node;

/// An `AWS::SQS::Queue`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Queue {
    /// The physical name.
    pub name: String,
    /// The attributes as SQS's API has them: texts, policies as JSON.
    pub attributes: BTreeMap<String, String>,
}

const ATTRIBUTES: [&str; 7] = [
    "DelaySeconds",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds",
    "RedriveAllowPolicy",
    "RedrivePolicy",
    "VisibilityTimeout",
];

pub(super) const DONE: &[&str] = &[
    "QueueName",
    "DelaySeconds",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds",
    "RedriveAllowPolicy",
    "RedrivePolicy",
    "VisibilityTimeout",
];

pub(super) fn read(logical_id: &str, properties: &Node<'_>) -> Result<Queue, TemplateError> {
    let name = properties.get("QueueName").map_or_else(|| Ok(logical_id.to_owned()), |it| it.text())?;
    let mut attributes = BTreeMap::new();
    for attribute in ATTRIBUTES {
        if let Some(node) = properties.get(attribute) {
            let value = match node.value {
                Value::Object(policy) => Value::Object(policy.clone()).to_string(),
                _ => node.text()?,
            };
            attributes.insert(attribute.to_owned(), value);
        }
    }
    Ok(Queue { name, attributes })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::{AWS_URL, Template};

    const FIXTURE: &str = r"
Resources:
  SendFunction:
    Type: AWS::Serverless::Function
    Properties:
      Environment:
        Variables:
          URL: !Ref WorkQueue
          ARN: !GetAtt WorkQueue.Arn
          NAME: !GetAtt WorkQueue.QueueName
          UNNAMED: !Ref DeadQueue
  WorkQueue:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: !Sub '${AWS::StackName}-work'
      VisibilityTimeout: 60
      MessageRetentionPeriod: '1209600'
      KmsMasterKeyId: alias/aws/sqs
      RedrivePolicy: { deadLetterTargetArn: !GetAtt DeadQueue.Arn, maxReceiveCount: 3 }
  DeadQueue:
    Type: AWS::SQS::Queue
";

    #[test]
    fn a_queues_attributes_are_as_its_service_takes_them() {
        let template = Template::read(FIXTURE, &BTreeMap::new()).unwrap();
        let queue = |name: &str| template.queues.iter().find(|it| it.name == name).unwrap();
        let work = &queue("penstock-work").attributes;
        assert_eq!(work["VisibilityTimeout"], "60");
        assert_eq!(work["MessageRetentionPeriod"], "1209600");
        let policy: serde_json::Value = serde_json::from_str(&work["RedrivePolicy"]).unwrap();
        assert!(policy["deadLetterTargetArn"].as_str().unwrap().ends_with(":000000000000:DeadQueue"));
        assert_eq!(policy["maxReceiveCount"], 3);
        assert!(queue("DeadQueue").attributes.is_empty());
        assert!(template.not_done.iter().any(|it| it.to_string() == "WorkQueue: KmsMasterKeyId"));
    }

    #[test]
    fn a_queue_is_referred_to_by_its_url_where_the_laptops_aws_listens() {
        let given = BTreeMap::from([(AWS_URL.to_owned(), "http://127.0.0.1:7".to_owned())]);
        let template = Template::read(FIXTURE, &given).unwrap();
        let variables = &template.functions[0].environment;
        assert_eq!(variables["URL"], "http://127.0.0.1:7/000000000000/penstock-work");
        assert!(variables["ARN"].ends_with(":000000000000:penstock-work"));
        assert_eq!(variables["NAME"], "penstock-work");
        assert_eq!(variables["UNNAMED"], "http://127.0.0.1:7/000000000000/DeadQueue");
    }
}
