//! The HTTP client that every function's AWS clients get: it makes no HTTP, it asks the embedded services.
//!
//! It checks no signature: what passes here is in this process.

use std::fmt;
use std::io;
use std::sync::Arc;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body_util::BodyExt as _;

use super::Cloud;
use super::service::{Lost, ServiceReply, ServiceRequest, service_of};

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
        HttpConnectorFuture::new(async move { connector.answer(request).await })
    }
}

impl Connector {
    async fn answer(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let request = request.try_into_http1x().map_err(|it| ConnectorError::user(it.into()))?;
        let (head, body) = request.into_parts();
        let service =
            service_of(&head.headers).ok_or_else(|| refused("the request is not signed for any service"))?;
        let body = match body.bytes() {
            Some(body) => Bytes::copy_from_slice(body),
            None => body.collect().await.map_err(ConnectorError::user)?.to_bytes(),
        };
        let request = ServiceRequest::new(&self.function, &head, body);
        let reply = self.cloud.call(&service, request).await;
        let reply = reply.ok_or_else(|| refused(&format!("the laptop has no service named {service}")))?;
        response(reply)
    }
}

fn response(reply: ServiceReply) -> Result<HttpResponse, ConnectorError> {
    match reply.lost {
        Some(Lost::Reset) => {
            return Err(ConnectorError::io(io::Error::from(io::ErrorKind::ConnectionReset).into()));
        }
        Some(Lost::TimedOut) => {
            return Err(ConnectorError::timeout(io::Error::from(io::ErrorKind::TimedOut).into()));
        }
        None => {}
    }
    let response = reply.into_http().map(SdkBody::from);
    HttpResponse::try_from(response).map_err(|it| ConnectorError::user(it.into()))
}

fn refused(why: &str) -> ConnectorError {
    ConnectorError::user(why.to_owned().into())
}
