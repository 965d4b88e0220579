//! `samconfig.toml` gives each environment every parameter of the template, with values that it takes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::inventory::differences;

/// The parameters that `samconfig.toml` gives each environment that it deploys.
#[must_use]
pub fn given(samconfig: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let config: toml::Table = toml::from_str(samconfig).expect("samconfig.toml is TOML");
    let deployed = config.iter().filter_map(|(name, tables)| {
        let overrides = tables.get("deploy")?.get("parameters")?.get("parameter_overrides")?;
        Some((name.clone(), pairs(overrides)))
    });
    deployed.collect()
}

fn pairs(overrides: &toml::Value) -> BTreeMap<String, String> {
    let texts = overrides.as_array().into_iter().flatten().filter_map(toml::Value::as_str);
    texts
        .filter_map(|text| text.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// Parameters that an environment does not give, that the template does not have, or whose value it does not take.
#[must_use]
pub fn misconfigured(
    environment: &str,
    given: &BTreeMap<String, String>,
    wanted: &BTreeMap<String, Value>,
) -> Vec<String> {
    let names = |them: Vec<&String>| them.into_iter().cloned().collect::<BTreeSet<_>>();
    let unlike = differences(
        (environment, &names(given.keys().collect())),
        ("template.yaml", &names(wanted.keys().collect())),
    );
    let refused = given.iter().filter_map(|(name, value)| {
        let refusal = refusal(wanted.get(name)?, value)?;
        Some(format!("{environment}: {name}={value} {refusal}"))
    });
    let elsewhere = (given.get("Environment").map(String::as_str) != Some(environment))
        .then(|| format!("{environment}: Environment should be {environment}"));
    unlike.into_iter().chain(refused).chain(elsewhere).collect()
}

fn refusal(parameter: &Value, value: &str) -> Option<String> {
    let plain = |allowed: &Value| allowed.as_str().map_or_else(|| allowed.to_string(), str::to_owned);
    if let Some(allowed) = parameter["AllowedValues"].as_array()
        && !allowed.iter().any(|allowed| plain(allowed) == value)
    {
        return Some("is not among the allowed values".to_owned());
    }
    if parameter["Type"] != "Number" {
        return value.is_empty().then(|| "is empty".to_owned());
    }
    let Ok(number) = value.parse::<f64>() else { return Some("is no number".to_owned()) };
    let outside = parameter["MinValue"].as_f64().is_some_and(|min| number < min)
        || parameter["MaxValue"].as_f64().is_some_and(|max| number > max);
    outside.then(|| "is out of range".to_owned())
}
