//! The function `handle-payments` at its queue, as it is deployed, with a clock that a test moves: its variables are the template's, its
//! AWS is embedded, its provider is the sandbox. An outage of minutes takes no time.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use aws_sdk_sqs::types::MessageSystemAttributeName;
use jiff::Timestamp;
use penstock_api::envelope::{Cause, Step as StepLetter};
use penstock_application::checkout::Step;
use penstock_application::ledger::Ledger as _;
use penstock_application::{Clock, History};
use penstock_domain::order::Order;
use penstock_local::TEMPLATE;
use penstock_local::aws::Cloud;
use penstock_local::aws::dynamodb::DynamoDb;
use penstock_local::aws::secrets::Secrets;
use penstock_local::aws::service::Service;
use penstock_local::aws::sqs::Sqs;
use penstock_local::suite::FUNCTIONS;
use penstock_local::template::Template;
use penstock_platform::caches::Caches;
use penstock_platform::function::{Environment, Instance, Invocation};
use penstock_platform::ledger::DynamoLedger;
use penstock_platform::queue::{NewLetter, Queue};
use penstock_sandbox::{Options, Sandbox};

use crate::desk::{event, failed};
use crate::life;

const FUNCTION: &str = "handle-payments";
const QUEUE: &str = "penstock-payments";
const DEAD_LETTERS: &str = "penstock-payments-dead-letters";
/// The one order.
const ORDER: u128 = 7;

/// The payment desk, and an order whose payment it is asked to make.
pub struct Till {
    /// The world outside.
    pub sandbox: Sandbox,
    instance: Instance,
    client: aws_sdk_sqs::Client,
    sqs: Sqs,
    ledger: DynamoLedger,
    ahead_ms: Arc<AtomicI64>,
}

impl Till {
    /// An order whose goods are kept and whose payment is to be made; its step is in the queue.
    ///
    /// # Panics
    /// When anything of it does not start.
    pub async fn open() -> Self {
        let ahead_ms = Arc::<AtomicI64>::default();
        let clock = clock(&ahead_ms);
        let options = Options { clock: Arc::clone(&clock), ..Options::memory() };
        let sandbox = Sandbox::start(options).await.expect("it starts");
        let template = template(&sandbox);
        let (sqs, cloud) = cloud(&template, &clock);
        let spec = template.functions.iter().find(|it| it.name == FUNCTION).expect("the template has it");
        let function = FUNCTIONS.iter().find(|it| it.name == FUNCTION).expect("the suite has it");
        let (variables, aws) = (spec.environment.clone(), cloud.sdk_config(FUNCTION));
        let environment = Environment { variables, aws, caches: Arc::new(Caches::default()), clock };
        let queue = Queue::new(&environment, "PAYMENTS_QUEUE").expect("its variable is there");
        let instance = function.start(environment).expect("its variables are there");
        let config = cloud.sdk_config("a-test");
        let ledger = DynamoLedger::new(aws_sdk_dynamodb::Client::new(&config), "penstock-orders".to_owned());
        let client = aws_sdk_sqs::Client::new(&config);
        let till = Self { sandbox, instance, client, sqs, ledger, ahead_ms };
        till.ask_to_pay(&queue).await;
        till
    }

    async fn ask_to_pay(&self, queue: &Queue) {
        let (tenant, order, now) = (life::tenant(), life::order(ORDER), Timestamp::now());
        for commit in life::commits(&tenant, order, &life::usual(now)[..2]) {
            self.ledger.append(&commit).await.expect("the order is new");
        }
        let cause = Cause { tenant, time: now, correlation_id: "c".to_owned(), traceparent: None };
        let pay = StepLetter::new(&cause, order, "pay", 4, &Step::Pay { attempt: 1 });
        assert_eq!(queue.send_packed(&[NewLetter::from(&pay)]).await, BTreeMap::new());
    }

    /// Hands the function what is in its queue, as Lambda does. How many messages there were.
    ///
    /// # Panics
    /// When the function fails as a whole.
    pub async fn turn(&self) -> usize {
        let receive = self.client.receive_message().queue_url(self.sqs.url(QUEUE)).max_number_of_messages(10);
        let receive = receive.message_system_attribute_names(MessageSystemAttributeName::All);
        let received = receive.message_attribute_names("All").send().await.expect("the queue is there");
        let messages = received.messages.unwrap_or_default();
        if messages.is_empty() {
            return 0;
        }
        let payload = event(&messages).to_string().into_bytes();
        let invocation = Invocation { request_id: "1".to_owned() };
        let answer = self.instance.invoke(&payload, invocation).await.expect("it answers");
        let failed = failed(&serde_json::from_slice(&answer).expect("it answers in JSON"));
        for message in messages.iter().filter(|it| !failed.iter().any(|id| it.message_id() == Some(id))) {
            let delete = self.client.delete_message().queue_url(self.sqs.url(QUEUE));
            let delete = delete.set_receipt_handle(message.receipt_handle.clone());
            delete.send().await.expect("it was received");
        }
        messages.len()
    }

    /// Lets time pass, for every clock there is.
    ///
    /// # Panics
    /// When that is too much time.
    pub async fn wait(&self, time: Duration) {
        let ms = i64::try_from(time.as_millis()).expect("a test is shorter");
        self.ahead_ms.fetch_add(ms, Ordering::SeqCst);
        tokio::time::pause();
        tokio::time::advance(time).await;
        tokio::time::resume();
    }

    /// How much time was let pass.
    #[must_use]
    pub fn passed(&self) -> Duration {
        Duration::from_millis(self.ahead_ms.load(Ordering::SeqCst).unsigned_abs())
    }

    /// The order as it now is.
    ///
    /// # Panics
    /// When the ledger cannot be read.
    pub async fn order(&self) -> Order {
        let commits = self.ledger.read(&life::tenant(), life::order(ORDER)).await.expect("it is there");
        let history = History::new(life::order(ORDER), commits).expect("it has commits");
        history.now().expect("it can be folded").order
    }

    /// Messages that wait in the queue, and dead letters.
    ///
    /// # Panics
    /// When there are no such queues.
    #[must_use]
    pub fn letters(&self) -> (u64, u64) {
        let of = |queue| {
            let counts = self.sqs.counts(queue).expect("the queue is there");
            counts.visible + counts.in_flight + counts.delayed
        };
        (of(QUEUE), of(DEAD_LETTERS))
    }
}

fn clock(ahead_ms: &Arc<AtomicI64>) -> Clock {
    let ahead_ms = Arc::clone(ahead_ms);
    Arc::new(move || Timestamp::now() + Duration::from_millis(ahead_ms.load(Ordering::SeqCst).unsigned_abs()))
}

/// The suite's template, whose payment provider is the sandbox, with its key.
fn template(sandbox: &Sandbox) -> Template {
    let name = "      Name: !Sub ${AWS::StackName}-payments\n";
    let keys = r#"      SecretString: '{"apiKey":"sk_test_sandbox","webhookSecrets":[]}'"#;
    let text = TEMPLATE.replace(name, &format!("{name}{keys}\n"));
    let parameters = [("JwtIssuer", "https://issuer.test"), ("PaymentsUrl", sandbox.payments_url())];
    let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    Template::read(&text, &parameters).expect("it is the suite's")
}

fn cloud(template: &Template, clock: &Clock) -> (Sqs, Cloud) {
    let store = DynamoDb::memory().expect("SQLite opens in memory");
    store.create_tables(&template.tables).expect("they are new");
    let sqs = Sqs::memory("http://127.0.0.1:4566", Arc::clone(clock)).expect("SQLite opens in memory");
    sqs.create_queues(&template.queues).expect("they are new");
    let secrets = Secrets::memory(Arc::clone(clock)).expect("SQLite opens in memory");
    secrets.create_secrets(&template.secrets).expect("they are new");
    let services = BTreeMap::from([
        ("dynamodb", Arc::new(store) as Arc<dyn Service>),
        ("sqs", Arc::new(sqs.clone()) as Arc<dyn Service>),
        ("secretsmanager", Arc::new(secrets) as Arc<dyn Service>),
    ]);
    (sqs, Cloud::new(services))
}
