//! A queue's attributes: what may be set, its defaults, and what it means.
//!
//! What has no meaning on the laptop (encryption, a queue policy) is kept and told, so that tools find what they set.

use std::collections::BTreeMap;

use serde_json::Value;

use super::SIZE_MAX_BYTES;
use super::error::SqsError;

/// The attributes that were set, and what they and the defaults mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Settings {
    given: BTreeMap<String, String>,
    pub(super) visibility_ms: i64,
    pub(super) retention_ms: i64,
    pub(super) delay_ms: i64,
    pub(super) wait_ms: i64,
    pub(super) size_max: usize,
    pub(super) redrive: Option<Redrive>,
    pub(super) allow: RedriveAllow,
}

/// Where messages go that were received too often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Redrive {
    pub(super) dead_letter_arn: String,
    pub(super) receives_max: i64,
}

/// Which queues may have a queue as their dead-letter queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RedriveAllow {
    All,
    None,
    Queues(Vec<String>),
}

/// The attributes that are numbers: name, default, smallest, largest.
const NUMBERS: [(&str, i64, i64, i64); 5] = [
    ("VisibilityTimeout", 30, 0, VISIBILITY_MAX_S),
    ("MessageRetentionPeriod", 345_600, 60, 1_209_600),
    ("DelaySeconds", 0, 0, 900),
    ("ReceiveMessageWaitTimeSeconds", 0, 0, WAIT_MAX_S),
    ("MaximumMessageSize", SIZE_MAX_BYTES as i64, 1_024, SIZE_MAX_BYTES as i64),
];
/// A message can be kept invisible so long, all changes together.
pub(super) const VISIBILITY_MAX_S: i64 = 43_200;
/// A receive can wait so long.
pub(super) const WAIT_MAX_S: i64 = 20;
/// Kept and told, without effect.
const TOLD: [&str; 4] = ["Policy", "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "SqsManagedSseEnabled"];
const RECEIVES_MAX: i64 = 1_000;

impl Default for Settings {
    fn default() -> Self {
        Self::new(BTreeMap::new()).expect("the defaults are within their limits")
    }
}

impl Settings {
    /// What these attributes mean.
    pub(super) fn new(given: BTreeMap<String, String>) -> Result<Self, SqsError> {
        for name in given.keys() {
            check_name(name)?;
        }
        let number = |at: usize| number(&given, NUMBERS[at]);
        let invalid = |name: &str| SqsError::InvalidAttributeValue(name.to_owned());
        Ok(Self {
            visibility_ms: number(0)? * 1_000,
            retention_ms: number(1)? * 1_000,
            delay_ms: number(2)? * 1_000,
            wait_ms: number(3)? * 1_000,
            size_max: usize::try_from(number(4)?).map_err(|_| invalid("MaximumMessageSize"))?,
            redrive: match set(&given, "RedrivePolicy") {
                Some(text) => Some(redrive(text).ok_or_else(|| invalid("RedrivePolicy"))?),
                None => None,
            },
            allow: match set(&given, "RedriveAllowPolicy") {
                Some(text) => redrive_allow(text).ok_or_else(|| invalid("RedriveAllowPolicy"))?,
                None => RedriveAllow::All,
            },
            given,
        })
    }

    /// These settings with some attributes set anew; an empty policy takes the policy away.
    pub(super) fn changed(&self, changes: BTreeMap<String, String>) -> Result<Self, SqsError> {
        let mut given = self.given.clone();
        given.extend(changes);
        given.retain(|_, value| !value.is_empty());
        Self::new(given)
    }

    /// The attributes that were set.
    pub(super) fn given(&self) -> &BTreeMap<String, String> {
        &self.given
    }

    /// All attributes that can be set, with their values or defaults.
    pub(super) fn told(&self) -> BTreeMap<String, String> {
        let numbers = NUMBERS.iter().map(|(name, default, _, _)| ((*name).to_owned(), default.to_string()));
        let mut told: BTreeMap<String, String> = numbers.collect();
        told.insert("SqsManagedSseEnabled".to_owned(), "true".to_owned());
        told.extend(self.given.clone());
        told
    }

    /// The first of `wanted` that these settings have another value of: a queue created again must be the same.
    pub(super) fn first_difference(&self, wanted: &BTreeMap<String, String>) -> Option<String> {
        let told = self.told();
        let differs =
            |(name, value): &(&String, &String)| told.get(*name).map(|it| normal(it)) != Some(normal(value));
        wanted.iter().find(differs).map(|(name, _)| name.clone())
    }
}

/// Policies are the same when their JSON is, whatever its spaces.
fn normal(value: &str) -> Value {
    serde_json::from_str(value).unwrap_or_else(|_| Value::from(value))
}

fn check_name(name: &str) -> Result<(), SqsError> {
    if name == "FifoQueue" || name == "ContentBasedDeduplication" {
        return Err(SqsError::Unsupported("FIFO queues are not run here; leave the attribute out."));
    }
    let numbers = NUMBERS.iter().map(|(known, ..)| *known);
    let known = numbers.chain(TOLD).chain(["RedrivePolicy", "RedriveAllowPolicy"]).any(|it| it == name);
    known.then_some(()).ok_or_else(|| SqsError::InvalidAttributeName(name.to_owned()))
}

fn number(
    given: &BTreeMap<String, String>,
    (name, default, min, max): (&str, i64, i64, i64),
) -> Result<i64, SqsError> {
    let Some(text) = given.get(name) else { return Ok(default) };
    let value = text.parse().ok().filter(|it| (min..=max).contains(it));
    value.ok_or_else(|| SqsError::InvalidAttributeValue(name.to_owned()))
}

fn set<'a>(given: &'a BTreeMap<String, String>, name: &str) -> Option<&'a str> {
    given.get(name).map(String::as_str).filter(|it| !it.is_empty())
}

fn redrive(text: &str) -> Option<Redrive> {
    let policy: Value = serde_json::from_str(text).ok()?;
    let count = &policy["maxReceiveCount"];
    let receives_max = count.as_i64().or_else(|| count.as_str()?.parse().ok())?;
    let dead_letter_arn = policy["deadLetterTargetArn"].as_str()?.to_owned();
    (1..=RECEIVES_MAX).contains(&receives_max).then_some(Redrive { dead_letter_arn, receives_max })
}

fn redrive_allow(text: &str) -> Option<RedriveAllow> {
    let policy: Value = serde_json::from_str(text).ok()?;
    match policy["redrivePermission"].as_str()? {
        "allowAll" => Some(RedriveAllow::All),
        "denyAll" => Some(RedriveAllow::None),
        "byQueue" => {
            let arns = policy["sourceQueueArns"].as_array()?.iter();
            arns.map(|it| it.as_str().map(str::to_owned)).collect::<Option<_>>().map(RedriveAllow::Queues)
        }
        _ => None,
    }
}

impl RedriveAllow {
    /// Whether the queue of that ARN may send its dead letters here.
    pub(super) fn allows(&self, source_arn: &str) -> bool {
        match self {
            Self::All => true,
            Self::None => false,
            Self::Queues(arns) => arns.iter().any(|it| it == source_arn),
        }
    }
}
