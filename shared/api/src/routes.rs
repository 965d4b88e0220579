//! Every public route, once: what OpenAPI describes, and what unknown paths and methods are told.

/// One route of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// The HTTP method.
    pub method: &'static str,
    /// The path, with parameters in braces.
    pub path: &'static str,
    /// The function behind it: the folder's name in `functions/`.
    pub function: &'static str,
    /// Its name in OpenAPI: the function's, unless that has several routes.
    pub operation: &'static str,
    /// Whether it needs a token.
    pub auth: bool,
}

/// All routes. `template.yaml` has the same ones.
pub const ROUTES: [Route; 35] = [
    route("POST", "/v1/orders", "create-order"),
    route("GET", "/v1/orders", "list-orders"),
    route("GET", "/v1/orders/{orderId}", "get-order"),
    route("GET", "/v1/orders/{orderId}/events", "get-order-history"),
    route("PUT", "/v1/orders/{orderId}/lines", "edit-draft"),
    route("POST", "/v1/orders/{orderId}/placement", "place-order"),
    route("POST", "/v1/orders/{orderId}/cancellation", "cancel-order"),
    route("POST", "/v1/orders/{orderId}/payments", "create-payment"),
    route("POST", "/v1/orders/{orderId}/shipments", "create-shipment"),
    route("POST", "/v1/orders/{orderId}/shipments/{shipmentId}/tracking", "update-tracking"),
    route("POST", "/v1/orders/{orderId}/returns", "request-return"),
    route("POST", "/v1/orders/{orderId}/returns/{returnId}/receipt", "receive-return"),
    signed("/v1/webhooks/payments", "receive-payment-webhook"),
    signed("/v1/webhooks/carrier", "receive-carrier-webhook"),
    route("GET", "/v1/products", "list-products"),
    route("PUT", "/v1/products/{productId}", "put-product"),
    route("GET", "/v1/products/{productId}", "get-product"),
    route("DELETE", "/v1/products/{productId}", "delete-product"),
    route("GET", "/v1/stock/{productId}", "get-stock"),
    route("POST", "/v1/stock/{productId}/adjustments", "adjust-stock"),
    route("GET", "/v1/stock/{productId}/movements", "list-stock-movements"),
    route("GET", "/v1/webhooks", "list-webhooks"),
    route("PUT", "/v1/webhooks/{webhookId}", "put-webhook"),
    route("GET", "/v1/webhooks/{webhookId}", "get-webhook"),
    route("DELETE", "/v1/webhooks/{webhookId}", "delete-webhook"),
    route("POST", "/v1/webhooks/{webhookId}/secret", "rotate-webhook-secret"),
    route("POST", "/v1/webhooks/{webhookId}/test", "test-webhook"),
    route("GET", "/v1/webhooks/{webhookId}/deliveries", "list-webhook-deliveries"),
    route("POST", "/v1/webhooks/{webhookId}/deliveries/{deliveryId}/redelivery", "redeliver-webhook"),
    named("GET", "/v1/dead-letters", "list-dead-letters", "list-dead-letter-queues"),
    route("GET", "/v1/dead-letters/{queue}", "list-dead-letters"),
    route("POST", "/v1/dead-letters/{queue}/redrive", "redrive-dead-letters"),
    open("/v1/openapi.json", "get-openapi", "get-openapi"),
    open("/health/live", "get-health", "get-health-live"),
    open("/health/ready", "get-health", "get-health-ready"),
];

const fn route(method: &'static str, path: &'static str, function: &'static str) -> Route {
    Route { method, path, function, operation: function, auth: true }
}

const fn named(
    method: &'static str,
    path: &'static str,
    function: &'static str,
    operation: &'static str,
) -> Route {
    Route { method, path, function, operation, auth: true }
}

/// Called by another company, which has no token: what it sends is signed.
const fn signed(path: &'static str, function: &'static str) -> Route {
    Route { method: "POST", path, function, operation: function, auth: false }
}

const fn open(path: &'static str, function: &'static str, operation: &'static str) -> Route {
    Route { method: "GET", path, function, operation, auth: false }
}

/// The methods that a path takes; none when nothing is there.
pub fn allowed_methods(path: &str) -> Vec<&'static str> {
    ROUTES.iter().filter(|route| matches(route.path, path)).map(|route| route.method).collect()
}

/// A parameter stands for one part of a path, which is not empty.
fn matches(template: &str, path: &str) -> bool {
    let (mut templates, mut parts) = (template.split('/'), path.split('/'));
    loop {
        match (templates.next(), parts.next()) {
            (None, None) => return true,
            (Some(template), Some(part)) if template == part => {}
            (Some(template), Some(part)) if template.starts_with('{') && !part.is_empty() => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_takes_the_methods_of_its_routes() {
        for (path, methods) in [
            ("/v1/orders", vec!["POST", "GET"]),
            ("/v1/orders/7", vec!["GET"]),
            ("/v1/orders/7/lines", vec!["PUT"]),
            ("/v1/products/7", vec!["PUT", "GET", "DELETE"]),
            ("/health/live", vec!["GET"]),
        ] {
            assert_eq!(allowed_methods(path), methods, "{path}");
        }
    }

    #[test]
    fn nothing_is_at_other_paths() {
        for path in [
            "",
            "/",
            "/v1",
            "/v1/",
            "/v2/orders",
            "/v1/orders/",
            "/v1/orders//lines",
            "/v1/orders/7/lines/8",
            "/V1/orders",
        ] {
            assert_eq!(allowed_methods(path), [""; 0], "{path}");
        }
    }
}
