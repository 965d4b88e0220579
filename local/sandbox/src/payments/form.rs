//! Form-encoded parameters with brackets, as Stripe takes them: `metadata[order]=7&expand[]=latest_charge`.

use std::collections::BTreeMap;

use super::error::Refusal;

/// Stripe's limits of metadata.
const METADATA_MAX: usize = 50;
const NAME_MAX: usize = 40;
const VALUE_MAX: usize = 500;

/// The parameters of a request, in their order.
#[derive(Debug, Clone, Default)]
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    pub(super) fn parse(body: &[u8]) -> Self {
        Self(form_urlencoded::parse(body).into_owned().collect())
    }

    /// The same parameters always in the same order: what tells requests with one key apart.
    pub(super) fn canonical(&self) -> String {
        let mut pairs: Vec<_> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.sort_unstable();
        pairs.join("\n")
    }

    /// Refuses what is not among the known parameters, as Stripe does: a misspelt one would go unseen.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), Refusal> {
        let unknown = self.0.iter().map(|(name, _)| name).find(|name| !known.contains(&root(name)));
        unknown.map_or(Ok(()), |name| {
            Err(Refusal::invalid(
                name,
                Some("parameter_unknown"),
                format!("Received unknown parameter: {name}"),
            ))
        })
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str()).filter(|it| !it.is_empty())
    }

    pub(super) fn need(&self, name: &str) -> Result<&str, Refusal> {
        self.text(name).ok_or_else(|| Refusal::missing(name))
    }

    /// A positive amount in the currency's smallest unit.
    pub(super) fn amount(&self, name: &str) -> Result<Option<i64>, Refusal> {
        let Some(text) = self.text(name) else { return Ok(None) };
        match text.parse() {
            Ok(amount) if amount > 0 => Ok(Some(amount)),
            Ok(_) => Err(Refusal::invalid(
                name,
                Some("parameter_invalid_integer"),
                "This value must be greater than or equal to 1.",
            )),
            Err(_) => Err(Refusal::invalid(
                name,
                Some("parameter_invalid_integer"),
                format!("Invalid integer: {text}"),
            )),
        }
    }

    pub(super) fn truth(&self, name: &str) -> Result<bool, Refusal> {
        match self.text(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(other) => Err(Refusal::invalid(name, None, format!("Invalid boolean: {other}"))),
        }
    }

    /// `metadata[name]=value`; an empty value means none.
    pub(super) fn metadata(&self) -> Result<BTreeMap<String, String>, Refusal> {
        let inner = |name: &str| name.strip_prefix("metadata[")?.strip_suffix(']').map(str::to_owned);
        let pairs = self.0.iter().filter_map(|(name, value)| Some((inner(name)?, value.clone())));
        let metadata: BTreeMap<_, _> = pairs.filter(|(_, value)| !value.is_empty()).collect();
        let too_long = |(name, value): (&String, &String)| {
            name.chars().count() > NAME_MAX || value.chars().count() > VALUE_MAX
        };
        if metadata.len() > METADATA_MAX || metadata.iter().any(too_long) {
            let words = format!(
                "Metadata can have {METADATA_MAX} keys of {NAME_MAX} characters with values of {VALUE_MAX} characters."
            );
            return Err(Refusal::invalid("metadata", None, words));
        }
        Ok(metadata)
    }

    /// Whether the list `expand` names it.
    pub(super) fn expands(&self, what: &str) -> bool {
        self.0.iter().any(|(name, value)| root(name) == "expand" && value == what)
    }
}

fn root(name: &str) -> &str {
    name.split_once('[').map_or(name, |(root, _)| root)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_are_metadata_and_lists() {
        let form =
            Form::parse(b"amount=5&metadata[order]=a%20b&metadata[gone]=&expand[]=latest_charge&expand[1]=x");
        assert_eq!(form.metadata().unwrap(), BTreeMap::from([("order".to_owned(), "a b".to_owned())]));
        assert!(form.expands("latest_charge") && form.expands("x") && !form.expands("order"));
        assert_eq!(form.amount("amount").unwrap(), Some(5));
    }

    #[test]
    fn what_is_misspelt_or_no_amount_is_refused_with_its_name() {
        let form = Form::parse(b"ammount=5&metadata[a]=b&zero=0&words=five");
        let refused = form.only(&["amount", "metadata", "zero", "words"]).unwrap_err();
        assert_eq!(refused.body()["error"]["param"], "ammount");
        for name in ["zero", "words"] {
            assert_eq!(form.amount(name).unwrap_err().body()["error"]["code"], "parameter_invalid_integer");
        }
    }

    #[test]
    fn the_order_of_parameters_tells_no_requests_apart() {
        assert_eq!(Form::parse(b"a=1&b=2").canonical(), Form::parse(b"b=2&a=1").canonical());
        assert_ne!(Form::parse(b"a=1&b=2").canonical(), Form::parse(b"a=1&b=3").canonical());
    }
}
