//! JSON as a reader has it: `amount 14.50 GBP, attempt 1`, `lines 2 × …0003, 1 × …000a`.

use penstock_domain::Money;
use serde_json::{Map, Value};

const LOOPBACK: &str = "127.0.0.1";
const LOOPBACK_PORT: &str = "127.0.0.1:";

/// A value in words.
pub(super) fn words(value: &Value) -> String {
    match value {
        Value::Object(members) => known(value, members).unwrap_or_else(|| of_members(members)),
        Value::Array(items) => items.iter().map(inner).collect::<Vec<_>>().join(", "),
        Value::String(text) => text.clone(),
        Value::Null => "none".to_owned(),
        other => other.to_string(),
    }
}

fn of_members(members: &Map<String, Value>) -> String {
    members.iter().map(|(name, it)| format!("{name} {}", inner(it))).collect::<Vec<_>>().join(", ")
}

/// Within others, members are held together.
fn inner(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            known(value, members).unwrap_or_else(|| format!("({})", of_members(members)))
        }
        other => words(other),
    }
}

/// Money, and so many of a product or of a line.
fn known(value: &Value, members: &Map<String, Value>) -> Option<String> {
    if let (Some(product), Some(quantity)) = (members.get("productId"), members.get("quantity")) {
        return Some(format!("{quantity} × …{}", tail(product.as_str()?)));
    }
    if let (Some(line), Some(quantity)) = (members.get("line"), members.get("quantity")) {
        return Some(format!("{quantity} of line {line}"));
    }
    let money: Money = serde_json::from_value(value.clone()).ok()?;
    Some(money.to_string())
}

/// The end of an id, which tells products of a run apart.
pub(super) fn tail(id: &str) -> &str {
    &id[id.len().saturating_sub(4)..]
}

/// The text without the ports of this machine, which no seed decides.
pub(super) fn without_ports(text: &str) -> String {
    let mut parts = text.split(LOOPBACK_PORT);
    let first = parts.next().unwrap_or_default().to_owned();
    let digits = |it: char| it.is_ascii_digit();
    parts.fold(first, |text, part| format!("{text}{LOOPBACK}{}", part.trim_start_matches(digits)))
}

/// `1st`, `2nd`, `3rd`, `11th`.
pub(super) fn ordinal(number: &str) -> String {
    let ending = match (
        number.ends_with("11") || number.ends_with("12") || number.ends_with("13"),
        number.chars().last(),
    ) {
        (false, Some('1')) => "st",
        (false, Some('2')) => "nd",
        (false, Some('3')) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn money_and_units_are_told_as_people_do() {
        let event = json!({
            "amount": {"currency": "GBP", "minor": 1450}, "attempt": 1, "contact": {"email": "a@b.example"},
            "lines": [{"productId": "00a1-0003", "quantity": 2, "sku": "x"}], "reason": null,
        });
        let told = "amount 14.50 GBP, attempt 1, contact (email a@b.example), lines 2 × …0003, reason none";
        assert_eq!(words(&event), told);
    }

    #[test]
    fn ports_are_left_out() {
        let text = "http://127.0.0.1:33411/track/1 and 127.0.0.1:80, 127.0.0.1";
        assert_eq!(without_ports(text), "http://127.0.0.1/track/1 and 127.0.0.1, 127.0.0.1");
    }

    #[test]
    fn numbers_are_counted_in_english() {
        assert_eq!(
            ["1", "2", "3", "4", "11", "22"].map(ordinal),
            ["1st", "2nd", "3rd", "4th", "11th", "22nd"]
        );
    }
}
