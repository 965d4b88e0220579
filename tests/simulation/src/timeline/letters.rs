//! What in an invocation's payload is about an order: letters of messages, records of a stream, requests over HTTP.

use http::Method;
use serde_json::Value;
use uuid::Uuid;

use super::watch::Watch;
use super::words::tail;

/// What the names of our queues and tables begin with.
const STACK: &str = "penstock-";

/// What an invocation is for, as far as it is about the order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Errand {
    /// What it is to do: `pay/1`, `commit 3`, `POST /v1/orders`.
    pub(super) what: String,
    /// Whether it does nothing else.
    pub(super) is_alone: bool,
    /// The messages that it came with.
    pub(super) messages: Vec<Handed>,
    /// Which webhook it is: the company that sends it, and what it tells.
    pub(super) webhook: Option<(&'static str, String)>,
}

/// A message as a function is given it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Handed {
    /// Its id.
    pub(super) id: String,
    /// The queue.
    pub(super) queue: String,
    /// The letters about the order.
    pub(super) letters: String,
    /// How often the queue has handed it out, this time counted.
    pub(super) receives: String,
}

/// What an invocation's payload asks for; nothing when the order is not in it.
pub(super) fn errand(payload: &[u8], watch: &Watch) -> Option<Errand> {
    if !watch.is_about(payload) {
        return None;
    }
    let event: Value = serde_json::from_slice(payload).ok()?;
    match event["Records"].as_array() {
        None => over_http(&event),
        Some(records) if records.iter().all(|it| it["eventSource"] == "aws:sqs") => handed(records, watch),
        Some(records) => streamed(records, watch),
    }
}

fn over_http(event: &Value) -> Option<Errand> {
    let path = event["rawPath"].as_str()?;
    let method = event["requestContext"]["http"]["method"].as_str().unwrap_or_default();
    let told = || {
        let body: Value =
            serde_json::from_str(event["body"].as_str().unwrap_or_default()).unwrap_or_default();
        body["type"].as_str().unwrap_or("something").to_owned()
    };
    let webhook = match path {
        "/v1/webhooks/payments" => Some(("payment provider", told())),
        "/v1/webhooks/carrier" => Some(("carrier", told())),
        _ => None,
    };
    Some(Errand { what: request(method, path), is_alone: true, messages: vec![], webhook })
}

/// `POST …/payments`: a request about the order, without its id, and with the ends of others.
pub(super) fn request(method: &str, path: &str) -> String {
    let rest = path.strip_prefix("/v1/orders/").map(|it| it.split_once('/').map_or("", |(_, rest)| rest));
    let segments = rest.unwrap_or(path).split('/').map(|it| match Uuid::try_parse(it) {
        Ok(_) => format!("…{}", tail(it)),
        Err(_) => it.to_owned(),
    });
    let named = segments.collect::<Vec<_>>().join("/");
    match rest {
        None => format!("{method} {named}"),
        Some("") => format!("{method} …"),
        Some(_) => format!("{method} …/{named}"),
    }
}

/// The id of the order that a request creates, were it of this tenant and key.
pub(super) fn is_creation(method: &Method, path: &str) -> bool {
    *method == Method::POST && path == "/v1/orders"
}

fn handed(records: &[Value], watch: &Watch) -> Option<Errand> {
    let (mut messages, mut others) = (vec![], 0);
    for record in records {
        let (ours, rest) = letters(record["body"].as_str().unwrap_or_default(), watch);
        others += rest;
        if ours.is_empty() {
            continue;
        }
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        messages.push(Handed {
            id: text(&record["messageId"]),
            queue: queue(record["eventSourceARN"].as_str().unwrap_or_default()),
            letters: joined(&ours),
            receives: text(&record["attributes"]["ApproximateReceiveCount"]),
        });
    }
    let what = joined(&messages.iter().map(|it| it.letters.clone()).collect::<Vec<_>>());
    Some(Errand { what, is_alone: others == 0, messages, webhook: None })
}

fn streamed(records: &[Value], watch: &Watch) -> Option<Errand> {
    let keys = |it: &Value| it["dynamodb"]["Keys"].clone();
    let is_ours = |it: &Value| watch.is_about(it["pk"]["S"].as_str().unwrap_or_default().as_bytes());
    let (ours, others): (Vec<Value>, Vec<Value>) = records.iter().map(keys).partition(is_ours);
    let numbers: Vec<&str> = ours.iter().filter_map(|it| it["sk"]["N"].as_str()).collect();
    let what = format!("commit {}", numbers.join(", "));
    (!numbers.is_empty()).then(|| Errand {
        what,
        is_alone: others.is_empty(),
        messages: vec![],
        webhook: None,
    })
}

/// The names of a message's letters that are about the order, and how many are not.
pub(super) fn letters(body: &str, watch: &Watch) -> (Vec<String>, usize) {
    let letters = match serde_json::from_str(body) {
        Ok(Value::Array(letters)) => letters,
        Ok(letter) => vec![letter],
        Err(_) => return (vec![], 1),
    };
    let (ours, others): (Vec<Value>, Vec<Value>) =
        letters.into_iter().partition(|it| watch.is_about(it.to_string().as_bytes()));
    (ours.iter().map(|it| name(it, watch)).collect(), others.len())
}

/// `placed/2` for the order's second event, `pay/1` for its first step of that name, `deliver-webhook of 2` for what is about that event.
fn name(letter: &Value, watch: &Watch) -> String {
    let kind = letter["type"].as_str().unwrap_or_default().rsplit('.').next().unwrap_or_default();
    let of_order = watch.order().map(|it| format!("/{it}/")).unwrap_or_default();
    let within = |text: &str| {
        let rest = text.split_once(&of_order)?.1;
        let end = rest.find(|it: char| !it.is_alphanumeric() && !"-/".contains(it)).unwrap_or(rest.len());
        Some(rest[..end].to_owned())
    };
    match letter["id"].as_str().and_then(within) {
        Some(step) if step.contains('/') => step,
        Some(sequence) => format!("{kind}/{sequence}"),
        None => {
            within(&letter.to_string()).map_or_else(|| kind.to_owned(), |event| format!("{kind} of {event}"))
        }
    }
}

/// `placed/2, shipped/3`, and `deliver-webhook of 2, 3` for letters of the same kind.
pub(super) fn joined(names: &[String]) -> String {
    let mut all = String::new();
    let mut before = None;
    for name in names {
        let kind = name.split_once(" of ").map(|it| it.0);
        let rest = kind.filter(|it| before == Some(*it)).map_or(&**name, |kind| &name[kind.len() + 4..]);
        before = kind;
        if !all.is_empty() {
            all.push_str(", ");
        }
        all.push_str(rest);
    }
    all
}

/// The name of a queue by its URL or ARN.
pub(super) fn queue(address: &str) -> String {
    let name = address.rsplit(['/', ':']).next().unwrap_or_default();
    name.strip_prefix(STACK).unwrap_or(name).to_owned()
}

#[cfg(test)]
pub(super) mod tests {
    use penstock_domain::OrderId;
    use serde_json::json;

    use super::*;

    pub(crate) const OURS: &str = "13423f01-b4f1-5b6b-8ec2-9dd015e7a04f";
    pub(crate) const OTHER: &str = "7d7e824e-a389-5267-9e51-347b73de478e";

    #[test]
    fn of_a_batch_only_what_is_about_the_order_is_told() {
        let message = |id: &str, letters: Value| {
            json!({
                "messageId": id, "body": letters.to_string(), "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:eu-central-1:1:penstock-payments",
                "attributes": {"ApproximateReceiveCount": "2"},
            })
        };
        let records = json!({"Records": [
            message("1", json!([event(OTHER, 1)])),
            message("2", json!([event(OTHER, 2), event(OURS, 2), step(OURS)])),
        ]});
        let errand = errand(records.to_string().as_bytes(), &watch()).expect("it is about the order");
        assert_eq!((&*errand.what, errand.is_alone), ("placed/2, pay/1", false));
        let [message] = &*errand.messages else { panic!("{errand:?}") };
        assert_eq!((&*message.id, &*message.queue, &*message.receives), ("2", "payments", "2"));
    }

    #[test]
    fn a_payload_without_the_order_is_nothing_to_tell_of() {
        let records =
            json!({"Records": [{"eventSource": "aws:sqs", "body": json!([event(OTHER, 1)]).to_string()}]});
        assert_eq!(errand(records.to_string().as_bytes(), &watch()), None);
    }

    #[test]
    fn records_of_a_stream_are_told_by_the_numbers_of_their_commits() {
        let record = |order: &str, commit: &str| json!({"eventSource": "aws:dynamodb", "dynamodb": {"Keys": {"pk": {"S": format!("acme#{order}")}, "sk": {"N": commit}}}});
        let records = json!({"Records": [record(OURS, "3"), record(OURS, "4")]});
        let errand = errand(records.to_string().as_bytes(), &watch()).expect("it is about the order");
        assert_eq!((&*errand.what, errand.is_alone), ("commit 3, 4", true));
    }

    #[test]
    fn a_request_is_told_without_the_ids_that_everybody_knows() {
        let path = format!("/v1/orders/{OURS}/shipments/4a8e6cda-e171-5748-82ed-e0e777297023/tracking");
        assert_eq!(request("POST", &path), "POST …/shipments/…7023/tracking");
        assert_eq!(request("GET", &format!("/v1/orders/{OURS}")), "GET …");
        assert_eq!(request("POST", "/v1/orders"), "POST /v1/orders");
    }

    #[test]
    fn letters_of_a_kind_are_told_together() {
        let names = ["deliver-webhook of 1", "deliver-webhook of 2", "placed/2"].map(str::to_owned);
        assert_eq!(joined(&names), "deliver-webhook of 1, 2, placed/2");
    }

    pub(crate) fn watch() -> Watch {
        Watch::over(Some(OURS.parse::<OrderId>().unwrap()))
    }

    pub(crate) fn event(order: &str, sequence: u32) -> Value {
        json!({"id": format!("acme/{order}/{sequence}"), "type": "penstock.order.placed", "subject": order})
    }

    fn step(order: &str) -> Value {
        json!({"id": format!("acme/{order}/pay/1"), "type": "penstock.step.pay", "subject": order})
    }
}
