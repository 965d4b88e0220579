use std::time::Duration;

use super::*;

const FIXTURE: &str = r"
Transform: AWS::Serverless-2016-10-31
Parameters:
  Environment: { Type: String, Default: dev }
  Rate: { Type: Number, Default: 50 }
  JwtIssuer: { Type: String }
  Origins: { Type: CommaDelimitedList, Default: 'https://a.example, https://b.example' }
Conditions:
  IsProd: !Equals [!Ref Environment, prod]
  IsDev: !Not [!Condition IsProd]
Globals:
  Function:
    Timeout: 7
    Environment:
      Variables: { STAGE: !Ref Environment, TABLE: !Ref ThingsTable }
Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      Auth:
        DefaultAuthorizer: Jwt
        Authorizers:
          Jwt: { JwtConfiguration: { issuer: !Ref JwtIssuer, audience: [ours] } }
      CorsConfiguration: { AllowOrigins: !Ref Origins, MaxAge: 60 }
      DefaultRouteSettings: { ThrottlingRateLimit: !Ref Rate, ThrottlingBurstLimit: 5 }
  GetThingFunction:
    Type: AWS::Serverless::Function
    Properties:
      Timeout: 2
      Tracing: Active
      Environment:
        Variables: { OWN: !Sub 'x-${Environment}-${ThingsTable.Arn}-${!Kept}' }
      Events:
        One: { Type: HttpApi, Properties: { Method: get, Path: '/things/{id}' } }
        Rest: { Type: HttpApi, Properties: { Auth: { Authorizer: NONE } } }
        Hourly: { Type: Schedule, Properties: { Schedule: rate(1 hour), RetryPolicy: { MaximumRetryAttempts: 1 } } }
        Never: { Type: ScheduleV2, Properties: { ScheduleExpression: 'cron(0 8 * * ? *)', State: DISABLED } }
        Told: { Type: SNS, Properties: { Topic: arn } }
  FollowThingsFunction:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Changes:
          Type: DynamoDB
          Properties: { Stream: !GetAtt ThingsTable.StreamArn, StartingPosition: LATEST }
  Mapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      EventSourceArn: !GetAtt ThingsTable.StreamArn
      FunctionName: !GetAtt FollowThingsFunction.Arn
      StartingPosition: TRIM_HORIZON
      BatchSize: 10
      MaximumBatchingWindowInSeconds: 1
      BisectBatchOnFunctionError: true
      MaximumRetryAttempts: 3
      MaximumRecordAgeInSeconds: 60
      ParallelizationFactor: 2
      FunctionResponseTypes: [ReportBatchItemFailures]
  ThingsTable:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: Retain
    Properties:
      TableName: !If [IsDev, !Join ['-', [dev, things]], things]
      AttributeDefinitions: [{ AttributeName: pk, AttributeType: S }]
      KeySchema: [{ AttributeName: pk, KeyType: HASH }]
      StreamSpecification: { StreamViewType: NEW_IMAGE }
      SSESpecification: !If [IsProd, { SSEEnabled: true }, !Ref AWS::NoValue]
      DeletionProtectionEnabled: !If [IsProd, true, false]
  OnlyInProdTable:
    Type: AWS::DynamoDB::Table
    Condition: IsProd
  Alarm:
    Type: AWS::CloudWatch::Alarm
";

#[test]
fn functions_have_their_globals_and_their_names_from_their_folders() {
    let template = read(FIXTURE);
    let function = |name: &str| template.functions.iter().find(|it| it.name == name).unwrap();
    let own = function("get-thing");
    assert_eq!(own.timeout, Duration::from_secs(2));
    assert_eq!(own.environment["STAGE"], "dev");
    assert_eq!(own.environment["TABLE"], "dev-things");
    let arn = "arn:aws:dynamodb:us-east-1:000000000000:table/dev-things";
    assert_eq!(own.environment["OWN"], format!("x-dev-{arn}-${{Kept}}"));
    assert_eq!(function("follow-things").timeout, Duration::from_secs(7));
}

#[test]
fn routes_keep_their_authorizer_and_one_without_path_is_the_default() {
    let template = read(FIXTURE);
    let one = template.routes.iter().find(|it| it.path == "/things/{id}").unwrap();
    assert_eq!((one.method.as_str(), one.authorizer.as_deref()), ("GET", None));
    let rest = template.routes.iter().find(|it| it.path == "$default").unwrap();
    assert_eq!(rest.authorizer.as_deref(), Some("NONE"));
}

#[test]
fn the_api_has_its_authorizer_its_cors_and_its_throttle() {
    let api = read(FIXTURE).api;
    assert_eq!(api.default_authorizer.as_deref(), Some("Jwt"));
    let says = JwtAuthorizer { issuer: "https://issuer".into(), audience: vec!["ours".into()] };
    assert_eq!(api.authorizers["Jwt"], says);
    let cors = api.cors.unwrap();
    assert_eq!(cors.allow_origins, ["https://a.example", "https://b.example"]);
    assert_eq!(cors.max_age, Some(Duration::from_secs(60)));
    assert_eq!(api.throttle, Some(Throttle { rate: 50.0, burst: 5.0 }));
}

#[test]
fn a_mapping_may_be_an_event_or_a_resource_of_its_own() {
    let template = read(FIXTURE);
    let mapping = |name: &str| template.mappings.iter().find(|it| it.name == name).unwrap();
    let own = mapping("Mapping");
    assert_eq!((own.function.as_str(), own.table.as_str()), ("follow-things", "dev-things"));
    assert_eq!((own.batch_size, own.parallel, own.from_start), (10, 2, true));
    assert_eq!((own.retries_max, own.age_max), (Some(3), Some(Duration::from_secs(60))));
    assert!(own.bisect && own.partial_failures);
    let event = mapping("follow-things-Changes");
    assert_eq!((event.batch_size, event.retries_max, event.from_start), (100, None, false));
}

#[test]
fn a_schedule_is_read_unless_it_is_switched_off() {
    let schedules = read(FIXTURE).schedules;
    let names: Vec<_> = schedules.iter().map(|it| (it.name.as_str(), it.function.as_str())).collect();
    assert_eq!(names, [("get-thing-Hourly", "get-thing")]);
}

#[test]
fn both_kinds_of_schedule_have_their_input_and_their_switch() {
    let template = read(SCHEDULES);
    let schedule = |event: &str| {
        let name = format!("archive-orders-{event}");
        template.schedules.iter().find(|it| it.name == name).unwrap()
    };
    let (rule, zoned) = (schedule("Rule"), schedule("Zoned"));
    assert_eq!((rule.service, zoned.service), (ScheduleService::Rule, ScheduleService::Scheduler));
    assert_eq!(rule.input.as_deref(), Some(r#"{"days":30}"#));
    assert_eq!(zoned.input.as_deref(), Some(r#"{"stage":"dev"}"#));
    let after = "2026-07-01T00:00:00Z".parse().unwrap();
    assert_eq!(zoned.expression.next(after).unwrap().to_string(), "2026-07-01T01:30:00Z");
    let names: Vec<&str> = template.schedules.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["archive-orders-On", "archive-orders-Rule", "archive-orders-Zoned"]);
    let not_done: Vec<String> = template.not_done.iter().map(ToString::to_string).collect();
    assert_eq!(
        not_done,
        [
            "ArchiveOrdersFunction: Events.Unknown of type Calendar",
            "ArchiveOrdersFunction.Events.Zoned: FlexibleTimeWindow",
            "Timetable: AWS::Scheduler::Schedule",
        ]
    );
}

#[test]
fn a_schedule_that_says_no_time_is_refused_by_its_place() {
    let wrong = SCHEDULES.replace("rate(1 hour)", "every hour");
    let error = Template::read(&wrong, &BTreeMap::new()).unwrap_err().to_string();
    assert!(error.contains("ArchiveOrdersFunction") && error.contains("Schedule"), "{error}");
}

const SCHEDULES: &str = r#"
Parameters: { Stage: { Type: String, Default: dev } }
Resources:
  ArchiveOrdersFunction:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Rule: { Type: Schedule, Properties: { Schedule: rate(1 hour), Input: '{"days":30}' } }
        Zoned:
          Type: ScheduleV2
          Properties:
            ScheduleExpression: cron(30 3 * * ? *)
            ScheduleExpressionTimezone: Europe/Berlin
            Input: !Sub '{"stage":"${Stage}"}'
            State: ENABLED
            FlexibleTimeWindow: { Mode: 'OFF' }
        On: { Type: Schedule, Properties: { Schedule: rate(1 hour), Enabled: true } }
        Off: { Type: Schedule, Properties: { Schedule: rate(1 hour), Enabled: false } }
        Stopped: { Type: Schedule, Properties: { Schedule: rate(1 hour), State: DISABLED } }
        Never: { Type: ScheduleV2, Properties: { ScheduleExpression: rate(1 hour), State: DISABLED } }
        Unknown: { Type: Calendar, Properties: {} }
  Timetable: { Type: AWS::Scheduler::Schedule, Properties: { ScheduleExpression: rate(1 hour) } }
"#;

#[test]
fn a_queue_is_mapped_by_an_event_or_a_resource_of_its_own() {
    let template = read(QUEUES);
    let mapping = |name: &str| template.queue_mappings.iter().find(|it| it.name == name).unwrap();
    let event = mapping("take-jobs-Jobs");
    assert_eq!((event.function.as_str(), event.queue.as_str()), ("take-jobs", "jobs"));
    assert_eq!((event.batch_size, event.concurrency_max, event.partial_failures), (10, None, false));
    let own = mapping("Mapping");
    assert_eq!((own.batch_size, own.window, own.concurrency_max), (50, Duration::from_secs(1), Some(3)));
    assert!(own.partial_failures);
    assert_eq!(own.filters.len(), 1);
    assert_eq!(template.queue_mappings.len(), 2, "a mapping may be switched off");
    assert_eq!(template.functions[0].reserved, Some(4));
}

#[test]
fn a_queue_mapping_that_aws_would_refuse_is_refused() {
    let broken = [
        ("BatchSize: 50", "BatchSize: 0", "Mapping.BatchSize must be from 1 to 10000, not 0"),
        (
            "MaximumBatchingWindowInSeconds: 1",
            "MaximumBatchingWindowInSeconds: 0",
            "Mapping.BatchSize must be 10 at most without MaximumBatchingWindowInSeconds, not 50",
        ),
        (
            r#"["urgent"]"#,
            r#""urgent""#,
            "Mapping.FilterCriteria.Filters[0].Pattern must be an event pattern in JSON, not …",
        ),
    ];
    for (right, wrong, words) in broken {
        let error = with(&QUEUES.replace(right, wrong), &[]).unwrap_err().to_string();
        assert!(error.starts_with(words.split(", not").next().unwrap()), "{error}");
    }
}

const QUEUES: &str = r#"
Resources:
  TakeJobsFunction:
    Type: AWS::Serverless::Function
    Properties:
      ReservedConcurrentExecutions: 4
      Events:
        Jobs: { Type: SQS, Properties: { Queue: !GetAtt Jobs.Arn } }
        Off: { Type: SQS, Properties: { Queue: !GetAtt Jobs.Arn, Enabled: false } }
  Mapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      EventSourceArn: !GetAtt Jobs.Arn
      FunctionName: !Ref TakeJobsFunction
      BatchSize: 50
      MaximumBatchingWindowInSeconds: 1
      ScalingConfig: { MaximumConcurrency: 3 }
      FunctionResponseTypes: [ReportBatchItemFailures]
      FilterCriteria: { Filters: [{ Pattern: '{"body": {"kind": ["urgent"]}}' }] }
  Jobs:
    Type: AWS::SQS::Queue
    Properties: { QueueName: jobs }
"#;

#[test]
fn conditions_choose_resources_and_values() {
    let template = read(FIXTURE);
    assert_eq!(template.tables.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["dev-things"]);
    let prod = with(FIXTURE, &[("Environment", "prod")]).unwrap_err();
    assert_eq!(prod.to_string(), "OnlyInProdTable.AttributeDefinitions is missing");
}

#[test]
fn what_has_no_effect_here_is_listed_by_resource_and_property() {
    let listed: Vec<String> = read(FIXTURE).not_done.iter().map(ToString::to_string).collect();
    for expected in [
        "GetThingFunction: Tracing",
        "GetThingFunction: Events.Told of type SNS",
        "GetThingFunction.Events.Hourly: RetryPolicy",
        "ThingsTable: DeletionProtectionEnabled",
        "ThingsTable: DeletionPolicy",
        "Alarm: AWS::CloudWatch::Alarm",
    ] {
        assert!(listed.iter().any(|it| it == expected), "{expected} in {listed:?}");
    }
    assert!(
        !listed.iter().any(|it| it.contains("SSESpecification")),
        "AWS::NoValue leaves it out: {listed:?}"
    );
}

#[test]
fn errors_name_the_resource_and_the_property() {
    let broken = [
        ("Timeout: 2", "Timeout: soon", "GetThingFunction.Timeout must be a whole number, not \"soon\""),
        (
            "StartingPosition: LATEST",
            "BatchSize: 1",
            "FollowThingsFunction.Events.Changes.Properties.StartingPosition is missing",
        ),
        (
            "!Ref Rate",
            "!Ref Nothing",
            "Api.DefaultRouteSettings.ThrottlingRateLimit refers to Nothing, which the template does not define",
        ),
        (
            "!Ref Rate",
            "!Cidr [a, b]",
            "Api.DefaultRouteSettings.ThrottlingRateLimit uses Fn::Cidr in a way that is not understood here",
        ),
        (
            "MaximumRetryAttempts: 3",
            "MaximumRetryAttempts: -2",
            "Mapping.MaximumRetryAttempts must be -1 or a number from 0, not -2",
        ),
    ];
    for (right, wrong, words) in broken {
        let error = with(&FIXTURE.replace(right, wrong), &[]).unwrap_err();
        assert_eq!(error.to_string(), words);
    }
}

#[test]
fn a_parameter_without_value_is_named() {
    let error = Template::read(FIXTURE, &BTreeMap::new()).unwrap_err();
    assert_eq!(error.to_string(), "parameter JwtIssuer has no value and no default");
}

#[test]
fn the_suites_own_template_is_understood() {
    let template = with(crate::TEMPLATE, &[]).unwrap();
    assert!(template.functions.iter().any(|it| it.name == "create-order"));
    assert!(template.routes.iter().any(|it| it.method == "POST" && it.path == "/v1/orders"));
    assert_eq!((template.mappings.len(), template.queue_mappings.len()), (2, 7));
    assert!(template.tables.iter().any(|it| it.streams));
}

fn read(text: &str) -> Template {
    with(text, &[]).unwrap()
}

fn with(text: &str, parameters: &[(&str, &str)]) -> Result<Template, TemplateError> {
    let mut given = BTreeMap::from([("JwtIssuer".to_owned(), "https://issuer".to_owned())]);
    given.extend(parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    Template::read(text, &given)
}
