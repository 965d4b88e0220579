//! The template's permissions, against what each function is known to call.

use std::collections::{BTreeMap, BTreeSet};

use penstock_tests::guards::inventory::differences;
use penstock_tests::guards::policies::{Grants, dangling, grants, unpermitted};
use penstock_tests::guards::template::Template;
use penstock_tests::guards::tree;

/// What each function calls. Said here a second time, so that a permission cannot come in unnoticed.
const CALLS: &[(&str, &[&str])] = &[
    ("adjust-stock", &["StockTable dynamodb:BatchGetItem", "StockTable dynamodb:PutItem"]),
    (
        "archive-events",
        &[
            "ArchiveBucket/objects s3:GetObject",
            "ArchiveBucket/objects s3:PutObject",
            "ArchiveEventsDeadLetterQueue sqs:SendMessage",
            "ArchiveEventsQueue sqs:DeleteMessage",
            "ArchiveEventsQueue sqs:GetQueueAttributes",
            "ArchiveEventsQueue sqs:ReceiveMessage",
            "ArchiveEventsQueue sqs:SendMessage",
        ],
    ),
    (
        "archive-orders",
        &[
            "OrderViewsTable/index/to-archive dynamodb:Query",
            "OrdersTable dynamodb:PutItem",
            "OrdersTable dynamodb:Query",
        ],
    ),
    ("cancel-order", &["OrdersTable dynamodb:PutItem", "OrdersTable dynamodb:Query"]),
    (
        "create-order",
        &[
            "OrdersTable dynamodb:GetItem",
            "OrdersTable dynamodb:PutItem",
            "ProductsTable dynamodb:BatchGetItem",
            "TenantsTable dynamodb:GetItem",
        ],
    ),
    ("create-payment", &["OrdersTable dynamodb:PutItem", "OrdersTable dynamodb:Query"]),
    ("create-shipment", &["OrdersTable dynamodb:PutItem", "OrdersTable dynamodb:Query"]),
    ("delete-product", &["ProductsTable dynamodb:DeleteItem"]),
    ("delete-webhook", &["WebhooksTable dynamodb:DeleteItem"]),
    (
        "deliver-webhooks",
        &[
            "WebhookDeliveriesDeadLetterQueue sqs:SendMessage",
            "WebhookDeliveriesQueue sqs:DeleteMessage",
            "WebhookDeliveriesQueue sqs:GetQueueAttributes",
            "WebhookDeliveriesQueue sqs:ReceiveMessage",
            "WebhookDeliveriesQueue sqs:SendMessage",
            "WebhooksTable dynamodb:GetItem",
            "WebhooksTable dynamodb:PutItem",
            "WebhooksTable dynamodb:Query",
        ],
    ),
    (
        "edit-draft",
        &[
            "OrdersTable dynamodb:PutItem",
            "OrdersTable dynamodb:Query",
            "ProductsTable dynamodb:BatchGetItem",
            "TenantsTable dynamodb:GetItem",
        ],
    ),
    (
        "get-health",
        &[
            "OrderViewsTable dynamodb:GetItem",
            "OrdersTable dynamodb:GetItem",
            "ProductsTable dynamodb:GetItem",
            "StockTable dynamodb:GetItem",
            "TenantsTable dynamodb:GetItem",
            "WebhooksTable dynamodb:GetItem",
        ],
    ),
    ("get-openapi", &[]),
    ("get-order", &["OrdersTable dynamodb:Query"]),
    ("get-order-history", &["OrdersTable dynamodb:Query"]),
    ("get-product", &["ProductsTable dynamodb:GetItem"]),
    ("get-stock", &["StockTable dynamodb:BatchGetItem"]),
    ("get-webhook", &["WebhooksTable dynamodb:GetItem"]),
    (
        "handle-payments",
        &[
            "OrdersTable dynamodb:PutItem",
            "OrdersTable dynamodb:Query",
            "PaymentsDeadLetterQueue sqs:SendMessage",
            "PaymentsQueue sqs:DeleteMessage",
            "PaymentsQueue sqs:GetQueueAttributes",
            "PaymentsQueue sqs:ReceiveMessage",
            "PaymentsQueue sqs:SendMessage",
            "PaymentsSecret secretsmanager:GetSecretValue",
            "TenantsTable dynamodb:GetItem",
        ],
    ),
    (
        "handle-shipping",
        &[
            "CarrierSecret secretsmanager:GetSecretValue",
            "DocumentsBucket/objects s3:PutObject",
            "OrdersTable dynamodb:PutItem",
            "OrdersTable dynamodb:Query",
            "ShippingDeadLetterQueue sqs:SendMessage",
            "ShippingQueue sqs:DeleteMessage",
            "ShippingQueue sqs:GetQueueAttributes",
            "ShippingQueue sqs:ReceiveMessage",
            "ShippingQueue sqs:SendMessage",
            "TenantsTable dynamodb:GetItem",
        ],
    ),
    (
        "handle-stock",
        &[
            "OrdersTable dynamodb:PutItem",
            "OrdersTable dynamodb:Query",
            "StockDeadLetterQueue sqs:SendMessage",
            "StockQueue sqs:DeleteMessage",
            "StockQueue sqs:GetQueueAttributes",
            "StockQueue sqs:ReceiveMessage",
            "StockQueue sqs:SendMessage",
            "StockTable dynamodb:BatchGetItem",
            "StockTable dynamodb:PutItem",
            "TenantsTable dynamodb:GetItem",
        ],
    ),
    (
        "list-dead-letters",
        &[
            "ArchiveEventsDeadLetterQueue sqs:ChangeMessageVisibility",
            "ArchiveEventsDeadLetterQueue sqs:GetQueueAttributes",
            "ArchiveEventsDeadLetterQueue sqs:ReceiveMessage",
            "CheckoutDeadLetterQueue sqs:ChangeMessageVisibility",
            "CheckoutDeadLetterQueue sqs:GetQueueAttributes",
            "CheckoutDeadLetterQueue sqs:ReceiveMessage",
            "NotificationsDeadLetterQueue sqs:ChangeMessageVisibility",
            "NotificationsDeadLetterQueue sqs:GetQueueAttributes",
            "NotificationsDeadLetterQueue sqs:ReceiveMessage",
            "PaymentsDeadLetterQueue sqs:ChangeMessageVisibility",
            "PaymentsDeadLetterQueue sqs:GetQueueAttributes",
            "PaymentsDeadLetterQueue sqs:ReceiveMessage",
            "ShippingDeadLetterQueue sqs:ChangeMessageVisibility",
            "ShippingDeadLetterQueue sqs:GetQueueAttributes",
            "ShippingDeadLetterQueue sqs:ReceiveMessage",
            "StockDeadLetterQueue sqs:ChangeMessageVisibility",
            "StockDeadLetterQueue sqs:GetQueueAttributes",
            "StockDeadLetterQueue sqs:ReceiveMessage",
            "WebhookDeliveriesDeadLetterQueue sqs:ChangeMessageVisibility",
            "WebhookDeliveriesDeadLetterQueue sqs:GetQueueAttributes",
            "WebhookDeliveriesDeadLetterQueue sqs:ReceiveMessage",
        ],
    ),
    (
        "list-orders",
        &[
            "OrderViewsTable dynamodb:BatchGetItem",
            "OrderViewsTable dynamodb:Query",
            "OrderViewsTable/index/by-customer dynamodb:Query",
            "OrderViewsTable/index/waiting dynamodb:Query",
        ],
    ),
    ("list-products", &["ProductsTable dynamodb:Query", "ProductsTable/index/by-category dynamodb:Query"]),
    ("list-stock-movements", &["StockTable dynamodb:BatchGetItem", "StockTable dynamodb:Query"]),
    ("list-webhook-deliveries", &["WebhooksTable dynamodb:GetItem", "WebhooksTable dynamodb:Query"]),
    ("list-webhooks", &["WebhooksTable dynamodb:Query"]),
    ("place-order", &["OrdersTable dynamodb:PutItem", "OrdersTable dynamodb:Query"]),
    (
        "project-orders",
        &[
            "OrderViewsTable dynamodb:PartiQLInsert",
            "OrderViewsTable dynamodb:PartiQLUpdate",
            "OrderViewsTable dynamodb:PutItem",
            "OrdersTable dynamodb:Query",
            "OrdersTable/stream dynamodb:DescribeStream",
            "OrdersTable/stream dynamodb:GetRecords",
            "OrdersTable/stream dynamodb:GetShardIterator",
            "OrdersTable/stream dynamodb:ListStreams",
            "ProjectOrdersFailureQueue sqs:SendMessage",
        ],
    ),
    ("put-product", &["ProductsTable dynamodb:PutItem"]),
    (
        "put-webhook",
        &["WebhooksTable dynamodb:GetItem", "WebhooksTable dynamodb:PutItem", "WebhooksTable dynamodb:Query"],
    ),
    (
        "rebuild-views",
        &["OrderViewsTable dynamodb:PutItem", "OrdersTable dynamodb:Query", "OrdersTable dynamodb:Scan"],
    ),
    (
        "receive-carrier-webhook",
        &[
            "CarrierSecret secretsmanager:GetSecretValue",
            "OrdersTable dynamodb:PutItem",
            "OrdersTable dynamodb:Query",
        ],
    ),
    (
        "receive-payment-webhook",
        &[
            "OrdersTable dynamodb:Query",
            "PaymentsQueue sqs:SendMessage",
            "PaymentsSecret secretsmanager:GetSecretValue",
        ],
    ),
    ("receive-return", &["OrdersTable dynamodb:PutItem", "OrdersTable dynamodb:Query"]),
    (
        "redeliver-webhook",
        &[
            "OrdersTable dynamodb:Query",
            "WebhookDeliveriesQueue sqs:SendMessage",
            "WebhooksTable dynamodb:GetItem",
        ],
    ),
    (
        "redrive-dead-letters",
        &[
            "ArchiveEventsDeadLetterQueue sqs:ChangeMessageVisibility",
            "ArchiveEventsDeadLetterQueue sqs:DeleteMessage",
            "ArchiveEventsDeadLetterQueue sqs:GetQueueAttributes",
            "ArchiveEventsDeadLetterQueue sqs:ReceiveMessage",
            "ArchiveEventsDeadLetterQueue sqs:StartMessageMoveTask",
            "ArchiveEventsQueue sqs:GetQueueAttributes",
            "ArchiveEventsQueue sqs:SendMessage",
            "CheckoutDeadLetterQueue sqs:ChangeMessageVisibility",
            "CheckoutDeadLetterQueue sqs:DeleteMessage",
            "CheckoutDeadLetterQueue sqs:GetQueueAttributes",
            "CheckoutDeadLetterQueue sqs:ReceiveMessage",
            "CheckoutDeadLetterQueue sqs:StartMessageMoveTask",
            "CheckoutQueue sqs:GetQueueAttributes",
            "CheckoutQueue sqs:SendMessage",
            "NotificationsDeadLetterQueue sqs:ChangeMessageVisibility",
            "NotificationsDeadLetterQueue sqs:DeleteMessage",
            "NotificationsDeadLetterQueue sqs:GetQueueAttributes",
            "NotificationsDeadLetterQueue sqs:ReceiveMessage",
            "NotificationsDeadLetterQueue sqs:StartMessageMoveTask",
            "NotificationsQueue sqs:GetQueueAttributes",
            "NotificationsQueue sqs:SendMessage",
            "PaymentsDeadLetterQueue sqs:ChangeMessageVisibility",
            "PaymentsDeadLetterQueue sqs:DeleteMessage",
            "PaymentsDeadLetterQueue sqs:GetQueueAttributes",
            "PaymentsDeadLetterQueue sqs:ReceiveMessage",
            "PaymentsDeadLetterQueue sqs:StartMessageMoveTask",
            "PaymentsQueue sqs:GetQueueAttributes",
            "PaymentsQueue sqs:SendMessage",
            "ShippingDeadLetterQueue sqs:ChangeMessageVisibility",
            "ShippingDeadLetterQueue sqs:DeleteMessage",
            "ShippingDeadLetterQueue sqs:GetQueueAttributes",
            "ShippingDeadLetterQueue sqs:ReceiveMessage",
            "ShippingDeadLetterQueue sqs:StartMessageMoveTask",
            "ShippingQueue sqs:GetQueueAttributes",
            "ShippingQueue sqs:SendMessage",
            "StockDeadLetterQueue sqs:ChangeMessageVisibility",
            "StockDeadLetterQueue sqs:DeleteMessage",
            "StockDeadLetterQueue sqs:GetQueueAttributes",
            "StockDeadLetterQueue sqs:ReceiveMessage",
            "StockDeadLetterQueue sqs:StartMessageMoveTask",
            "StockQueue sqs:GetQueueAttributes",
            "StockQueue sqs:SendMessage",
            "WebhookDeliveriesDeadLetterQueue sqs:ChangeMessageVisibility",
            "WebhookDeliveriesDeadLetterQueue sqs:DeleteMessage",
            "WebhookDeliveriesDeadLetterQueue sqs:GetQueueAttributes",
            "WebhookDeliveriesDeadLetterQueue sqs:ReceiveMessage",
            "WebhookDeliveriesDeadLetterQueue sqs:StartMessageMoveTask",
            "WebhookDeliveriesQueue sqs:GetQueueAttributes",
            "WebhookDeliveriesQueue sqs:SendMessage",
        ],
    ),
    ("refuse-route", &[]),
    (
        "relay-events",
        &[
            "ArchiveEventsQueue sqs:SendMessage",
            "CheckoutQueue sqs:SendMessage",
            "NotificationsQueue sqs:SendMessage",
            "OrdersTable dynamodb:Query",
            "OrdersTable/stream dynamodb:DescribeStream",
            "OrdersTable/stream dynamodb:GetRecords",
            "OrdersTable/stream dynamodb:GetShardIterator",
            "OrdersTable/stream dynamodb:ListStreams",
            "RelayEventsFailureQueue sqs:SendMessage",
        ],
    ),
    ("request-return", &["OrdersTable dynamodb:PutItem", "OrdersTable dynamodb:Query"]),
    ("rotate-webhook-secret", &["WebhooksTable dynamodb:GetItem", "WebhooksTable dynamodb:PutItem"]),
    (
        "run-checkout",
        &[
            "CheckoutDeadLetterQueue sqs:SendMessage",
            "CheckoutQueue sqs:DeleteMessage",
            "CheckoutQueue sqs:GetQueueAttributes",
            "CheckoutQueue sqs:ReceiveMessage",
            "CheckoutQueue sqs:SendMessage",
            "OrdersTable dynamodb:PutItem",
            "OrdersTable dynamodb:Query",
            "PaymentsQueue sqs:SendMessage",
            "ShippingQueue sqs:SendMessage",
            "StockQueue sqs:SendMessage",
        ],
    ),
    (
        "send-notifications",
        &[
            "MailSecret secretsmanager:GetSecretValue",
            "NotificationsDeadLetterQueue sqs:SendMessage",
            "NotificationsQueue sqs:DeleteMessage",
            "NotificationsQueue sqs:GetQueueAttributes",
            "NotificationsQueue sqs:ReceiveMessage",
            "NotificationsQueue sqs:SendMessage",
            "OrdersTable dynamodb:Query",
            "WebhookDeliveriesQueue sqs:SendMessage",
            "WebhooksTable dynamodb:Query",
        ],
    ),
    ("test-webhook", &["WebhookDeliveriesQueue sqs:SendMessage", "WebhooksTable dynamodb:GetItem"]),
    ("update-tracking", &["OrdersTable dynamodb:PutItem", "OrdersTable dynamodb:Query"]),
];

#[test]
fn every_function_may_do_what_it_calls_and_nothing_else() {
    let template = Template::parse(&tree::text("template.yaml"));
    let grants = grants(&template.functions()).expect("every policy is narrow");
    assert_eq!(dangling(&grants, &template.resources()), NOTHING);
    let calls = CALLS
        .iter()
        .map(|(function, calls)| ((*function).to_owned(), calls.iter().map(ToString::to_string).collect()));
    assert_eq!(
        differences(("template.yaml", &listed(&grants)), ("the list of calls", &listed(&calls.collect()))),
        NOTHING
    );
}

#[test]
fn a_policy_wider_than_an_action_on_a_resource_is_reported() {
    for (action, resource) in [
        ("'*'", "!GetAtt T.Arn"),
        ("dynamodb:*", "!GetAtt T.Arn"),
        ("dynamodb:Get*", "!GetAtt T.Arn"),
        ("dynamodb:Query", "'*'"),
        ("dynamodb:Query", "!Sub '${T.Arn}/index/*'"),
        ("dynamodb:Query", "arn:aws:dynamodb:eu-west-1:123456789012:table/another"),
    ] {
        let planted = format!("- Statement: [{{Effect: Allow, Action: [{action}], Resource: {resource}}}]");
        assert_eq!(reported(&planted).len(), 1, "{action} on {resource}");
    }
    assert_eq!(reported("- AmazonDynamoDBFullAccess").len(), 1);
    assert_eq!(
        reported("- Statement: [{Effect: Allow, NotAction: ['dynamodb:Scan'], Resource: !GetAtt T.Arn}]")
            .len(),
        1
    );
}

#[test]
fn a_permission_that_no_call_needs_is_reported() {
    let granted =
        granted("- Statement: [{Effect: Allow, Action: [dynamodb:Scan], Resource: !GetAtt OrdersTable.Arn}]");
    let calls = BTreeMap::from([("get-order".to_owned(), BTreeSet::new())]);
    assert_eq!(
        differences(("template.yaml", &listed(&granted)), ("the list of calls", &listed(&calls))),
        [
            "get-order: OrdersTable dynamodb:Scan: template.yaml has it, the list of calls has not",
            "get-order: nothing: the list of calls has it, template.yaml has not"
        ]
    );
}

#[test]
fn a_permission_on_an_index_that_does_not_exist_is_reported() {
    let template = Template::parse(&tree::text("template.yaml"));
    let granted = granted(
        "- Statement: [{Effect: Allow, Action: dynamodb:Query, Resource: [!Sub '${OrderViewsTable.Arn}/index/by-sku', !GetAtt GoneTable.Arn]}]",
    );
    assert_eq!(
        dangling(&granted, &template.resources()),
        [
            "get-order: there is no GoneTable dynamodb:Query",
            "get-order: there is no OrderViewsTable/index/by-sku dynamodb:Query"
        ]
    );
}

#[test]
fn a_call_that_no_policy_permits_is_reported() {
    let granted = granted(
        "- Statement: [{Effect: Allow, Action: dynamodb:Query, Resource: !Sub '${T.Arn}/index/by-time'}]",
    );
    let used = |call: &str| BTreeMap::from([("get-order".to_owned(), BTreeSet::from([call.to_owned()]))]);
    assert_eq!(unpermitted(&used("T dynamodb:Query"), &granted), NOTHING);
    assert_eq!(
        unpermitted(&used("T dynamodb:Scan"), &granted),
        ["get-order may not do what it does: T dynamodb:Scan"]
    );
}

const NOTHING: [&str; 0] = [];

/// One line a permission; a function without any is a line too, so that it cannot be forgotten.
fn listed(grants: &Grants) -> BTreeSet<String> {
    let lines = |(function, granted): (&String, &BTreeSet<String>)| -> Vec<String> {
        let nothing = granted.is_empty().then(|| "nothing".to_owned());
        granted.iter().cloned().chain(nothing).map(|grant| format!("{function}: {grant}")).collect()
    };
    grants.iter().flat_map(lines).collect()
}

fn planted(policies: &str) -> Template {
    let indented = policies.replace('\n', "\n        ");
    Template::parse(&format!(
        "Resources:\n  F:\n    Type: AWS::Serverless::Function\n    Properties:\n      CodeUri: functions/get-order\n      Policies:\n        {indented}\n"
    ))
}

fn granted(policies: &str) -> Grants {
    grants(&planted(policies).functions()).expect("narrow")
}

fn reported(policies: &str) -> Vec<String> {
    grants(&planted(policies).functions()).expect_err("wide")
}
