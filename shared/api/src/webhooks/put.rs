//! What a tenant says of a webhook.

use std::collections::BTreeSet;

use penstock_domain::webhook::{DESCRIPTION_LENGTH_MAX, EventTypes, Reach, Target, Wanted};
use utoipa::ToSchema;

use super::{ALL, EVENT_TYPES};
use crate::body::{self, Problems, Value};
use crate::problem::Problem;

/// What `PUT /v1/webhooks/{webhookId}` takes.
#[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PutWebhook {
    /// Over TLS, to the public internet, without credentials in it. Redirects are not followed.
    #[schema(value_type = String, format = "uri", max_length = 2000, example = "https://shop.example.com/penstock")]
    url: Target,
    /// Types of events as envelopes name them, or `*` alone for all there are and will be.
    #[schema(value_type = Vec<String>, min_items = 1, max_items = 25, example = json!(["penstock.order.delivered"]))]
    event_types: EventTypes,
    #[schema(nullable = false, max_length = 200)]
    description: Option<String>,
    /// True when not said. What is enabled anew begins without failures.
    #[schema(nullable = false, default = true)]
    enabled: Option<bool>,
}

impl PutWebhook {
    /// Reads a body.
    ///
    /// # Errors
    /// With everything that is wrong in it.
    pub fn parse(body: &[u8], reach: Reach) -> Result<Self, Problem> {
        body::read(body, |value, problems| {
            let mut fields = value.object(problems)?;
            let url = fields.required("url", problems, |value, problems| target(value, reach, problems));
            let event_types = fields.required("eventTypes", problems, event_types);
            let described = fields.optional("description", problems, description);
            let enabled = fields.optional("enabled", problems, Value::boolean);
            fields.end(problems);
            Some(Self { url: url?, event_types: event_types?, description: described?, enabled: enabled? })
        })
    }

    /// What is wanted.
    pub fn wanted(self) -> Wanted {
        let Self { url, event_types, description, enabled } = self;
        Wanted { target: url, event_types, description, enabled: enabled.unwrap_or(true) }
    }
}

fn target(value: &Value<'_>, reach: Reach, problems: &mut Problems) -> Option<Target> {
    let target = Target::parse(&value.string(problems)?, reach);
    target.map_err(|error| value.refuse(error.to_string(), problems)).ok()
}

fn event_types(value: &Value<'_>, problems: &mut Problems) -> Option<EventTypes> {
    let entries = value.array(1..=EVENT_TYPES.len(), problems)?;
    let known = |name: &str| name == ALL || EVENT_TYPES.contains(&name);
    let mut types = BTreeSet::new();
    for entry in &entries {
        match entry.string(problems) {
            Some(name) if known(&name) => drop(types.insert(name)),
            Some(_) => entry.refuse("must be a type of event, such as penstock.order.placed, or *", problems),
            None => {}
        }
    }
    match types.contains(ALL) {
        true if types.len() > 1 => {
            value.refuse("must be * alone, or types without it", problems);
            None
        }
        true => Some(EventTypes::All),
        false => Some(EventTypes::These(types)),
    }
}

fn description(value: &Value<'_>, problems: &mut Problems) -> Option<String> {
    let text = value.string(problems)?;
    if text.chars().count() <= DESCRIPTION_LENGTH_MAX && !text.chars().any(char::is_control) {
        return Some(text);
    }
    let must =
        format!("must be at most {DESCRIPTION_LENGTH_MAX} characters, none of them a control character");
    value.refuse(must, problems);
    None
}
