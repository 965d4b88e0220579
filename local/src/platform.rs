//! The whole: takes the folder and the port, reads the template, starts everything, and stops it again.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use aws_types::SdkConfig;
use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::serve::ListenerExt as _;
use jiff::Timestamp;
use penstock_platform::app::StartError;
use penstock_platform::caches::Caches;
use penstock_sandbox::Sandbox;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::aws::Cloud;
use crate::aws::calls::CallLog;
use crate::aws::dynamodb::{DynamoDb, StoreError, TableError, keep_swept, stream_arn};
use crate::aws::faults::Faults;
use crate::aws::s3::{self, S3};
use crate::aws::secrets::{Secrets, SecretsError};
use crate::aws::service::Service;
use crate::aws::sqs::{Sqs, SqsError, queue_arn, wall_clock};
use crate::aws::wire::{self, AccessKeys, Front};
use crate::data_dir::{Data, DataDir, DataDirError};
use crate::dev::{Dev, router};
use crate::functions::{Deployed, Functions};
use crate::gateway::Gateway;
use crate::handler::Handler;
use crate::hosting::{Hosting, Resident, Starter};
use crate::identity::{IdentityError, Issuer, Token, TokenRequest};
use crate::loopback::{no_foreign_pages, own_port};
use crate::outside::{Outside, OutsideError, OutsideOptions};
use crate::permissions::{Missing, ON_FAILURE, Permissions, QUEUE_MAPPING, STREAM_MAPPING};
use crate::runtime::{self, BinaryError, Runtime, Surroundings};
use crate::sources::{Clock, Sources, WallClock};
use crate::streams::Streams;
use crate::suite::TenantSettings;
use crate::template::{AWS_URL, NotDone, Template, TemplateError};

/// What to start.
pub struct Options {
    /// Where the state is.
    pub data: Data,
    /// The port on 127.0.0.1; 0 for any that is free.
    pub port: u16,
    /// The port of the embedded AWS on 127.0.0.1; 0 for any that is free.
    pub aws_port: u16,
    /// The template's text.
    pub template: String,
    /// Values for the template's parameters, before their defaults.
    pub parameters: BTreeMap<String, String>,
    /// Handlers instead of the suite's, by function name. Tests plant theirs here.
    pub handlers: BTreeMap<String, Arc<dyn Handler>>,
    /// Where functions run.
    pub runtime: Runtime,
    /// In which environments, when they run in this process.
    pub hosting: Arc<dyn Hosting>,
    /// What schedules and the world outside go by.
    pub clock: Arc<dyn Clock>,
    /// The world outside.
    pub outside: OutsideOptions,
    /// How many shards a table's stream has. A laptop has one.
    pub stream_shards: usize,
}

impl Options {
    /// The suite's own template, in memory, on any free port.
    #[must_use]
    pub fn memory() -> Self {
        Self {
            data: Data::Memory,
            port: 0,
            aws_port: 0,
            template: TEMPLATE.to_owned(),
            parameters: BTreeMap::new(),
            handlers: BTreeMap::new(),
            runtime: Runtime::InProcess,
            hosting: Arc::new(Resident),
            clock: Arc::new(WallClock),
            outside: OutsideOptions::default(),
            stream_shards: 1,
        }
    }
}

/// The suite's template as it was when this was built, so that the binary runs from anywhere.
pub const TEMPLATE: &str = include_str!("../../template.yaml");

/// Why the platform did not start.
#[derive(Debug, thiserror::Error)]
pub enum PlatformError {
    /// Something else listens there.
    #[error("port {0} is taken by another program; stop that one, or choose another port with {1}")]
    PortTaken(u16, &'static str),
    /// The port cannot be listened on for another reason.
    #[error("port {0} cannot be listened on")]
    Port(u16, #[source] std::io::Error),
    /// The folder cannot be used.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// The template cannot run.
    #[error("template.yaml cannot run")]
    Template(#[from] TemplateError),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The template's tables cannot be had.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The template's queues cannot be had.
    #[error("the embedded SQS cannot run")]
    Queues(#[from] SqsError),
    /// The template's buckets cannot be had.
    #[error(transparent)]
    Buckets(#[from] s3::StoreError),
    /// The template's secrets cannot be had.
    #[error("the embedded Secrets Manager cannot run")]
    Secrets(#[from] SecretsError),
    /// There is no world outside.
    #[error(transparent)]
    Outside(#[from] OutsideError),
    /// There is no issuer of tokens.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// A function did not start.
    #[error("function {0} did not start")]
    Function(String, #[source] StartError),
    /// A function that is to run in a process of its own cannot.
    #[error(transparent)]
    Binary(#[from] BinaryError),
    /// The variables of the functions make no sense.
    #[error("the functions' variables make no sense")]
    Variables(#[source] StartError),
    /// The template has a function that the suite does not.
    #[error("the template has a function {0}, of which there is no handler")]
    NoHandler(String),
    /// A mapping may not do what it needs to.
    #[error("mapping {0} cannot run; AWS would not create it")]
    Mapping(String, #[source] Missing),
    /// A mapping or a route leads to no function.
    #[error("the template leads from {from} to {function}, which it does not define")]
    NoFunction {
        /// The route or mapping.
        from: String,
        /// The function that is not there.
        function: String,
    },
}

/// A running platform.
pub struct Platform {
    url: String,
    aws_url: String,
    issuer: Arc<Issuer>,
    cloud: Cloud,
    store: DynamoDb,
    queues: Sqs,
    functions: Functions,
    streams: Streams,
    sources: Sources,
    outside: Outside,
    not_done: Vec<NotDone>,
    stop: watch::Sender<bool>,
    stop_aws: watch::Sender<bool>,
    server: JoinHandle<()>,
    aws_server: JoinHandle<()>,
    _data: Option<DataDir>,
}

/// How long requests in flight may take to finish when it stops.
const DRAIN_MAX: Duration = Duration::from_secs(30);
/// The template's parameters that only the laptop itself can give.
const ISSUER_PARAMETER: &str = "JwtIssuer";
const AUDIENCE_PARAMETER: &str = "JwtAudience";
const AUDIENCE: &str = "penstock";

impl Platform {
    /// Starts everything that the template describes. When it returns, it answers.
    ///
    /// # Errors
    /// When it cannot; the error says what to do.
    pub async fn start(options: Options) -> Result<Self, PlatformError> {
        let data = match &options.data {
            Data::Memory => None,
            Data::Dir(folder) => Some(DataDir::take(folder)?),
        };
        let (listener, url) = listen(options.port, "--port").await?;
        let (aws_listener, aws_url) = listen(options.aws_port, "--aws-port").await?;
        let secrets = open_secrets(data.as_ref())?;
        let outside = Outside::start(data.as_ref(), &secrets, &options.clock, options.outside, &url).await?;
        let (issuer, template) = read_template(&options, &url, &aws_url, data.as_ref(), &outside)?;
        secrets.create_secrets(&template.secrets)?;
        outside.plant_keys(&secrets)?;
        let store = open_store(data.as_ref(), &template)?;
        let queues = open_queues(data.as_ref(), &aws_url, &template)?;
        let keys = AccessKeys::default();
        let objects = open_objects(data.as_ref(), &keys, &template)?;
        let cloud = Cloud::with_access_keys(services(&store, &queues, objects, secrets.clone()), keys);
        check_mappings(&template, cloud.guard(Permissions::new(&template.functions, &template.tables)))?;
        let caches = Arc::new(shared_caches(&template)?);
        let (stop, stopping) = watch::channel(false);
        let processes = Processes { aws_url: &aws_url, stopping: &stopping };
        let functions = start_functions(&template, &options, &cloud, &caches, &processes)?;
        secrets.rotate_with(&functions)?;
        let shards = options.stream_shards;
        let streams = Streams::start(&store, &functions, &template.mappings, &queues, shards, &stopping)?;
        let sources = Sources::start(&queues, &functions, &template, &options.clock, &stopping);
        tokio::spawn(keep_swept(store.clone(), stopping.clone()));
        let dev = Dev {
            issuer: Arc::clone(&issuer),
            cloud: cloud.clone(),
            functions: functions.clone(),
            tenants: tenant_settings(&template, &cloud, &caches),
        };
        let gateway = Arc::new(Gateway::new(&template, issuer.keys(), functions.clone()));
        let front = Front { cloud: cloud.clone(), functions: functions.clone() };
        let (stop_aws, stopping_aws) = watch::channel(false);
        let aws_server = tokio::spawn(wire::serve(aws_listener, front, stopping_aws));
        let dev = router(dev).merge(no_foreign_pages(outside.sandbox.dev_router()));
        let server = tokio::spawn(serve(listener, gateway, dev, stopping));
        let not_done = template.not_done;
        Ok(Self {
            url,
            aws_url,
            issuer,
            cloud,
            store,
            queues,
            functions,
            streams,
            sources,
            outside,
            not_done,
            stop,
            stop_aws,
            server,
            aws_server,
            _data: data,
        })
    }

    /// Where it listens, e.g. `http://127.0.0.1:8080`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where the embedded AWS listens, for `AWS_ENDPOINT_URL`, e.g. `http://127.0.0.1:4566`.
    #[must_use]
    pub fn aws_url(&self) -> &str {
        &self.aws_url
    }

    /// Whose access keys are taken there.
    #[must_use]
    pub fn access_keys(&self) -> &AccessKeys {
        self.cloud.access_keys()
    }

    /// A token for an hour.
    ///
    /// # Errors
    /// When there can be no such tenant, or no subject is given; the reason in words.
    pub fn token(&self, tenant: &str, subject: &str, roles: &[&str]) -> Result<Token, String> {
        let request = TokenRequest {
            tenant: tenant.to_owned(),
            subject: subject.to_owned(),
            roles: roles.iter().map(|it| (*it).to_owned()).collect(),
            expires_in: None,
        };
        self.issue(&request)
    }

    /// The token that is asked for.
    ///
    /// # Errors
    /// When there can be no such token; the reason in words.
    pub fn issue(&self, request: &TokenRequest) -> Result<Token, String> {
        self.issuer.token(request, Timestamp::now())
    }

    /// Every AWS call that was made.
    #[must_use]
    pub fn calls(&self) -> &CallLog {
        self.cloud.calls()
    }

    /// Where tests plant faults.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        self.cloud.faults()
    }

    /// AWS as `function` sees it.
    #[must_use]
    pub fn sdk_config(&self, function: &str) -> SdkConfig {
        self.cloud.sdk_config(function)
    }

    /// The embedded DynamoDB itself.
    #[must_use]
    pub fn store(&self) -> &DynamoDb {
        &self.store
    }

    /// The embedded SQS itself.
    #[must_use]
    pub fn queues(&self) -> &Sqs {
        &self.queues
    }

    /// The queues that have a mapping.
    #[must_use]
    pub fn consumed_queues(&self) -> &[String] {
        self.sources.queues()
    }

    /// The functions, to be invoked directly.
    #[must_use]
    pub fn functions(&self) -> &Functions {
        &self.functions
    }

    /// The world outside: what its books say, and its switches.
    #[must_use]
    pub fn outside(&self) -> &Sandbox {
        &self.outside.sandbox
    }

    /// What the template says and the laptop does not do.
    #[must_use]
    pub fn not_done(&self) -> &[NotDone] {
        &self.not_done
    }

    /// Waits until every stream mapping has delivered everything.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn settled(&self) -> Result<(), StoreError> {
        self.streams.settled().await
    }

    /// Waits until nothing is on its way any more: every stream mapping has delivered everything, and every queue that has
    /// a mapping is empty.
    ///
    /// # Errors
    /// When the store or the queues fail.
    pub async fn drained(&self) -> Result<(), PlatformError> {
        loop {
            self.streams.settled().await?;
            self.sources.drained().await?;
            // What a queue's consumer wrote may have gone through a stream into another queue meanwhile.
            self.streams.settled().await?;
            if self.sources.are_empty()? {
                return Ok(());
            }
        }
    }

    /// Stops: takes no more, lets what is in flight finish (for a while), lets mappings finish their batch.
    pub async fn stop(self) {
        // There is always a receiver: the server, the mappings, or nobody who would need to know.
        self.stop.send_replace(true);
        drained(self.server).await;
        if tokio::time::timeout(DRAIN_MAX, self.streams.stopped()).await.is_err() {
            tracing::warn!("a batch that did not finish in time will be delivered again");
        }
        if tokio::time::timeout(DRAIN_MAX, self.sources.stopped()).await.is_err() {
            tracing::warn!("messages whose function did not finish in time will come back");
        }
        self.outside.sandbox.stop().await;
        self.queues.stop_waiting();
        // Last, as functions in processes of their own need it to finish.
        self.stop_aws.send_replace(true);
        drained(self.aws_server).await;
    }
}

async fn drained(mut server: JoinHandle<()>) {
    if tokio::time::timeout(DRAIN_MAX, &mut server).await.is_err() {
        tracing::warn!(seconds = DRAIN_MAX.as_secs(), "requests that did not finish in time were dropped");
        server.abort();
    }
}

async fn listen(port: u16, option: &'static str) -> Result<(TcpListener, String), PlatformError> {
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(|error| match error.kind() {
            std::io::ErrorKind::AddrInUse => PlatformError::PortTaken(port, option),
            _ => PlatformError::Port(port, error),
        })?;
    let address = listener.local_addr().map_err(|it| PlatformError::Port(port, it))?;
    Ok((listener, format!("http://{address}")))
}

/// The template as it is with the issuer that listens at `url`, and that issuer.
fn read_template(
    options: &Options,
    url: &str,
    aws_url: &str,
    data: Option<&DataDir>,
    outside: &Outside,
) -> Result<(Arc<Issuer>, Template), PlatformError> {
    let issuer_url = format!("{url}/dev");
    let mut parameters = options.parameters.clone();
    outside.tell(&mut parameters);
    parameters.insert(AWS_URL.to_owned(), aws_url.to_owned());
    parameters.insert(ISSUER_PARAMETER.to_owned(), issuer_url.clone());
    let audience = parameters.entry(AUDIENCE_PARAMETER.to_owned()).or_insert_with(|| AUDIENCE.to_owned());
    let key_file = data.map(|it| it.path("issuer.pem"));
    let issuer = Arc::new(Issuer::new(&issuer_url, audience, key_file.as_deref())?);
    let template = Template::read(&options.template, &parameters)?;
    check_targets(&template)?;
    Ok((issuer, template))
}

fn open_store(data: Option<&DataDir>, template: &Template) -> Result<DynamoDb, PlatformError> {
    let store = match data {
        None => DynamoDb::memory()?,
        Some(data) => DynamoDb::open(&data.path("dynamodb.sqlite"))?,
    };
    store.create_tables(&template.tables)?;
    Ok(store)
}

fn services(
    store: &DynamoDb,
    queues: &Sqs,
    objects: S3,
    secrets: Secrets,
) -> BTreeMap<&'static str, Arc<dyn Service>> {
    BTreeMap::from([
        ("dynamodb", Arc::new(store.clone()) as Arc<dyn Service>),
        ("sqs", Arc::new(queues.clone()) as Arc<dyn Service>),
        ("s3", Arc::new(objects) as Arc<dyn Service>),
        ("secretsmanager", Arc::new(secrets) as Arc<dyn Service>),
    ])
}

fn open_queues(data: Option<&DataDir>, aws_url: &str, template: &Template) -> Result<Sqs, PlatformError> {
    let queues = match data {
        None => Sqs::memory(aws_url, wall_clock())?,
        Some(data) => Sqs::open(&data.path("sqs.sqlite"), aws_url, wall_clock())?,
    };
    queues.create_queues(&template.queues)?;
    Ok(queues)
}

fn open_objects(data: Option<&DataDir>, keys: &AccessKeys, template: &Template) -> Result<S3, PlatformError> {
    let objects = match data {
        None => S3::memory(keys.clone())?,
        Some(data) => S3::open(&data.path("s3.sqlite"), &data.path("s3"), keys.clone())?,
    };
    objects.create_buckets(&template.buckets)?;
    Ok(objects)
}

fn open_secrets(data: Option<&DataDir>) -> Result<Secrets, PlatformError> {
    let clock = wall_clock();
    Ok(match data {
        None => Secrets::memory(clock)?,
        Some(data) => Secrets::open(&data.path("secrets.sqlite"), clock)?,
    })
}

/// All functions have the variables of `Globals`, so any function's will do.
fn tenant_settings(template: &Template, cloud: &Cloud, caches: &Arc<Caches>) -> Option<TenantSettings> {
    let variables = &template.functions.first()?.environment;
    TenantSettings::new(&cloud.sdk_config("dev"), variables, caches)
}

/// A mapping reads and reports as its function.
fn check_mappings(template: &Template, permissions: &Permissions) -> Result<(), PlatformError> {
    let streams = template.mappings.iter().map(|it| {
        let reported = it.on_failure.as_deref().map(|queue| (ON_FAILURE, queue_arn(queue)));
        (&it.name, &it.function, [Some((STREAM_MAPPING, stream_arn(&it.table))), reported])
    });
    let queues = template
        .queue_mappings
        .iter()
        .map(|it| (&it.name, &it.function, [Some((QUEUE_MAPPING, queue_arn(&it.queue))), None]));
    for (name, function, needs) in streams.chain(queues) {
        for (actions, resource) in needs.into_iter().flatten() {
            let lent = permissions.lent(function, actions, &resource);
            lent.map_err(|missing| PlatformError::Mapping(name.clone(), missing))?;
        }
    }
    Ok(())
}

fn check_targets(template: &Template) -> Result<(), PlatformError> {
    let routes = template.routes.iter().map(|it| (format!("{} {}", it.method, it.path), &it.function));
    let streams = template.mappings.iter().map(|it| (it.name.clone(), &it.function));
    let queues = template.queue_mappings.iter().map(|it| (it.name.clone(), &it.function));
    for (from, function) in routes.chain(streams).chain(queues) {
        if !template.functions.iter().any(|it| it.name == *function) {
            return Err(PlatformError::NoFunction { from, function: function.clone() });
        }
    }
    Ok(())
}

fn shared_caches(template: &Template) -> Result<Caches, PlatformError> {
    let seconds = template.functions.iter().find_map(|it| it.environment.get("CACHE_TTL_SECONDS"));
    Caches::from_variable(seconds.map(String::as_str)).map_err(PlatformError::Variables)
}

/// What functions in processes of their own need besides.
struct Processes<'a> {
    aws_url: &'a str,
    stopping: &'a watch::Receiver<bool>,
}

fn start_functions(
    template: &Template,
    options: &Options,
    cloud: &Cloud,
    caches: &Arc<Caches>,
    processes: &Processes<'_>,
) -> Result<Functions, PlatformError> {
    let mut by_name = BTreeMap::new();
    for spec in &template.functions {
        let deployed = match (options.handlers.get(&spec.name), options.runtime) {
            (Some(planted), _) => Deployed { timeout: spec.timeout, handler: Arc::clone(planted) },
            (None, Runtime::InProcess) => {
                let handler = options.hosting.host(Starter::new(spec, cloud, caches)?)?;
                Deployed { timeout: spec.timeout, handler }
            }
            (None, Runtime::Process) => {
                let access_keys = cloud.access_keys().clone();
                let surroundings = Surroundings { aws_url: processes.aws_url.to_owned(), access_keys };
                let handler = runtime::function(spec, surroundings, processes.stopping)?;
                Deployed { timeout: handler.longest(), handler }
            }
        };
        by_name.insert(spec.name.clone(), deployed);
    }
    let reserved = template.functions.iter().filter_map(|it| Some((it.name.clone(), it.reserved?))).collect();
    Ok(Functions::new(by_name).with_reserved(&reserved))
}

async fn serve(
    listener: TcpListener,
    gateway: Arc<Gateway>,
    dev: Router<Arc<Gateway>>,
    mut stopping: watch::Receiver<bool>,
) {
    let app = own_port(dev.fallback(at_gateway).with_state(gateway));
    let listener = listener.tap_io(|connection| {
        if let Err(error) = connection.set_nodelay(true) {
            tracing::debug!(error = error.to_string(), "a connection keeps its delay");
        }
    });
    let server = axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>());
    let until = async move {
        // It fails only when the platform was dropped, which stops it too.
        let _stopped_or_dropped = stopping.wait_for(|it| *it).await;
    };
    if let Err(error) = server.with_graceful_shutdown(until).await {
        tracing::error!(error = error.to_string(), "the server failed");
    }
}

async fn at_gateway(
    State(gateway): State<Arc<Gateway>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> axum::response::Response {
    gateway.answer(peer, request).await
}

#[cfg(test)]
mod tests;
