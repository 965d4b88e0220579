use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method};
use serde_json::{Value, json};

use super::needs::needs_in_batch;
use super::*;
use crate::template::Template;

const TABLE: &str = "
  ThingsTable:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: things
      AttributeDefinitions: [{ AttributeName: pk, AttributeType: S }, { AttributeName: kind, AttributeType: S }]
      KeySchema: [{ AttributeName: pk, KeyType: HASH }]
      GlobalSecondaryIndexes:
        - IndexName: by-kind
          KeySchema: [{ AttributeName: kind, KeyType: HASH }]
          Projection: { ProjectionType: ALL }
";

#[test]
fn what_a_statement_names_is_allowed_and_nothing_else() {
    let permissions =
        granted("[{ Effect: Allow, Action: dynamodb:GetItem, Resource: !GetAtt ThingsTable.Arn }]");
    assert_allowed(
        &permissions,
        "dynamodb",
        "GetItem",
        &json!({"TableName": "things", "Key": {"pk": {"S": "a"}}}),
    );
    assert_refused(&permissions, "dynamodb", "PutItem", &json!({"TableName": "things"}));
    assert_refused(&permissions, "dynamodb", "GetItem", &json!({"TableName": "others"}));
}

#[test]
fn stars_and_question_marks_stand_for_characters_in_actions_and_resources() {
    let permissions = granted(
        "[{ Effect: Allow, Action: ['DYNAMODB:get*', 'sqs:Send????age'], Resource: ['*:table/th*', 'arn:aws:sqs:*:orders-?'] }]",
    );
    assert_allowed(&permissions, "dynamodb", "GetItem", &json!({"TableName": "things"}));
    assert_allowed(
        &permissions,
        "sqs",
        "SendMessageBatch",
        &json!({"QueueUrl": "http://127.0.0.1:1/0/orders-1"}),
    );
    assert_refused(
        &permissions,
        "sqs",
        "SendMessage",
        &json!({"QueueUrl": "http://127.0.0.1:1/0/orders-10"}),
    );
    assert_refused(
        &permissions,
        "sqs",
        "ReceiveMessage",
        &json!({"QueueUrl": "http://127.0.0.1:1/0/orders-1"}),
    );
}

#[test]
fn a_deny_wins_over_every_allow() {
    let permissions = granted(
        "[{ Effect: Allow, Action: '*', Resource: '*' }, { Effect: Deny, Action: dynamodb:DeleteItem, Resource: '*' }]",
    );
    assert_allowed(&permissions, "dynamodb", "PutItem", &json!({"TableName": "things"}));
    let refused = refused(&permissions, "dynamodb", "DeleteItem", &json!({"TableName": "things"})).unwrap();
    assert!(message(&refused).ends_with("with an explicit deny in an identity-based policy"), "{refused:?}");
}

#[test]
fn not_action_and_not_resource_are_all_the_others() {
    let permissions =
        granted("[{ Effect: Allow, NotAction: ['dynamodb:Delete*'], NotResource: ['*/index/*'] }]");
    assert_allowed(&permissions, "dynamodb", "Query", &json!({"TableName": "things"}));
    assert_refused(&permissions, "dynamodb", "DeleteItem", &json!({"TableName": "things"}));
    assert_refused(
        &permissions,
        "dynamodb",
        "Query",
        &json!({"TableName": "things", "IndexName": "by-kind"}),
    );
}

#[test]
fn a_query_of_an_index_needs_the_index_and_one_of_the_table_the_table() {
    let permissions = granted(
        "[{ Effect: Allow, Action: dynamodb:Query, Resource: !Sub '${ThingsTable.Arn}/index/by-kind' }]",
    );
    assert_allowed(
        &permissions,
        "dynamodb",
        "Query",
        &json!({"TableName": "things", "IndexName": "by-kind"}),
    );
    assert_refused(&permissions, "dynamodb", "Query", &json!({"TableName": "things"}));
}

#[test]
fn a_batch_needs_every_table_and_a_transaction_the_action_of_every_item() {
    let permissions = granted(
        "[{ Effect: Allow, Action: [dynamodb:BatchGetItem, dynamodb:PutItem], Resource: !GetAtt ThingsTable.Arn }]",
    );
    assert_allowed(
        &permissions,
        "dynamodb",
        "BatchGetItem",
        &json!({"RequestItems": {"things": {"Keys": []}}}),
    );
    let both = json!({"RequestItems": {"things": {"Keys": []}, "others": {"Keys": []}}});
    assert_refused(&permissions, "dynamodb", "BatchGetItem", &both);
    let put = json!({"Put": {"TableName": "things", "Item": {}}});
    let check = json!({"ConditionCheck": {"TableName": "things", "Key": {}}});
    assert_allowed(&permissions, "dynamodb", "TransactWriteItems", &json!({"TransactItems": [put]}));
    let refused =
        refused(&permissions, "dynamodb", "TransactWriteItems", &json!({"TransactItems": [put, check]}));
    assert!(message(&refused.unwrap()).contains("dynamodb:ConditionCheckItem"));
}

#[test]
fn leading_keys_are_those_of_every_item_however_it_is_named() {
    let permissions = granted(
        "[{ Effect: Allow, Action: 'dynamodb:*', Resource: ['*:table/things', '*:table/things/index/*'],
            Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['acme#*'] } } }]",
    );
    let key = |pk: &str| json!({"pk": {"S": pk}});
    assert_allowed(
        &permissions,
        "dynamodb",
        "PutItem",
        &json!({"TableName": "things", "Item": key("acme#1")}),
    );
    assert_refused(
        &permissions,
        "dynamodb",
        "PutItem",
        &json!({"TableName": "things", "Item": key("other#1")}),
    );
    assert_refused(
        &permissions,
        "dynamodb",
        "GetItem",
        &json!({"TableName": "things", "Key": key("other#1")}),
    );
    let batch = |last: &str| json!({"RequestItems": {"things": {"Keys": [key("acme#1"), key(last)]}}});
    assert_allowed(&permissions, "dynamodb", "BatchGetItem", &batch("acme#2"));
    assert_refused(&permissions, "dynamodb", "BatchGetItem", &batch("other#2"));
    let query = |value: &str| {
        json!({
            "TableName": "things", "IndexName": "by-kind", "KeyConditionExpression": "#k=:k",
            "ExpressionAttributeNames": {"#k": "kind"}, "ExpressionAttributeValues": {":k": {"S": value}},
        })
    };
    assert_allowed(&permissions, "dynamodb", "Query", &query("acme#goods"));
    assert_refused(&permissions, "dynamodb", "Query", &query("other#goods"));
}

#[test]
fn condition_operators_compare_as_iam_does() {
    for (condition, prefix, allowed) in [
        ("StringEquals: { 's3:prefix': a }", Some("a"), true),
        ("StringEquals: { 's3:prefix': a }", Some("b"), false),
        ("StringEquals: { 's3:prefix': a }", None, false),
        ("StringEqualsIfExists: { 's3:prefix': a }", None, true),
        ("StringNotEquals: { 's3:prefix': a }", None, true),
        ("StringNotEquals: { 's3:prefix': a }", Some("a"), false),
        ("StringEqualsIgnoreCase: { 's3:prefix': A }", Some("a"), true),
        ("StringNotLike: { 's3:prefix': 'a*' }", Some("ab"), false),
        ("'ForAnyValue:StringLike': { 's3:prefix': 'a*' }", None, false),
        ("'Null': { 's3:prefix': 'true' }", None, true),
        ("'Null': { 's3:prefix': 'true' }", Some("a"), false),
        ("StringEquals: { 'aws:PrincipalAccount': !Ref AWS::AccountId }", None, true),
    ] {
        let statement =
            format!("[{{ Effect: Allow, Action: '*', Resource: '*', Condition: {{ {condition} }} }}]");
        let permissions = granted(&statement);
        let query = prefix.map_or_else(String::new, |it| format!("prefix={it}"));
        let request = ServiceRequest { query, ..s3("ListObjectsV2", Method::GET, "/things") };
        assert_eq!(permissions.refusal("s3", &request).is_none(), allowed, "{condition} of {prefix:?}");
    }
}

#[test]
fn what_is_not_understood_is_an_error_and_not_passed_over() {
    for (statement, words) in [
        ("Condition: { DateGreaterThan: { 'aws:CurrentTime': '2026-01-01' } }", "operator"),
        ("Condition: { StringEquals: { 'aws:SourceIp': '127.0.0.1' } }", "condition key"),
        ("Condition: { StringEquals: { 'dynamodb:Attributes': [pk] } }", "condition key"),
    ] {
        let policies = format!("- Statement: [{{ Effect: Allow, Action: '*', Resource: '*', {statement} }}]");
        assert!(read(&policies).unwrap_err().to_string().contains(words), "{statement}");
    }
    for policies in
        ["- AdministratorAccess", "- KMSDecryptPolicy: { KeyId: a }", "- Statement: [{ Effect: Maybe }]"]
    {
        assert!(read(policies).is_err(), "{policies}");
    }
    assert!(read("- AWSLambdaBasicExecutionRole").is_ok());
}

#[test]
fn sams_policy_templates_allow_what_sam_writes_out() {
    let of = |policy: &str| Permissions::new(&read(&format!("- {policy}")).unwrap(), &[]);
    let read_table = of("DynamoDBReadPolicy: { TableName: !Ref ThingsTable }");
    assert_allowed(&read_table, "dynamodb", "Scan", &json!({"TableName": "things", "IndexName": "by-kind"}));
    assert_refused(&read_table, "dynamodb", "PutItem", &json!({"TableName": "things"}));
    let crud_table = of("DynamoDBCrudPolicy: { TableName: !Ref ThingsTable }");
    assert_allowed(&crud_table, "dynamodb", "DeleteItem", &json!({"TableName": "things"}));
    let write_table = of("DynamoDBWritePolicy: { TableName: !Ref ThingsTable }");
    assert_refused(&write_table, "dynamodb", "GetItem", &json!({"TableName": "things"}));
    let queue = json!({"QueueUrl": "http://127.0.0.1:1/0/jobs"});
    let send = of("SQSSendMessagePolicy: { QueueName: jobs }");
    assert_allowed(&send, "sqs", "SendMessageBatch", &queue);
    assert_refused(&send, "sqs", "ReceiveMessage", &queue);
    let poll = of("SQSPollerPolicy: { QueueName: jobs }");
    assert_allowed(&poll, "sqs", "DeleteMessageBatch", &queue);
    let read_bucket = Permissions::new(&read("- S3ReadPolicy: { BucketName: things }").unwrap(), &[]);
    assert!(read_bucket.refusal("s3", &s3("GetObject", Method::GET, "/things/a/b")).is_none());
    assert!(read_bucket.refusal("s3", &s3("PutObject", Method::PUT, "/things/a/b")).is_some());
    let secret = "arn:aws:secretsmanager:eu-central-1:000000000000:secret:key-a1B2c3";
    let get = of(&format!("AWSSecretsManagerGetSecretValuePolicy: {{ SecretArn: '{secret}' }}"));
    assert_allowed(&get, "secretsmanager", "GetSecretValue", &json!({"SecretId": secret}));
    assert_refused(&get, "secretsmanager", "PutSecretValue", &json!({"SecretId": secret}));
}

#[test]
fn s3s_actions_are_found_from_operation_bucket_and_key() {
    let request = |operation, path: &str| s3(operation, Method::GET, path);
    let needed = |request: &ServiceRequest| {
        let needs = needs("s3", request, &PartitionKeys::default());
        needs.into_iter().map(|it| format!("{} {}", it.action, it.resource)).collect::<Vec<_>>()
    };
    assert_eq!(needed(&request("PutObject", "/b/tenant%3Da/x")), ["s3:PutObject arn:aws:s3:::b/tenant=a/x"]);
    assert_eq!(needed(&request("HeadObject", "/b/x")), ["s3:GetObject arn:aws:s3:::b/x"]);
    assert_eq!(needed(&request("HeadBucket", "/b")), ["s3:ListBucket arn:aws:s3:::b"]);
    assert_eq!(needed(&request("PutBucketVersioning", "/b")), ["s3:PutBucketVersioning arn:aws:s3:::b"]);
    let versioned = ServiceRequest { query: "versionId=1".into(), ..request("GetObject", "/b/x") };
    assert_eq!(needed(&versioned), ["s3:GetObjectVersion arn:aws:s3:::b/x"]);
    let mut hosted = request("GetObject", "/x/y");
    hosted.headers =
        HeaderMap::from_iter([(http::header::HOST, HeaderValue::from_static("b.localhost:4566"))]);
    assert_eq!(needed(&hosted), ["s3:GetObject arn:aws:s3:::b/x/y"]);
    let mut copy = request("CopyObject", "/b/y");
    copy.headers.insert("x-amz-copy-source", HeaderValue::from_static("/src/x"));
    assert_eq!(needed(&copy), ["s3:GetObject arn:aws:s3:::src/x", "s3:PutObject arn:aws:s3:::b/y"]);
    copy.headers.insert("x-amz-copy-source", HeaderValue::from_static("src//x?versionId=1"));
    assert_eq!(needed(&copy), ["s3:GetObjectVersion arn:aws:s3:::src//x", "s3:PutObject arn:aws:s3:::b/y"]);
    let mut unchanged = request("PutObject", "/b/x");
    unchanged.headers.insert("if-match", HeaderValue::from_static("\"etag\""));
    assert_eq!(needed(&unchanged), ["s3:PutObject arn:aws:s3:::b/x", "s3:GetObject arn:aws:s3:::b/x"]);
}

#[test]
fn the_bucket_and_key_judged_are_those_that_s3_serves() {
    for (host, path, resource) in [
        ("localhost:4566", "/b//x", "b//x"),
        ("localhost:4566", "/b%2Fx", "b/x"),
        ("b.localhost", "//x", "b//x"),
        ("b.s3.amazonaws.com", "/x", "b/x"),
        // To S3 these name no bucket.
        ("other.s3-eu-west-1.amazonaws.com", "/b/x", "b/x"),
        ("other.s3.example.org", "/b/x", "b/x"),
    ] {
        let mut request = s3("GetObject", Method::GET, path);
        request.headers.insert(http::header::HOST, HeaderValue::from_static(host));
        let needs = needs("s3", &request, &PartitionKeys::default());
        assert_eq!(needs[0].resource, format!("arn:aws:s3:::{resource}"), "{host}{path}");
    }
}

#[test]
fn deleting_objects_needs_the_deletion_of_each() {
    let mut request = s3("DeleteObjects", Method::POST, "/b");
    request.body = Bytes::from_static(
        b"<Delete><Object><Key>a/1</Key></Object><Object><Key>/c</Key><VersionId>v</VersionId></Object></Delete>",
    );
    let needs = needs_in_batch("s3", &request).unwrap();
    let needs: Vec<_> = needs.iter().flatten().map(|it| (it.action.as_str(), it.resource.as_str())).collect();
    assert_eq!(
        needs,
        [("s3:DeleteObject", "arn:aws:s3:::b/a/1"), ("s3:DeleteObjectVersion", "arn:aws:s3:::b//c"),]
    );
}

#[test]
fn of_a_batch_what_is_denied_is_refused_by_its_place_and_the_rest_is_not() {
    let permissions =
        granted("[{ Effect: Allow, Action: 's3:DeleteObject', Resource: 'arn:aws:s3:::b/mine/*' }]");
    let mut request = s3("DeleteObjects", Method::POST, "/b");
    request.body = Bytes::from_static(
        b"<Delete><Object><Key>mine/1</Key></Object><Object><Key>others</Key></Object>\
          <Object><Key>mine/2</Key><ETag>x</ETag></Object></Delete>",
    );
    assert_eq!(permissions.refusal("s3", &request), None);
    let refused = permissions.refused_in_batch("s3", &request);
    assert_eq!(refused.keys().copied().collect::<Vec<_>>(), [1, 2]);
    assert!(refused[&1].contains("not authorized to perform: s3:DeleteObject"), "{refused:?}");
    assert!(refused[&2].contains("not authorized to perform: s3:GetObject"), "{refused:?}");
    request.body = Bytes::from_static(b"no XML");
    assert!(permissions.refusal("s3", &request).is_some(), "what cannot be read needs the whole bucket");
}

#[test]
fn who_may_not_list_a_bucket_is_not_told_that_an_object_is_missing() {
    let missing = ServiceReply { status: 404, error: Some("NoSuchKey".into()), ..ServiceReply::default() };
    let no_bucket = ServiceReply { error: Some("NoSuchBucket".into()), ..missing.clone() };
    let request = s3("GetObject", Method::GET, "/b/x");
    let reads = granted("[{ Effect: Allow, Action: 's3:GetObject', Resource: '*' }]");
    assert_eq!(reads.concealment("s3", &request, &missing).map(|it| it.status), Some(403));
    assert_eq!(reads.concealment("s3", &request, &no_bucket), None);
    assert_eq!(reads.concealment("s3", &request, &ServiceReply::default()), None, "it is there");
    let lists = granted("[{ Effect: Allow, Action: ['s3:GetObject', 's3:ListBucket'], Resource: '*' }]");
    assert_eq!(lists.concealment("s3", &request, &missing), None);
}

#[test]
fn a_queue_is_judged_by_the_member_that_names_it_to_sqs() {
    let permissions = granted("[{ Effect: Allow, Action: 'sqs:*', Resource: '*:mine' }]");
    let both = json!({"QueueUrl": "http://127.0.0.1:1/0/mine", "QueueName": "others"});
    assert_refused(&permissions, "sqs", "GetQueueUrl", &both);
    assert_refused(&permissions, "sqs", "CreateQueue", &both);
    assert_allowed(&permissions, "sqs", "SendMessage", &both);
    // SQS takes what is behind the last colon or slash.
    assert_refused(&permissions, "sqs", "SendMessage", &json!({"QueueUrl": "http://127.0.0.1:1/0/x:others"}));
    let permissions = granted("[{ Effect: Allow, Action: 'sqs:*', Resource: '*:mine*' }]");
    let moved = json!({"SourceArn": "arn:aws:sqs:us-east-1:000000000000:mine:others"});
    assert_refused(&permissions, "sqs", "StartMessageMoveTask", &moved);
}

#[test]
fn each_service_refuses_in_its_own_shape_and_in_awss_words() {
    let permissions = granted("[]");
    let dynamodb = refused(&permissions, "dynamodb", "PutItem", &json!({"TableName": "things"})).unwrap();
    assert_eq!(dynamodb.status, 400);
    let table = format!("arn:aws:dynamodb:{}:000000000000:table/things", crate::template::REGION);
    assert_eq!(
        message(&dynamodb),
        format!(
            "User: arn:aws:sts::000000000000:assumed-role/penstock-do-things-role/penstock-do-things is not authorized to \
             perform: dynamodb:PutItem on resource: {table} because no identity-based policy allows the dynamodb:PutItem action"
        )
    );
    let sqs = refused(&permissions, "sqs", "SendMessage", &json!({"QueueUrl": "http://h/0/jobs"})).unwrap();
    assert_eq!(
        (sqs.status, sqs.headers["x-amzn-query-error"].to_str().unwrap()),
        (403, "AccessDenied;Sender")
    );
    let s3 = permissions.refusal("s3", &s3("GetObject", Method::GET, "/b/a&b")).unwrap();
    let body = String::from_utf8(s3.body).unwrap();
    assert_eq!(s3.status, 403);
    assert!(body.contains("<Code>AccessDenied</Code>") && body.contains("arn:aws:s3:::b/a&amp;b"), "{body}");
    let secret =
        refused(&permissions, "secretsmanager", "GetSecretValue", &json!({"SecretId": "key"})).unwrap();
    assert_eq!((secret.status, secret.error.as_deref()), (400, Some("AccessDeniedException")));
}

#[test]
fn who_is_no_function_is_not_judged() {
    let permissions = granted("[]");
    let request =
        ServiceRequest { function: "a-test".into(), ..asked("PutItem", &json!({"TableName": "things"})) };
    assert_eq!(permissions.refusal("dynamodb", &request), None);
}

#[test]
fn a_mapping_needs_its_functions_permissions() {
    let permissions = granted("[{ Effect: Allow, Action: 'sqs:ReceiveMessage', Resource: '*' }]");
    assert_eq!(permissions.lent("do-things", &["sqs:ReceiveMessage"], "arn:aws:sqs:r:1:jobs"), Ok(()));
    let missing =
        permissions.lent("do-things", &["sqs:ReceiveMessage", "sqs:DeleteMessage"], "arn:aws:sqs:r:1:jobs");
    assert_eq!(
        missing.unwrap_err().to_string(),
        "the function's policies do not allow sqs:DeleteMessage on arn:aws:sqs:r:1:jobs"
    );
}

#[test]
fn a_permission_that_was_never_used_is_named() {
    let permissions = granted(
        "[{ Effect: Allow, Action: [dynamodb:GetItem, dynamodb:Scan], Resource: 'arn:aws:dynamodb:*:table/things' }]",
    );
    let log = "do-things\tdynamodb:GetItem\tarn:aws:dynamodb:*:table/things\n";
    let report = Report::new(&permissions, log).unwrap();
    assert_eq!(report.unused(), ["do-things never uses dynamodb:Scan on arn:aws:dynamodb:*:table/things"]);
    assert_eq!(
        report.to_string(),
        "do-things\n  used   dynamodb:GetItem on arn:aws:dynamodb:*:table/things\n  \
         NEVER  dynamodb:Scan on arn:aws:dynamodb:*:table/things\n"
    );
    assert!(Report::new(&permissions, "no log").is_err());
}

/// `do-things` with one policy of these statements.
fn granted(statements: &str) -> Permissions {
    let template = template(&format!("- Statement: {statements}")).unwrap();
    Permissions::new(&template.functions, &template.tables)
}

fn read(policies: &str) -> Result<Vec<FunctionSpec>, crate::template::TemplateError> {
    template(policies).map(|it| it.functions)
}

fn template(policies: &str) -> Result<Template, crate::template::TemplateError> {
    let policies = policies.replace('\n', "\n        ");
    let function = format!(
        "  DoThingsFunction:\n    Type: AWS::Serverless::Function\n    Properties:\n      Policies:\n        {policies}"
    );
    Template::read(&format!("Resources:{TABLE}{function}\n"), &BTreeMap::new())
}

#[track_caller]
fn assert_allowed(permissions: &Permissions, service: &str, operation: &str, body: &Value) {
    assert_eq!(refused(permissions, service, operation, body).map(|it| message(&it)), None);
}

#[track_caller]
fn assert_refused(permissions: &Permissions, service: &str, operation: &str, body: &Value) {
    assert!(refused(permissions, service, operation, body).is_some(), "{operation} {body}");
}

fn refused(permissions: &Permissions, service: &str, operation: &str, body: &Value) -> Option<ServiceReply> {
    permissions.refusal(service, &asked(operation, body))
}

fn message(reply: &ServiceReply) -> String {
    serde_json::from_slice::<Value>(&reply.body).unwrap()["message"].as_str().unwrap().to_owned()
}

fn asked(operation: &str, body: &Value) -> ServiceRequest {
    ServiceRequest {
        function: "do-things".into(),
        operation: operation.into(),
        body: Bytes::from(body.to_string()),
        ..ServiceRequest::default()
    }
}

fn s3(operation: &str, method: Method, path: &str) -> ServiceRequest {
    ServiceRequest {
        function: "do-things".into(),
        operation: operation.into(),
        method,
        path: path.into(),
        ..ServiceRequest::default()
    }
}
