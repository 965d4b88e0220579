//! The HTTP client that every function's AWS clients get: it makes no HTTP, it asks the embedded services.
//!
//! It checks no signature: what passes here is in this process.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;

use super::Cloud;
use super::calls::Call;
use super::service::{ServiceReply, ServiceRequest};

/// The HTTP client of one function.
#[derive(Clone)]
pub(super) struct Connector {
    pub(super) function: Arc<str>,
    pub(super) cloud: Cloud,
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Connector({})", self.function)
    }
}

impl HttpClient for Connector {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let connector = self.clone();
        HttpConnectorFuture::new(async move { connector.answer(&request).await })
    }
}

impl Connector {
    async fn answer(&self, request: &HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let service_name =
            signed_for(request).ok_or_else(|| refused("the request is not signed for any service"))?;
        let service = self
            .cloud
            .service(service_name)
            .ok_or_else(|| refused(&format!("the laptop has no service named {service_name}")))?;
        let body = request.body().bytes().ok_or_else(|| refused("streamed bodies are not taken here"))?;
        let to_service = ServiceRequest {
            function: self.function.to_string(),
            operation: operation_of(request).to_owned(),
            body: body.to_vec(),
        };
        let (operation, started) = (to_service.operation.clone(), Instant::now());
        let planted = match self.cloud.faults().plan() {
            Some(plan) => plan(to_service.clone()).await,
            None => None,
        };
        let reply = match planted {
            Some(reply) => reply,
            None => service.call(to_service).await,
        };
        self.record(service_name, operation, started, &reply);
        response(reply)
    }

    fn record(&self, service: &str, operation: String, started: Instant, reply: &ServiceReply) {
        self.cloud.calls().record(Call {
            function: self.function.to_string(),
            service: service.to_owned(),
            operation,
            tables: reply.resources.clone(),
            read_units: reply.read_units,
            write_units: reply.write_units,
            duration: started.elapsed(),
            error: reply.error.clone(),
        });
    }
}

/// The service in the signature's scope: `Credential=KEY/20260101/us-east-1/dynamodb/aws4_request`.
fn signed_for(request: &HttpRequest) -> Option<&str> {
    let scope = request.headers().get("authorization")?.split_once("Credential=")?.1;
    scope.split([',', ' ']).next()?.split('/').nth(3)
}

fn operation_of(request: &HttpRequest) -> &str {
    let target = request.headers().get("x-amz-target").unwrap_or_default();
    target.rsplit('.').next().unwrap_or_default()
}

fn response(reply: ServiceReply) -> Result<HttpResponse, ConnectorError> {
    let status =
        reply.status.try_into().map_err(|_| refused("a service answered with an impossible status"))?;
    let mut response = HttpResponse::new(status, SdkBody::from(reply.body));
    response.headers_mut().insert("content-type", reply.content_type);
    response.headers_mut().insert("x-amzn-requestid", uuid::Uuid::new_v4().to_string());
    Ok(response)
}

fn refused(why: &str) -> ConnectorError {
    ConnectorError::user(why.to_owned().into())
}
