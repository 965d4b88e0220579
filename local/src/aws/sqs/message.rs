//! A message as it is sent and as it is received, its checksums, and what makes it invalid.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use md5::{Digest as _, Md5};
use serde::{Deserialize, Serialize};

use super::SIZE_MAX_BYTES;
use super::error::SqsError;

/// A message to be sent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outgoing {
    /// The text.
    pub body: String,
    /// How long it stays invisible; the queue's delay if `None`.
    pub delay: Option<Duration>,
    /// What the sender says about it, by name.
    pub attributes: BTreeMap<String, Attribute>,
    /// Whose it is: no group is kept waiting by what another sends (a fair queue).
    pub group: Option<String>,
    /// The X-Ray trace header.
    pub trace: Option<String>,
}

/// What became of a message that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The message's id.
    pub message_id: String,
    /// MD5 of the body.
    pub md5_of_body: String,
    /// MD5 of the message attributes, if it has any.
    pub md5_of_attributes: Option<String>,
    /// MD5 of the system attributes, if it has any.
    pub md5_of_system_attributes: Option<String>,
}

/// A message that was received.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// The message's id.
    pub message_id: String,
    /// What deletes it.
    pub receipt_handle: String,
    /// The text.
    pub body: String,
    /// The system's attributes: `ApproximateReceiveCount`, `SentTimestamp`, `AWSTraceHeader`, …
    pub attributes: BTreeMap<String, String>,
    /// What the sender said about it.
    pub message_attributes: BTreeMap<String, Attribute>,
}

/// A value with its type, as on the wire: `StringValue` or (in Base64) `BinaryValue`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_docs, reason = "the members are SQS's")]
pub struct Attribute {
    pub data_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub string_value: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binary_value: Option<String>,
}

const ATTRIBUTES_MAX: usize = 10;
const NAME_MAX: usize = 256;
const GROUP_MAX: usize = 128;
const DELAY_MAX: Duration = Duration::from_mins(15);

impl Outgoing {
    /// A message of nothing but text.
    #[must_use]
    pub fn new(body: impl Into<String>) -> Self {
        Self { body: body.into(), ..Self::default() }
    }

    /// What counts against the limits: the body, and every attribute's name, type and value.
    pub(super) fn size_bytes(&self) -> usize {
        self.body.len() + self.attributes.iter().map(|(name, it)| name.len() + it.size_bytes()).sum::<usize>()
    }

    /// Refuses what AWS would refuse. `size_max` is the queue's.
    pub(super) fn check(&self, size_max: usize) -> Result<(), SqsError> {
        if self.body.is_empty() {
            return Err(SqsError::Missing("MessageBody"));
        }
        let size = self.size_bytes();
        if size > size_max.min(SIZE_MAX_BYTES) {
            return Err(SqsError::Invalid(format!(
                "One or more parameters are invalid. Reason: Message must be shorter than {size_max} bytes."
            )));
        }
        check_characters(&self.body)?;
        if self.delay.is_some_and(|it| it > DELAY_MAX) {
            return Err(SqsError::value(
                self.delay.unwrap_or_default().as_secs(),
                "DelaySeconds",
                "DelaySeconds must be >= 0 and <= 900.",
            ));
        }
        if let Some(group) = &self.group {
            check_group(group)?;
        }
        if self.attributes.len() > ATTRIBUTES_MAX {
            return Err(SqsError::Invalid(format!(
                "Number of message attributes [{}] exceeds the allowed maximum [{ATTRIBUTES_MAX}].",
                self.attributes.len()
            )));
        }
        self.attributes.iter().try_for_each(|(name, it)| {
            check_name(name)?;
            it.check(name)
        })
    }

    pub(super) fn sent(&self, message_id: String) -> Sent {
        let system = self.trace.as_ref().map(|trace| {
            let value = Attribute::text(trace);
            md5_of_attributes([("AWSTraceHeader", &value)])
        });
        let attributes = self.attributes.iter().map(|(name, it)| (name.as_str(), it));
        Sent {
            message_id,
            md5_of_body: md5(self.body.as_bytes()),
            md5_of_attributes: (!self.attributes.is_empty()).then(|| md5_of_attributes(attributes)),
            md5_of_system_attributes: system,
        }
    }
}

impl Message {
    /// MD5 of the body.
    #[must_use]
    pub fn md5_of_body(&self) -> String {
        md5(self.body.as_bytes())
    }

    /// MD5 of the message attributes it was received with, if there are any.
    #[must_use]
    pub fn md5_of_message_attributes(&self) -> Option<String> {
        let attributes = self.message_attributes.iter().map(|(name, it)| (name.as_str(), it));
        (!self.message_attributes.is_empty()).then(|| md5_of_attributes(attributes))
    }
}

impl Attribute {
    /// A text.
    #[must_use]
    pub fn text(value: impl Into<String>) -> Self {
        Self { data_type: "String".to_owned(), string_value: Some(value.into()), binary_value: None }
    }

    fn is_binary(&self) -> bool {
        self.kind() == "Binary"
    }

    /// The type without the label a sender may add after a dot.
    fn kind(&self) -> &str {
        self.data_type.split('.').next().unwrap_or_default()
    }

    /// The value; of a binary one what its Base64 means. Empty when there is none of its type.
    fn bytes(&self) -> Vec<u8> {
        match self.is_binary() {
            true => self.binary_value.as_ref().and_then(|it| BASE64.decode(it).ok()).unwrap_or_default(),
            false => self.string_value.clone().unwrap_or_default().into_bytes(),
        }
    }

    fn size_bytes(&self) -> usize {
        self.data_type.len() + self.bytes().len()
    }

    fn check(&self, name: &str) -> Result<(), SqsError> {
        if !matches!(self.kind(), "String" | "Number" | "Binary") {
            return Err(SqsError::Invalid(format!(
                "The type of message (user) attribute '{name}' is invalid. You must use only the following supported \
                 type prefixes: Binary, Number, String."
            )));
        }
        if self.bytes().is_empty() {
            return Err(SqsError::Invalid(format!(
                "Message (user) attribute '{name}' must contain a non-empty value of type '{}'.",
                self.kind()
            )));
        }
        if self.is_binary() {
            return Ok(());
        }
        let text = self.string_value.as_deref().unwrap_or_default();
        if self.kind() == "Number" && text.parse::<f64>().is_err() {
            return Err(SqsError::Invalid(format!(
                "Can't cast the value of message (user) attribute '{name}' to a number."
            )));
        }
        check_characters(text)
    }
}

/// What XML can hold: SQS takes nothing else.
fn check_characters(text: &str) -> Result<(), SqsError> {
    let taken = |it: char| matches!(it, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..);
    text.chars().all(taken).then_some(()).ok_or(SqsError::InvalidContents)
}

fn check_name(name: &str) -> Result<(), SqsError> {
    let lower = name.to_ascii_lowercase();
    let well_formed = (1..=NAME_MAX).contains(&name.len())
        && name.bytes().all(|it| it.is_ascii_alphanumeric() || b"_-.".contains(&it))
        && !name.starts_with('.')
        && !name.ends_with('.')
        && !name.contains("..")
        && !lower.starts_with("aws.")
        && !lower.starts_with("amazon.");
    well_formed
        .then_some(())
        .ok_or_else(|| SqsError::Invalid(format!("Message (user) attribute name '{name}' is not allowed.")))
}

fn check_group(group: &str) -> Result<(), SqsError> {
    let punctuation = b"!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
    let well_formed = (1..=GROUP_MAX).contains(&group.len())
        && group.bytes().all(|it| it.is_ascii_alphanumeric() || punctuation.contains(&it));
    let reason =
        "MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length.";
    well_formed.then_some(()).ok_or_else(|| SqsError::value(group, "MessageGroupId", reason))
}

fn md5(bytes: &[u8]) -> String {
    hex(&Md5::digest(bytes))
}

/// As "Calculating the MD5 message digest for message attributes" says: in the order of names, each part after its length.
pub(super) fn md5_of_attributes<'a>(
    attributes: impl IntoIterator<Item = (&'a str, &'a Attribute)>,
) -> String {
    let mut digest = Md5::new();
    let part = |digest: &mut Md5, bytes: &[u8]| {
        digest.update(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
        digest.update(bytes);
    };
    for (name, attribute) in attributes {
        part(&mut digest, name.as_bytes());
        part(&mut digest, attribute.data_type.as_bytes());
        digest.update([if attribute.is_binary() { 2 } else { 1 }]);
        part(&mut digest, &attribute.bytes());
    }
    hex(&digest.finalize())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|it| format!("{it:02x}")).collect()
}
