//! The HTTP API of a template: authorizers, CORS, throttling.

use std::collections::BTreeMap;
use std::time::Duration;

use super::error::TemplateError;
use super::node::Node;

/// An `AWS::Serverless::HttpApi`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Api {
    /// The JWT authorizers by name.
    pub authorizers: BTreeMap<String, JwtAuthorizer>,
    /// The authorizer of every route that does not say otherwise.
    pub default_authorizer: Option<String>,
    /// Who may call from a browser; without it, the gateway adds no CORS header.
    pub cors: Option<Cors>,
    /// The limit of every route that does not say otherwise.
    pub throttle: Option<Throttle>,
    /// Limits of single routes, by route key (`POST /v1/orders`).
    pub route_throttles: BTreeMap<String, Throttle>,
}

/// What a JWT must say.
#[derive(Debug, Clone, PartialEq)]
pub struct JwtAuthorizer {
    /// The claim `iss`.
    pub issuer: String,
    /// One of these must be among the claim `aud` (or be `client_id`).
    pub audience: Vec<String>,
}

/// `CorsConfiguration`.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(missing_docs, reason = "the members are CloudFormation's")]
pub struct Cors {
    pub allow_origins: Vec<String>,
    pub allow_methods: Vec<String>,
    pub allow_headers: Vec<String>,
    pub expose_headers: Vec<String>,
    pub max_age: Option<Duration>,
    pub allow_credentials: bool,
}

/// A token bucket's size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Throttle {
    /// Requests a second in the long run.
    pub rate: f64,
    /// Requests at once.
    pub burst: f64,
}

pub(super) const DONE: &[&str] = &[
    "Auth",
    "CorsConfiguration",
    "DefaultRouteSettings",
    "RouteSettings",
    "StageName",
    "Name",
    "Description",
];

pub(super) fn read(properties: &Node<'_>) -> Result<Api, TemplateError> {
    let mut api = Api::default();
    if let Some(auth) = properties.get("Auth") {
        api.default_authorizer = auth.get("DefaultAuthorizer").map(|it| it.text()).transpose()?;
        for (name, declared) in auth.get("Authorizers").iter().flat_map(Node::members) {
            api.authorizers.insert(name.clone(), authorizer(&declared)?);
        }
    }
    api.cors = properties.get("CorsConfiguration").map(|it| cors(&it)).transpose()?;
    api.throttle = properties.get("DefaultRouteSettings").map(|it| throttle(&it)).transpose()?.flatten();
    for (route, settings) in properties.get("RouteSettings").iter().flat_map(Node::members) {
        api.route_throttles.extend(throttle(&settings)?.map(|it| (route.clone(), it)));
    }
    Ok(api)
}

fn authorizer(declared: &Node<'_>) -> Result<JwtAuthorizer, TemplateError> {
    let jwt = declared.need("JwtConfiguration")?;
    Ok(JwtAuthorizer { issuer: jwt.need("issuer")?.text()?, audience: jwt.need("audience")?.texts()? })
}

fn throttle(settings: &Node<'_>) -> Result<Option<Throttle>, TemplateError> {
    match (settings.get("ThrottlingRateLimit"), settings.get("ThrottlingBurstLimit")) {
        (Some(rate), Some(burst)) => Ok(Some(Throttle { rate: rate.number()?, burst: burst.number()? })),
        (None, None) => Ok(None),
        _ => Err(settings.wrong("both ThrottlingRateLimit and ThrottlingBurstLimit")),
    }
}

fn cors(declared: &Node<'_>) -> Result<Cors, TemplateError> {
    if declared.value.is_boolean() {
        let all = vec!["*".to_owned()];
        let open = Cors {
            allow_origins: all.clone(),
            allow_methods: all.clone(),
            allow_headers: all,
            ..Cors::default()
        };
        return Ok(if declared.flag()? { open } else { Cors::default() });
    }
    let list = |name: &str| declared.get(name).map_or(Ok(vec![]), |it| it.texts());
    Ok(Cors {
        allow_origins: list("AllowOrigins")?,
        allow_methods: list("AllowMethods")?,
        allow_headers: list("AllowHeaders")?,
        expose_headers: list("ExposeHeaders")?,
        max_age: declared.get("MaxAge").map(|it| it.seconds()).transpose()?,
        allow_credentials: declared.get("AllowCredentials").map_or(Ok(false), |it| it.flag())?,
    })
}
