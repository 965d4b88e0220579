//! Money on the wire: `{"amount": 12.50, "currency": "GBP"}`, the amount a JSON number with the currency's decimals.

use std::borrow::Cow;

use penstock_domain::{Currency, Money};
use serde::ser::{Error, SerializeStruct};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::body::{Problems, Value};

/// Money as the wire has it. Neither printing nor reading makes a float of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WireMoney(pub Money);

impl WireMoney {
    /// Reads an amount exactly.
    pub(crate) fn read(value: &Value<'_>, problems: &mut Problems) -> Option<Self> {
        let mut fields = value.object(problems)?;
        let currency = fields.required("currency", problems, read_currency);
        let amount = fields.required("amount", problems, |value, problems| {
            let number = value.number(problems)?;
            match Money::parse(number, currency?) {
                Ok(money) => Some(money),
                Err(error) => {
                    value.refuse(error.to_string(), problems);
                    None
                }
            }
        });
        fields.end(problems);
        amount.map(Self)
    }
}

/// Reads a currency's three letters.
pub(crate) fn read_currency(value: &Value<'_>, problems: &mut Problems) -> Option<Currency> {
    match value.string(problems)?.parse() {
        Ok(currency) => Some(currency),
        Err(error) => {
            value.refuse(error.to_string(), problems);
            None
        }
    }
}

impl Serialize for WireMoney {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let amount = RawValue::from_string(self.0.amount()).map_err(S::Error::custom)?;
        let mut money = serializer.serialize_struct("Money", 2)?;
        money.serialize_field("amount", &amount)?;
        money.serialize_field("currency", self.0.currency().code())?;
        money.end()
    }
}

impl PartialSchema for WireMoney {
    fn schema() -> RefOr<Schema> {
        let amount = ObjectBuilder::new()
            .schema_type(Type::Number)
            .description(Some(
                "A decimal number, printed with exactly the currency's decimals and read exactly.",
            ))
            .minimum(Some(0));
        ObjectBuilder::new()
            .schema_type(Type::Object)
            .property("amount", amount)
            .property("currency", currency_schema())
            .required("amount")
            .required("currency")
            .additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(false)))
            .into()
    }
}

impl ToSchema for WireMoney {
    fn name() -> Cow<'static, str> {
        "Money".into()
    }
}

/// The schema of a currency's three letters.
pub(crate) fn currency_schema() -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some("A currency of ISO 4217 that has minor units."))
        .pattern(Some("^[A-Z]{3}$"))
        .examples(["GBP"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<WireMoney, Vec<String>> {
        body::read(text.as_bytes(), WireMoney::read)
            .map_err(|problem| problem.details.into_iter().map(|detail| detail.pointer).collect())
    }

    fn money(minor: i64, currency: &str) -> Money {
        Money::from_minor(minor, currency.parse().unwrap()).unwrap()
    }

    #[test]
    fn an_amount_is_a_number_with_the_currencys_decimals() {
        for (minor, currency, text) in [
            (1250, "GBP", r#"{"amount":12.50,"currency":"GBP"}"#),
            (1250, "JPY", r#"{"amount":1250,"currency":"JPY"}"#),
            (0, "KWD", r#"{"amount":0.000,"currency":"KWD"}"#),
        ] {
            assert_eq!(serde_json::to_string(&WireMoney(money(minor, currency))).unwrap(), text);
        }
    }

    #[test]
    fn an_amount_beyond_what_a_float_holds_is_exact() {
        let text = r#"{"amount": 9007199254740.99, "currency": "GBP"}"#;
        assert_eq!(read(text).unwrap().0.minor(), 900_719_925_474_099);
    }

    #[test]
    fn what_is_no_money_is_refused_where_it_stands() {
        for (text, pointers) in [
            (r#"{"amount":"12.50","currency":"GBP"}"#, vec!["/amount"]),
            (r#"{"amount":0.001,"currency":"GBP"}"#, vec!["/amount"]),
            (r#"{"amount":1e400,"currency":"GBP"}"#, vec!["/amount"]),
            (r#"{"amount":1,"currency":"XAU"}"#, vec!["/currency"]),
            (r#"{"amount":1,"currency":"GBP","x":1}"#, vec!["/x"]),
            (r#"{"amount":null}"#, vec!["/currency", "/amount"]),
            ("12.50", vec![""]),
        ] {
            assert_eq!(read(text).unwrap_err(), pointers, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(
            minor in -Money::MINOR_MAX..=Money::MINOR_MAX,
            currency in prop::sample::select(vec!["GBP", "JPY", "KWD"]),
        ) {
            let wire = WireMoney(money(minor, currency));
            prop_assert_eq!(read(&serde_json::to_string(&wire).unwrap()), Ok(wire));
        }
    }
}
