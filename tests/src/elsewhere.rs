//! The same tests over an AWS that is not ours: with `AWS_ENDPOINT_URL` set, shops keep their state there.
//!
//! Each shop has tables, queues and buckets of its own, the tables made from the template's definitions. The gateway in front of the functions stays the
//! laptop's. Stream mappings read the laptop's own store, so [`Elsewhere`] is for what a rebuild can stand in for.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::runtime;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{BuildError, DisplayErrorContext};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, Projection, ProjectionType,
    StreamSpecification, StreamViewType,
};
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};
use penstock_local::Options;
use penstock_local::handler::Handler;
use penstock_local::suite::{FUNCTIONS, TenantSettings};
use penstock_local::template::{Table, Template};
use penstock_platform::aws;
use penstock_platform::caches::Caches;
use penstock_platform::errands::clock;
use penstock_platform::function::Environment;
use serde_json::Value;
use uuid::Uuid;

/// AWS elsewhere, as one shop sees it.
pub struct Elsewhere {
    aws: aws_types::SdkConfig,
    variables: BTreeMap<String, String>,
    caches: Arc<Caches>,
    shop: String,
}

impl Elsewhere {
    /// New tables where `AWS_ENDPOINT_URL` points; `None` when it is not set.
    ///
    /// # Panics
    /// When nothing answers there, or no table can be made.
    pub async fn open() -> Option<Self> {
        std::env::var_os("AWS_ENDPOINT_URL")?;
        let template = template();
        let aws =
            aws::from_environment().expect("AWS_REGION and the access key are set with AWS_ENDPOINT_URL");
        let client = Client::new(&aws);
        // Short enough for a bucket's name, which has 63 characters at most.
        let shop = Uuid::new_v4().simple().to_string()[..12].to_owned();
        let mut variables = template.functions.iter().fold(BTreeMap::new(), |mut all, function| {
            all.extend(function.environment.clone());
            all
        });
        for table in &template.tables {
            create(&client, &shop, table).await;
            rename(&mut variables, &table.name, &named(&shop, &table.name));
        }
        for queue in &template.queues {
            let url = create_queue(&aws, &named(&shop, &queue.name)).await;
            rename(&mut variables, &format!("/{}", queue.name), &url);
        }
        for bucket in &template.buckets {
            create_bucket(&aws, &named(&shop, &bucket.name)).await;
            rename(&mut variables, &bucket.name, &named(&shop, &bucket.name));
        }
        Some(Self { aws, variables, caches: Arc::new(Caches::default()), shop })
    }

    /// A platform whose functions call AWS there.
    ///
    /// # Panics
    /// When a function does not start.
    #[must_use]
    pub fn options(&self) -> Options {
        let start = |function: &penstock_platform::function::Function| {
            let environment = Environment {
                variables: self.variables.clone(),
                aws: self.aws.clone(),
                caches: Arc::clone(&self.caches),
                clock: clock(),
            };
            let instance = function.start(environment).expect("the template gives every variable");
            (function.name.to_owned(), Arc::new(instance) as Arc<dyn Handler>)
        };
        Options { handlers: FUNCTIONS.iter().map(start).collect(), ..runtime::options() }
    }

    /// The configuration of a client.
    #[must_use]
    pub fn sdk_config(&self) -> &aws_types::SdkConfig {
        &self.aws
    }

    /// The tenants' settings there.
    ///
    /// # Panics
    /// When the template names no table of tenants.
    #[must_use]
    pub fn tenants(&self) -> TenantSettings {
        TenantSettings::new(&self.aws, &self.variables, &self.caches)
            .expect("the template names a table of tenants")
    }

    /// The name that a table of the template has there.
    #[must_use]
    pub fn table(&self, name: &str) -> String {
        named(&self.shop, name)
    }
}

/// The suite's template, for a shop's own purposes.
fn template() -> Template {
    let chosen = [("JwtIssuer", "https://issuer.test"), ("WebhooksToLoopback", "true")];
    let parameters = chosen.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    Template::read(penstock_local::TEMPLATE, &parameters).expect("the suite's template can be read")
}

fn named(shop: &str, table: &str) -> String {
    format!("{shop}-{table}")
}

/// Lets the variables that name a resource of the template (a queue by its URL, which ends in its name) name another.
fn rename(variables: &mut BTreeMap<String, String>, from: &str, to: &str) {
    let whole = !from.starts_with('/');
    for value in
        variables.values_mut().filter(|value| if whole { *value == from } else { value.ends_with(from) })
    {
        to.clone_into(value);
    }
}

async fn create_queue(aws: &aws_types::SdkConfig, name: &str) -> String {
    let created = aws_sdk_sqs::Client::new(aws).create_queue().queue_name(name).send().await;
    created.ok().and_then(|created| created.queue_url).unwrap_or_else(|| panic!("{name} is not created"))
}

async fn create_bucket(aws: &aws_types::SdkConfig, name: &str) {
    let place = aws.region().map(|region| BucketLocationConstraint::from(region.as_ref()));
    let place = CreateBucketConfiguration::builder().set_location_constraint(place).build();
    let created =
        aws_sdk_s3::Client::new(aws).create_bucket().bucket(name).create_bucket_configuration(place).send();
    created.await.unwrap_or_else(|error| panic!("{name}: {}", DisplayErrorContext(error)));
}

async fn create(client: &Client, shop: &str, table: &Table) {
    let says = &table.create;
    let stream = says["StreamSpecification"]["StreamViewType"].as_str().map(|view| {
        let stream =
            StreamSpecification::builder().stream_enabled(true).stream_view_type(StreamViewType::from(view));
        stream.build().expect("a stream is on or off")
    });
    let indexes: Vec<_> = list(&says["GlobalSecondaryIndexes"]).map(index).collect();
    let created = client
        .create_table()
        .table_name(named(shop, &table.name))
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(list(&says["AttributeDefinitions"]).map(attribute).collect()))
        .set_key_schema(Some(keys(says)))
        .set_global_secondary_indexes(Some(indexes).filter(|indexes| !indexes.is_empty()))
        .set_stream_specification(stream)
        .send()
        .await;
    created.unwrap_or_else(|error| panic!("{}: {}", table.name, DisplayErrorContext(error)));
}

fn index(says: &Value) -> GlobalSecondaryIndex {
    let projection = ProjectionType::from(text(&says["Projection"]["ProjectionType"]));
    let index = GlobalSecondaryIndex::builder()
        .index_name(text(&says["IndexName"]))
        .set_key_schema(Some(keys(says)))
        .projection(Projection::builder().projection_type(projection).build());
    whole(index.build())
}

fn keys(says: &Value) -> Vec<KeySchemaElement> {
    let key = |says: &Value| {
        let key = KeySchemaElement::builder().attribute_name(text(&says["AttributeName"]));
        whole(key.key_type(text(&says["KeyType"]).into()).build())
    };
    list(&says["KeySchema"]).map(key).collect()
}

fn attribute(says: &Value) -> AttributeDefinition {
    let attribute = AttributeDefinition::builder().attribute_name(text(&says["AttributeName"]));
    whole(attribute.attribute_type(text(&says["AttributeType"]).into()).build())
}

fn whole<T>(built: Result<T, BuildError>) -> T {
    built.expect("the template says what DynamoDB requires")
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
