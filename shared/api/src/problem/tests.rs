use super::*;
use penstock_domain::order::{LineProblem, LineProblemKind, Refusal};
use penstock_domain::{Money, ProductId};
use serde_json::{Value, json};
use uuid::Uuid;

#[test]
fn a_document_has_the_members_of_rfc_9457_and_ours() {
    let problem = Problem::validation(vec![Detail::new("/items/3/quantity", "is missing")]);
    assert_eq!(
        shown(&problem.with_instance("urn:penstock:request:7")),
        json!({
            "type": "urn:penstock:problem:validation-failed",
            "title": "The request is not what the contract says",
            "status": 400,
            "detail": "/items/3/quantity is missing.",
            "instance": "urn:penstock:request:7",
            "code": "validation-failed",
            "message": "/items/3/quantity is missing.",
            "details": [{ "pointer": "/items/3/quantity", "reason": "is missing" }],
        })
    );
}

#[test]
fn details_is_an_array_even_when_there_are_none() {
    assert_eq!(shown(&Problem::internal())["details"], json!([]));
}

#[test]
fn names_of_codes_are_unique_and_the_ones_that_serde_writes() {
    let mut names: Vec<_> = Code::ALL.iter().map(|code| code.name()).collect();
    for code in Code::ALL {
        assert_eq!(json!(code), code.name());
        assert!((400..600).contains(&code.status()), "{code:?}");
    }
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Code::ALL.len());
}

#[test]
fn a_state_that_does_not_allow_it_is_named_with_what_it_allows() {
    let (status, action) = (Status::Shipped, Action::CancelOrder);
    let allowed = vec![Action::UpdateTracking, Action::ConfirmDelivery];
    let problem = shown(&Problem::refused(&Refusal::NotAllowed { status, action, allowed }));
    assert_eq!((&problem["status"], &problem["code"]), (&json!(409), &json!("order-state")));
    assert_eq!(problem["orderStatus"], "SHIPPED");
    assert_eq!(problem["allowed"], json!(["updateTracking", "confirmDelivery"]));
    let sentence = "An order that is SHIPPED does not allow cancelOrder; allowed from there: updateTracking, confirmDelivery.";
    assert_eq!(problem["detail"], sentence);
}

#[test]
fn a_return_window_does_not_offer_what_it_refuses() {
    let at = "2010-12-31T00:00:00Z".parse().unwrap();
    let closed = Problem::refused(&Refusal::ReturnWindowClosed(at));
    assert_eq!((closed.status(), closed.allowed), (409, Some(vec![Action::ArchiveOrder])));
    let open = Problem::refused(&Refusal::ReturnWindowOpen(at));
    assert_eq!(
        (open.order_status, open.allowed),
        (Some(Status::Delivered), Some(vec![Action::RequestReturn]))
    );
}

#[test]
fn every_line_that_cannot_be_ordered_is_named_and_the_first_gives_the_code() {
    let price = Money::from_minor(250, "GBP".parse().unwrap()).unwrap();
    let kinds = [
        LineProblemKind::PriceChanged(price),
        LineProblemKind::UnknownProduct(ProductId::from(Uuid::nil())),
        LineProblemKind::Units { quantity: 101, max: 100 },
        LineProblemKind::OtherCurrency { price: "EUR".parse().unwrap(), order: price.currency() },
    ];
    let lines = kinds.into_iter().enumerate().map(|(line, kind)| LineProblem { line, kind }).collect();
    let problem = Problem::refused(&Refusal::Lines(lines));
    assert_eq!((problem.code, problem.status()), (Code::PriceChanged, 422));
    let pointers: Vec<_> = problem.details.iter().map(|detail| detail.pointer.as_str()).collect();
    assert_eq!(
        pointers,
        ["/items/0/unitPrice", "/items/1/productId", "/items/2/quantity", "/items/3/unitPrice"]
    );
    assert_eq!(problem.details[0].reason, "the price is 2.50 GBP now");
}

#[test]
fn refusals_of_the_whole_order_point_at_its_items() {
    for (refusal, code) in [
        (Refusal::NoLines, Code::ValidationFailed),
        (Refusal::TooManyLines { lines: 101, max: 100 }, Code::LimitExceeded),
        (Refusal::TotalTooLarge, Code::TotalTooLarge),
    ] {
        let problem = Problem::refused(&refusal);
        assert_eq!((problem.code, problem.details[0].pointer.as_str()), (code, "/items"));
    }
}

#[test]
fn what_a_client_can_act_on_is_in_the_headers() {
    assert_eq!(Problem::method_not_allowed(&["GET", "POST"]).headers, [("allow", "GET, POST".to_owned())]);
    assert_eq!(Problem::unavailable(5).headers, [("retry-after", "5".to_owned())]);
    assert_eq!(Problem::unauthorized().headers, [("www-authenticate", "Bearer".to_owned())]);
}

#[test]
fn a_document_never_grows_beyond_what_can_be_answered() {
    let problem = Problem::validation(vec![Detail::new("/x", "is wrong"); DETAILS_MAX + 1]);
    assert_eq!(problem.details.len(), DETAILS_MAX);
    assert!(problem.detail.starts_with(&(DETAILS_MAX + 1).to_string()), "{}", problem.detail);
}

fn shown(problem: &Problem) -> Value {
    serde_json::from_slice(&problem.to_json()).unwrap()
}
