//! Consumers' queues have what they need.

use penstock_tests::guards::consumers::{lacking, queues};
use penstock_tests::guards::template::Template;
use penstock_tests::guards::tree;

#[test]
fn every_consumers_queue_has_all_that_it_needs() {
    let template = Template::parse(&tree::text("template.yaml"));
    assert!(queues(&template).contains(&"archive-events".to_owned()));
    assert_eq!(lacking(&template), [""; 0]);
}

#[test]
fn what_a_queue_lacks_is_reported() {
    assert_eq!(lacking(&Template::parse(GOOD)), [""; 0]);
    for (good, planted, fault) in [
        (
            "maxReceiveCount: 5",
            "maxReceiveCount: 1",
            "WorkQueue hands a message out another number of times than 5",
        ),
        ("ReportBatchItemFailures", "Other", "WorkQueue has a mapping that does not report partial failures"),
        ("MaximumConcurrency", "Other", "WorkQueue has a mapping that takes any number of batches at once"),
        ("!GetAtt WorkQueue.Arn", "!GetAtt OtherQueue.Arn", "WorkQueue has no mapping"),
        (
            "ApproximateAgeOfOldestMessage",
            "NumberOfMessagesSent",
            "WorkQueue has no alarm on ApproximateAgeOfOldestMessage of WorkQueue",
        ),
        (
            "ApproximateNumberOfMessagesVisible",
            "NumberOfMessagesSent",
            "WorkQueue has no alarm on ApproximateNumberOfMessagesVisible of WorkDeadLetterQueue",
        ),
        ("MetricName: LetterAge", "MetricName: Letters", "WorkQueue has no alarm on LetterAge of do-work"),
        ("Value: do-work", "Value: do-other", "WorkQueue has no alarm on LetterAge of do-work"),
        ("Period: 900", "Period: 60", "WorkQueue has no alarm on LetterAge of do-work"),
        (
            "VisibilityTimeout: 60",
            "VisibilityTimeout: 59",
            "WorkQueue shows a message again after 59 s; its function may take 10 s",
        ),
        ("!GetAtt WorkDeadLetterQueue.Arn", "other", "WorkQueue has no dead-letter queue"),
        ("WORK_QUEUE:", "OTHER_QUEUE:", "WorkQueue is not WORK_QUEUE of ListDeadLettersFunction"),
    ] {
        assert!(GOOD.contains(good), "{good}");
        let faults = lacking(&Template::parse(&GOOD.replacen(good, planted, 1)));
        assert!(faults.contains(&fault.to_owned()), "{fault}: {faults:?}");
    }
}

#[test]
fn a_queue_that_is_consumed_without_dead_letters_is_reported() {
    let (before, rest) = GOOD.split_once("      RedrivePolicy:\n").unwrap();
    let after = rest.split_once("maxReceiveCount: 5\n").unwrap().1;
    assert_eq!(
        lacking(&Template::parse(&format!("{before}{after}"))),
        ["WorkQueue has no dead-letter queue"]
    );
}

const GOOD: &str = r"
Globals:
  Function:
    Timeout: 10
Resources:
  ListDeadLettersFunction:
    Properties:
      Environment:
        Variables:
          WORK_QUEUE: !Ref WorkQueue
          WORK_DEAD_LETTERS: !Ref WorkDeadLetterQueue
  RedriveDeadLettersFunction:
    Properties:
      Environment:
        Variables:
          WORK_QUEUE: !Ref WorkQueue
          WORK_DEAD_LETTERS: !Ref WorkDeadLetterQueue
  WorkFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/do-work
  WorkMapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      EventSourceArn: !GetAtt WorkQueue.Arn
      FunctionName: !GetAtt WorkFunction.Arn
      FunctionResponseTypes: [ReportBatchItemFailures]
      ScalingConfig:
        MaximumConcurrency: 10
  WorkQueue:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: !Sub ${AWS::StackName}-work
      VisibilityTimeout: 60
      RedrivePolicy:
        deadLetterTargetArn: !GetAtt WorkDeadLetterQueue.Arn
        maxReceiveCount: 5
  WorkDeadLetterQueue:
    Type: AWS::SQS::Queue
  WorkDeadLetterAlarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      Namespace: AWS/SQS
      MetricName: ApproximateNumberOfMessagesVisible
      Dimensions:
        - { Name: QueueName, Value: !GetAtt WorkDeadLetterQueue.QueueName }
      AlarmActions: [topic]
  WorkAgeAlarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      Namespace: AWS/SQS
      MetricName: ApproximateAgeOfOldestMessage
      Dimensions:
        - { Name: QueueName, Value: !GetAtt WorkQueue.QueueName }
      AlarmActions: [topic]
  WorkLetterAgeAlarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      Namespace: Penstock
      MetricName: LetterAge
      Dimensions:
        - { Name: Consumer, Value: do-work }
      Period: 900
      AlarmActions: [topic]
";
