//! The routes that API Gateway knows and the operations that the contract describes.

use std::collections::BTreeSet;

use serde_json::Value;

use super::template::{Function, Route};

/// The route that takes what no other does. It is no operation: it refuses.
const DEFAULT: &str = "$default";

/// The template's routes, without the default one.
#[must_use]
pub fn routed(functions: &[Function]) -> Vec<Route> {
    let routes = functions.iter().flat_map(|function| &function.routes);
    routes.filter(|route| route.key != DEFAULT).cloned().collect()
}

/// The contract's operations. One is open when neither it nor the contract as a whole asks for a token.
#[must_use]
pub fn described(openapi: &Value) -> Vec<Route> {
    let paths = openapi["paths"].as_object().into_iter().flatten();
    paths.flat_map(|(path, item)| operations(path, item, &openapi["security"])).collect()
}

fn operations(path: &str, item: &Value, default: &Value) -> Vec<Route> {
    let methods = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];
    let has = methods.into_iter().filter(|method| item[*method].is_object());
    has.map(|method| {
        let security = item[method].get("security").unwrap_or(default);
        Route { key: format!("{} {path}", method.to_uppercase()), open: !asks_for_token(security) }
    })
    .collect()
}

fn asks_for_token(security: &Value) -> bool {
    let requirements = security.as_array().map_or(&[][..], Vec::as_slice);
    !requirements.is_empty() && requirements.iter().all(|it| it.as_object().is_some_and(|it| !it.is_empty()))
}

/// How routes read in a list: who may call them belongs to what they are.
#[must_use]
pub fn listed(routes: &[Route]) -> BTreeSet<String> {
    routes
        .iter()
        .map(|route| format!("{} ({})", route.key, if route.open { "open" } else { "token" }))
        .collect()
}

/// Routes that two functions claim.
#[must_use]
pub fn claimed_twice(functions: &[Function]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let routes =
        functions.iter().flat_map(|function| function.routes.iter().map(move |route| (function, route)));
    routes
        .filter(|(_, route)| !seen.insert(route.key.clone()))
        .map(|(function, route)| format!("{}: another function has {} already", function.folder, route.key))
        .collect()
}
