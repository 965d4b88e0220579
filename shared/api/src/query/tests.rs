use super::*;

const CUSTOMER: &str = "3f2b8c1e-7a55-4c0d-9d2f-6a1e5b7c9d10";

#[test]
fn without_parameters_a_list_is_everything_twenty_at_a_time() {
    let everything =
        ListOrders { customer_id: None, status: None, from: None, to: None, limit: 20, cursor: None };
    assert_eq!(ListOrders::parse([]), Ok(everything));
}

#[test]
fn each_parameter_is_read() {
    let query = [
        ("customerId", CUSTOMER),
        ("status", "PAYMENT_FAILED"),
        ("from", "2010-12-01T00:00:00Z"),
        ("to", "2010-12-01T01:00:00+01:00"),
        ("limit", "100"),
        ("cursor", "abc"),
    ];
    let wanted = ListOrders::parse(query).unwrap();
    assert_eq!(wanted.customer_id, Some(CUSTOMER.parse().unwrap()));
    assert_eq!(wanted.status, Some(Status::PaymentFailed));
    assert_eq!(wanted.from, wanted.to);
    assert_eq!((wanted.limit, wanted.cursor.as_deref()), (100, Some("abc")));
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let query = [
        ("customerId", "1"),
        ("status", "draft"),
        ("from", "yesterday"),
        ("to", "2010-12-01"),
        ("limit", "101"),
        ("tenant", "other"),
        ("limit", "5"),
    ];
    let places = refused(ListOrders::parse(query).unwrap_err());
    let expected =
        ["limit", "from", "to", "customerId", "status", "tenant"].map(|name| format!("query/{name}"));
    assert_eq!(places, expected);
}

#[test]
fn a_limit_is_1_to_100() {
    for limit in ["0", "101", "-1", "+5", "5.0", "", " 5", "1e1", "٥", "99999999999999999999"] {
        assert_eq!(refused(ListOrders::parse([("limit", limit)]).unwrap_err()), ["query/limit"], "{limit}");
        assert_eq!(refused(ListProducts::parse([("limit", limit)]).unwrap_err()), ["query/limit"], "{limit}");
    }
}

#[test]
fn a_time_that_ends_before_it_begins_is_refused() {
    let query = [("from", "2010-12-01T00:00:01Z"), ("to", "2010-12-01T00:00:00Z")];
    assert_eq!(refused(ListOrders::parse(query).unwrap_err()), ["query/to"]);
}

#[test]
fn other_filters_are_another_list_and_another_limit_is_not() {
    let filters =
        |query: &[(&'static str, &'static str)]| ListOrders::parse(query.iter().copied()).unwrap().filters();
    let one = filters(&[("from", "2010-12-01T00:00:00Z"), ("limit", "1")]);
    assert_eq!(one, filters(&[("limit", "2"), ("from", "2010-12-01T01:00:00+01:00")]));
    for other in
        [&[][..], &[("to", "2010-12-01T00:00:00Z")], &[("status", "DRAFT")], &[("customerId", CUSTOMER)]]
    {
        assert_ne!(one, filters(other));
    }
}

#[test]
fn a_category_is_as_long_as_a_products_may_be() {
    let long = "é".repeat(100);
    assert_eq!(ListProducts::parse([("category", long.as_str())]).unwrap().category, Some(long));
    for category in ["", &"é".repeat(101)] {
        assert_eq!(refused(ListProducts::parse([("category", category)]).unwrap_err()), ["query/category"]);
    }
}

#[test]
fn as_of_is_an_instant() {
    let as_of = AsOf::parse([("asOf", "2010-12-01T00:00:00Z")]).unwrap().as_of;
    assert_eq!(as_of, Some("2010-12-01T00:00:00Z".parse().unwrap()));
    assert_eq!(AsOf::parse([]).unwrap().as_of, None);
    assert_eq!(refused(AsOf::parse([("asOf", "2010-12-01T00:00:00 00:00")]).unwrap_err()), ["query/asOf"]);
}

#[test]
fn a_route_without_parameters_takes_none() {
    assert_eq!(none([]), Ok(()));
    assert_eq!(refused(none([("limit", "1")]).unwrap_err()), ["query/limit"]);
}

fn refused(problem: Problem) -> Vec<String> {
    assert_eq!(problem.status(), 400);
    problem.details.into_iter().map(|detail| detail.pointer).collect()
}
