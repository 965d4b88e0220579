use super::*;
use std::collections::BTreeSet;

use penstock_domain::order::REASON_LENGTH_MAX;
use penstock_domain::{Limits, ProductDetails};

use crate::problem::{Code, Problem};

#[test]
fn it_is_openapi_3_1_and_has_every_route() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    for Route { method, path, operation, auth, .. } in ROUTES {
        let described = &document["paths"][path][method.to_lowercase()];
        assert_eq!(described["operationId"], operation, "{method} {path}");
        assert_eq!(described.get("security").is_none(), auth, "{method} {path}");
    }
}

#[test]
fn it_has_the_shape_of_an_openapi_document() {
    let read: utoipa::openapi::OpenApi = serde_json::from_value(document()).unwrap();
    assert_eq!(read.paths.paths.len(), ROUTES.iter().map(|route| route.path).collect::<BTreeSet<_>>().len());
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document();
    let mut references = BTreeSet::new();
    gather_references(&document, &mut references);
    assert!(references.len() > 20, "{references:?}");
    for reference in references {
        assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
    }
}

#[test]
fn every_parameter_of_a_path_is_described() {
    let document = document();
    for route in ROUTES {
        let described = document["paths"][route.path][route.method.to_lowercase()]["parameters"].to_string();
        for name in route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
            assert!(described.contains(&format!("/parameters/{name}\"")), "{} {name}", route.path);
        }
    }
}

#[test]
fn every_code_is_described_except_those_of_paths_that_do_not_exist() {
    let text = document()["paths"].to_string();
    let missing: Vec<_> =
        Code::ALL.iter().filter(|code| !text.contains(&format!("`{}`", code.name()))).collect();
    assert_eq!(missing, [&Code::UnknownRoute, &Code::MethodNotAllowed]);
}

#[test]
fn codes_are_listed_as_they_are_on_the_wire() {
    let names: Vec<_> = Code::ALL.iter().map(|code| code.name()).collect();
    assert_eq!(document()["components"]["schemas"]["ProblemCode"]["enum"], serde_json::json!(names));
}

#[test]
fn the_examples_of_bodies_are_read_by_their_parsers() {
    for (name, parse) in parsers() {
        let example = example_of(name);
        assert_eq!(parse(example.to_string().as_bytes()), Ok(()), "{name} {example}");
    }
}

#[test]
fn the_parsers_know_the_fields_of_the_schemas_and_no_others() {
    for (name, parse) in parsers() {
        let schema = &document()["components"]["schemas"][name];
        assert_eq!(schema["additionalProperties"], false, "{name}");
        let known: Vec<_> = schema["properties"].as_object().into_iter().flat_map(|all| all.keys()).collect();
        let mut body: Map<String, Value> = known.iter().map(|name| ((*name).clone(), json!([[]]))).collect();
        body.insert("unknown".to_owned(), json!(1));
        let problem = parse(Value::Object(body).to_string().as_bytes()).unwrap_err();
        let unknown =
            problem.details.iter().filter(|detail| detail.reason == "is not a field of the contract");
        assert_eq!(unknown.map(|detail| detail.pointer.as_str()).collect::<Vec<_>>(), ["/unknown"], "{name}");
        let required = schema["required"].as_array().map_or(0, Vec::len);
        let missing = parse(b"{}").map_or_else(|problem| problem.details.len(), |()| 0);
        assert_eq!(missing, required, "{name}");
    }
}

#[test]
fn the_schemas_have_the_domains_limits() {
    let schemas = &document()["components"]["schemas"];
    let limit = |pointer: &str| {
        schemas.pointer(pointer).and_then(Value::as_u64).unwrap_or_else(|| panic!("{pointer}"))
    };
    let lines = u64::from(Limits::LINES_PER_ORDER_CEILING);
    let units = u64::from(Limits::UNITS_PER_LINE_CEILING);
    assert_eq!(limit("/CreateOrder/properties/items/maxItems"), lines);
    assert_eq!(limit("/EditLines/properties/items/maxItems"), lines);
    assert_eq!(limit("/WantedItem/properties/quantity/maximum"), units);
    assert_eq!(limit("/OrderItem/properties/quantity/maximum"), units);
    assert_eq!(limit("/CancelOrder/properties/reason/maxLength"), REASON_LENGTH_MAX as u64);
    assert_eq!(limit("/PutProduct/properties/sku/maxLength"), ProductDetails::SKU_LENGTH_MAX as u64);
    assert_eq!(limit("/PutProduct/properties/name/maxLength"), ProductDetails::NAME_LENGTH_MAX as u64);
    assert_eq!(
        limit("/PutProduct/properties/category/maxLength"),
        ProductDetails::CATEGORY_LENGTH_MAX as u64
    );
}

#[test]
fn a_repeated_creation_is_answered_with_the_order() {
    let response = &document()["paths"]["/v1/orders"]["post"]["responses"]["409"];
    let schema = &response["content"]["application/json"]["schema"]["$ref"];
    assert_eq!(schema, "#/components/schemas/Order");
}

type Parser = fn(&[u8]) -> Result<(), Problem>;

fn parsers() -> [(&'static str, Parser); 11] {
    [
        ("CreateOrder", |body| CreateOrder::parse(body).map(drop)),
        ("EditLines", |body| EditLines::parse(body).map(drop)),
        ("PlaceOrder", |body| PlaceOrder::parse(body).map(drop)),
        ("CancelOrder", |body| CancelOrder::parse(body).map(drop)),
        ("CreatePayment", |body| CreatePayment::parse(body).map(drop)),
        ("CreateShipment", |body| CreateShipment::parse(body).map(drop)),
        ("UpdateTracking", |body| UpdateTracking::parse(body).map(drop)),
        ("RequestReturn", |body| RequestReturn::parse(body).map(drop)),
        ("ReceiveReturn", |body| ReceiveReturn::parse(body).map(drop)),
        ("PutProduct", |body| PutProduct::parse(body).map(drop)),
        ("AdjustStock", |body| AdjustStock::parse(body).map(drop)),
    ]
}

fn example_of(schema: &str) -> Value {
    let bodies = ROUTES.iter().filter_map(|route| operations::of(route.operation).body);
    bodies
        .into_iter()
        .find(|body| body.schema == schema)
        .expect("each schema is a body of an operation")
        .example
}

fn gather_references(value: &Value, references: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            references.extend(members.get("$ref").and_then(Value::as_str).map(ToOwned::to_owned));
            members.values().for_each(|member| gather_references(member, references));
        }
        Value::Array(entries) => entries.iter().for_each(|entry| gather_references(entry, references)),
        _ => {}
    }
}
