//! A shop on a platform of its own, in memory: what a test needs to talk to it as a caller would.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::Client;
use penstock_local::suite::{Settings, SettingsError};
use penstock_local::{Options, Platform};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::elsewhere::Elsewhere;
use crate::runtime;

/// A platform, and a caller with a token.
pub struct Shop {
    /// The platform.
    pub platform: Platform,
    http: reqwest::Client,
    token: String,
    tenant: String,
    elsewhere: Option<Elsewhere>,
}

/// What was answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers by lower-case name.
    pub headers: BTreeMap<String, String>,
    /// The body as it came.
    pub text: String,
}

impl Answer {
    /// The body as JSON; null when it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// The `code` of a problem.
    #[must_use]
    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    /// A string member of the body.
    #[must_use]
    pub fn text_at(&self, pointer: &str) -> String {
        self.json().pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// The pointers of a problem's details.
    #[must_use]
    pub fn pointers(&self) -> Vec<String> {
        let details = self.json()["details"].as_array().cloned().unwrap_or_default();
        details.iter().filter_map(|detail| detail["pointer"].as_str().map(str::to_owned)).collect()
    }
}

impl Shop {
    /// A shop that has one product, [`product`] 1, at 2.50 GBP. Its state is [`Elsewhere`] when the environment says so.
    ///
    /// # Panics
    /// When the platform does not start.
    pub async fn open() -> Self {
        let elsewhere = Elsewhere::open().await;
        let options = elsewhere.as_ref().map_or_else(runtime::options, Elsewhere::options);
        let platform = Platform::start(options).await.expect("the platform starts");
        let shop = Self { elsewhere, ..Self::on(platform, "shop", &[]) };
        shop.put_product(1, "2.50", "GBP").await;
        shop
    }

    /// The same on a platform started in another way.
    ///
    /// # Panics
    /// When the platform does not start.
    pub async fn open_on(options: Options) -> Self {
        let platform = Platform::start(options).await.expect("the platform starts");
        let shop = Self::on(platform, "shop", &[]);
        shop.put_product(1, "2.50", "GBP").await;
        shop
    }

    /// A caller of a tenant, on a running platform.
    ///
    /// # Panics
    /// When there can be no such tenant.
    #[must_use]
    pub fn on(platform: Platform, tenant: &str, roles: &[&str]) -> Self {
        let token = platform.token(tenant, "clerk", roles).expect("the tenant is well-formed").token;
        Self { platform, http: reqwest::Client::new(), token, tenant: tenant.to_owned(), elsewhere: None }
    }

    /// Another caller of the same tenant, with roles: its token.
    ///
    /// # Panics
    /// Never, as the tenant was taken before.
    #[must_use]
    pub fn token_with(&self, roles: &[&str]) -> String {
        self.platform.token(&self.tenant, "manager", roles).expect("the tenant is well-formed").token
    }

    /// A token of another tenant.
    ///
    /// # Panics
    /// When there can be no such tenant.
    #[must_use]
    pub fn token_of(&self, tenant: &str) -> String {
        self.platform.token(tenant, "stranger", &[]).expect("the tenant is well-formed").token
    }

    /// A request without a token.
    pub fn bare(&self, method: &str, path: &str) -> RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        self.http.request(method, format!("{}{path}", self.platform.url()))
    }

    /// A request with the shop's token.
    pub fn request(&self, method: &str, path: &str) -> RequestBuilder {
        self.bare(method, path).bearer_auth(&self.token)
    }

    /// What `GET path` answers.
    pub async fn get(&self, path: &str) -> Answer {
        send(self.request("GET", path)).await
    }

    /// Sends a command with an idempotency key.
    pub async fn command(&self, method: &str, path: &str, key: u128, body: &Value) -> Answer {
        send(self.request(method, path).header("idempotency-key", uuid(key)).json(body)).await
    }

    /// Creates an order with [`basket`].
    pub async fn order(&self, key: u128) -> Answer {
        self.command("POST", "/v1/orders", key, &basket()).await
    }

    /// Creates a draft with [`basket`]; its id.
    pub async fn draft(&self, key: u128) -> String {
        let mut body = basket();
        body["draft"] = json!(true);
        self.command("POST", "/v1/orders", key, &body).await.text_at("/orderId")
    }

    /// Calls an order off.
    pub async fn cancel(&self, id: &str, key: u128) -> Answer {
        self.command("POST", &format!("/v1/orders/{id}/cancellation"), key, &json!({})).await
    }

    /// Puts a product with a price.
    pub async fn put_product(&self, number: u128, amount: &str, currency: &str) -> Answer {
        let id = product(number);
        let body = format!(
            r#"{{"sku":"sku-{number}","name":"Product {number}","category":"goods","price":{{"amount":{amount},"currency":"{currency}"}}}}"#
        );
        let request =
            self.request("PUT", &format!("/v1/products/{id}")).header("content-type", "application/json");
        send(request.body(body)).await
    }

    /// Settles the tenant's limits.
    pub async fn limits(&self, units: u32, lines: u32) -> Answer {
        if let Some(elsewhere) = &self.elsewhere {
            return self.limits_elsewhere(elsewhere, units, lines).await;
        }
        let body = json!({"maxUnitsPerLine": units, "maxLinesPerOrder": lines});
        send(self.bare("PUT", &format!("/dev/tenants/{}", self.tenant)).json(&body)).await
    }

    /// Tenants' settings have no endpoint of the suite yet, only one of the laptop's.
    async fn limits_elsewhere(&self, elsewhere: &Elsewhere, units: u32, lines: u32) -> Answer {
        let settings = Settings {
            max_units_per_line: Some(units),
            max_lines_per_order: Some(lines),
            ..Settings::default()
        };
        let (status, text) = match elsewhere.tenants().put(&self.tenant, settings).await {
            Ok(_) => (200, String::new()),
            Err(SettingsError::Refused(why)) => (400, why),
            Err(error) => (503, error.to_string()),
        };
        Answer { status, headers: BTreeMap::new(), text }
    }

    /// A client of the DynamoDB that holds the shop's state.
    #[must_use]
    pub fn dynamodb(&self) -> Client {
        match &self.elsewhere {
            Some(elsewhere) => Client::new(elsewhere.sdk_config()),
            None => Client::new(&self.platform.sdk_config("a-test")),
        }
    }

    /// The name of a table of the shop's, e.g. of `orders`.
    #[must_use]
    pub fn table(&self, table: &str) -> String {
        let name = format!("penstock-{table}");
        self.elsewhere.as_ref().map_or_else(|| name.clone(), |elsewhere| elsewhere.table(&name))
    }

    /// Waits until the read model shows everything that was accepted. Elsewhere, where no stream leads to the function, it is
    /// rebuilt.
    ///
    /// # Panics
    /// When the store fails.
    pub async fn settled(&self) {
        if self.elsewhere.is_none() {
            self.platform.settled().await.expect("the store can be read");
            return;
        }
        let rebuild = self.bare("POST", "/2015-03-31/functions/rebuild-views/invocations").json(&json!({}));
        let rebuilt = send(rebuild).await;
        assert!(rebuilt.json()["orders"].is_u64(), "{}", rebuilt.text);
    }

    /// The whole list, page by page.
    pub async fn list(&self, query: &str) -> Vec<Value> {
        let mut orders = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = self.get(&format!("/v1/orders?{query}{cursor}")).await.json();
            orders.extend(page["orders"].as_array().cloned().unwrap_or_default());
            match page["nextCursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return orders,
            }
        }
    }
}

/// Sends a request, whatever it is answered.
///
/// # Panics
/// When nothing is answered at all.
pub async fn send(request: RequestBuilder) -> Answer {
    let response = request.send().await.expect("the platform answers");
    let header = |(name, value): (&reqwest::header::HeaderName, &reqwest::header::HeaderValue)| {
        (name.to_string(), value.to_str().unwrap_or_default().to_owned())
    };
    let status = response.status().as_u16();
    let headers = response.headers().iter().map(header).collect();
    Answer { status, headers, text: response.text().await.expect("the body is text") }
}

/// A UUID by number.
#[must_use]
pub fn uuid(number: u128) -> String {
    Uuid::from_u128(number).to_string()
}

/// A product's id by number.
#[must_use]
pub fn product(number: u128) -> String {
    uuid(0x0700_0000 + number)
}

/// Two of product 1, for customer 9.
#[must_use]
pub fn basket() -> Value {
    json!({"customerId": uuid(9), "items": [{"productId": product(1), "quantity": 2}]})
}
