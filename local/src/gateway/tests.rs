use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::functions::Deployed;
use crate::identity::Issuer;
use crate::planted::{Planted, planted_failure};

const TEMPLATE: &str = r"
Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      Auth:
        DefaultAuthorizer: Jwt
        Authorizers: { Jwt: { JwtConfiguration: { issuer: 'http://laptop/dev', audience: [penstock] } } }
      CorsConfiguration: { AllowOrigins: ['https://shop.example'], AllowMethods: [GET] }
      RouteSettings: { 'GET /tight': { ThrottlingRateLimit: 0.001, ThrottlingBurstLimit: 2 } }
  EchoFunction:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        A: { Type: HttpApi, Properties: { Method: POST, Path: '/echo/{id}' } }
        B: { Type: HttpApi, Properties: { Method: POST, Path: /open, Auth: { Authorizer: NONE } } }
        C: { Type: HttpApi, Properties: { Method: GET, Path: /tight, Auth: { Authorizer: NONE } } }
  FailFunction:
    Type: AWS::Serverless::Function
    Properties: { Events: { A: { Type: HttpApi, Properties: { Path: /fail, Method: GET, Auth: { Authorizer: NONE } } } } }
  CrashFunction:
    Type: AWS::Serverless::Function
    Properties: { Events: { A: { Type: HttpApi, Properties: { Path: /crash, Method: GET, Auth: { Authorizer: NONE } } } } }
  SlowFunction:
    Type: AWS::Serverless::Function
    Properties: { Events: { A: { Type: HttpApi, Properties: { Path: /slow, Method: GET, Auth: { Authorizer: NONE } } } } }
  NonsenseFunction:
    Type: AWS::Serverless::Function
    Properties: { Events: { A: { Type: HttpApi, Properties: { Path: /nonsense, Method: GET, Auth: { Authorizer: NONE } } } } }
";

#[tokio::test]
async fn a_caller_with_a_token_gets_to_the_function_with_its_claims() {
    let it = Setting::new();
    let request = Request::post("/echo/7").header("Authorization", it.token());
    let (status, body) = it.answer(request, "").await;
    assert_eq!(status, 200);
    assert_eq!(body["requestContext"]["authorizer"]["jwt"]["claims"]["tenant_id"], "acme");
    assert_eq!(body["pathParameters"]["id"], "7");
}

#[tokio::test]
async fn without_a_valid_token_it_answers_as_api_gateway_does() {
    let it = Setting::new();
    for header in [None, Some("Bearer nonsense")] {
        let mut request = Request::post("/echo/7");
        if let Some(header) = header {
            request = request.header("Authorization", header);
        }
        let response = it.gateway.answer(peer(), request.body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), 401);
        assert_eq!(response.headers()["www-authenticate"], "Bearer");
        assert_eq!(json_of(response).await, json!({"message": "Unauthorized"}));
    }
}

#[tokio::test]
async fn failures_of_functions_are_500_and_say_nothing_of_the_cause() {
    let it = Setting::new();
    for path in ["/fail", "/crash", "/nonsense"] {
        let (status, body) = it.answer(Request::get(path), "").await;
        assert_eq!((status, body), (500, json!({"message": "Internal Server Error"})), "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_function_over_its_own_timeout_is_500_and_over_the_gateways_503() {
    let mut it = Setting::new();
    assert_eq!(it.answer(Request::get("/slow"), "").await.0, 500);
    it.gateway.integration_max = Duration::from_millis(5);
    let (status, body) = it.answer(Request::get("/slow"), "").await;
    assert_eq!((status, body), (503, json!({"message": "Service Unavailable"})));
}

#[tokio::test]
async fn a_function_whose_concurrency_is_used_up_is_503() {
    let it = Setting::new();
    let (first, second) =
        tokio::join!(it.answer(Request::get("/slow"), ""), it.answer(Request::get("/slow"), ""));
    assert_eq!((first.0, second), (500, (503, json!({"message": "Service Unavailable"}))));
}

#[tokio::test]
async fn an_unknown_path_is_404_without_a_default_route() {
    let (status, body) = Setting::new().answer(Request::get("/nothing"), "").await;
    assert_eq!((status, body), (404, json!({"message": "Not Found"})));
}

#[tokio::test]
async fn too_many_requests_to_a_route_are_429() {
    let it = Setting::new();
    let mut seen = vec![];
    for _ in 0..3 {
        seen.push(it.answer(Request::get("/tight"), "").await.0);
    }
    assert_eq!(seen, [200, 200, 429]);
}

#[tokio::test]
async fn a_body_beyond_the_gateways_or_lambdas_limit_is_413() {
    let it = Setting::new();
    let (status, body) = it.answer(Request::post("/open"), &"x".repeat(10 * 1024 * 1024 + 1)).await;
    assert_eq!((status, body), (413, json!({"message": "Request Entity Too Large"})));
    assert_eq!(it.answer(Request::post("/open"), &"x".repeat(6 * 1024 * 1024)).await.0, 413);
    assert_eq!(it.answer(Request::post("/open"), &"x".repeat(1024 * 1024)).await.0, 200);
}

#[tokio::test]
async fn a_preflight_is_answered_by_the_gateway_and_answers_carry_the_origin() {
    let it = Setting::new();
    let preflight = Request::options("/echo/7")
        .header("Origin", "https://shop.example")
        .header("Access-Control-Request-Method", "GET");
    let response = it.gateway.answer(peer(), preflight.body(Body::empty()).unwrap()).await;
    assert_eq!(response.status(), 204);
    assert_eq!(response.headers()["access-control-allow-methods"], "GET");
    let refused = Request::post("/echo/7").header("Origin", "https://shop.example");
    let response = it.gateway.answer(peer(), refused.body(Body::empty()).unwrap()).await;
    assert_eq!(response.headers()["access-control-allow-origin"], "https://shop.example");
}

struct Setting {
    gateway: Gateway,
    issuer: Issuer,
}

impl Setting {
    fn new() -> Self {
        let template = Template::read(TEMPLATE, &BTreeMap::new()).unwrap();
        let issuer = Issuer::new("http://laptop/dev", "penstock", None).unwrap();
        let handlers: [(&str, Arc<dyn crate::handler::Handler>); 5] = [
            ("echo", Planted::handler(|payload| async { Ok(payload) })),
            ("fail", Planted::handler(|_| async { Err(planted_failure()) })),
            ("crash", Planted::handler(|_| async { panic!("planted") })),
            ("slow", Planted::handler(|_| std::future::pending())),
            ("nonsense", Planted::handler(|_| async { Ok(b"{\"statusCode\":\"x\"}".to_vec()) })),
        ];
        let deploy = |handler| Deployed { timeout: Duration::from_millis(100), handler };
        let functions =
            Functions::new(handlers.into_iter().map(|(it, handler)| (it.into(), deploy(handler))).collect())
                .with_reserved(&BTreeMap::from([("slow".to_owned(), 1)]));
        Self { gateway: Gateway::new(&template, issuer.keys(), functions), issuer }
    }

    fn token(&self) -> String {
        let request = serde_json::from_value(json!({"tenant": "acme", "subject": "me"})).unwrap();
        format!("Bearer {}", self.issuer.token(&request, Timestamp::now()).unwrap().token)
    }

    async fn answer(&self, request: http::request::Builder, body: &str) -> (u16, Value) {
        let response = self.gateway.answer(peer(), request.body(Body::from(body.to_owned())).unwrap()).await;
        (response.status().as_u16(), json_of(response).await)
    }
}

fn peer() -> SocketAddr {
    ([127, 0, 0, 1], 1).into()
}

async fn json_of(response: Response<Body>) -> Value {
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    serde_json::from_slice(&bytes).unwrap_or_default()
}
