//! The secrets of a template.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::error::TemplateError;
use super::node::Node;
use super::resolve::{ACCOUNT, REGION};
use crate::aws::secrets::SecretsError;
use crate::aws::secrets::password::Wanted;

/// An `AWS::SecretsManager::Secret`.
#[derive(Debug, Clone, PartialEq)]
pub struct Secret {
    /// The physical name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// What it is for.
    pub description: Option<String>,
    value: Option<String>,
    generated: Option<Generated>,
}

/// `GenerateSecretString`.
#[derive(Debug, Clone, PartialEq)]
struct Generated {
    wanted: Wanted,
    /// A JSON object, and the member of it that the password becomes.
    within: Option<(Value, String)>,
}

/// Keys for encryption, replicas and tags have no counterpart in a folder.
pub(super) const DONE: &[&str] = &["Name", "Description", "SecretString", "GenerateSecretString"];

const SUFFIX_LENGTH: usize = 6;

impl Secret {
    /// The value it begins with, if the template gives it one.
    pub(crate) fn initial_value(&self) -> Result<Option<String>, SecretsError> {
        let Some(generated) = &self.generated else { return Ok(self.value.clone()) };
        let password = generated.wanted.password()?;
        Ok(Some(match &generated.within {
            None => password,
            Some((template, key)) => {
                let mut value = template.clone();
                value[key] = json!(password);
                value.to_string()
            }
        }))
    }
}

pub(super) fn read(logical_id: &str, properties: &Node<'_>) -> Result<Secret, TemplateError> {
    let text = |name: &str| properties.get(name).map(|it| it.text()).transpose();
    let name = text("Name")?.unwrap_or_else(|| logical_id.to_owned());
    let generated = properties.get("GenerateSecretString").map(|it| generated(&it)).transpose()?;
    let (description, value) = (text("Description")?, text("SecretString")?);
    Ok(Secret { arn: arn(&name), name, description, value, generated })
}

fn generated(node: &Node<'_>) -> Result<Generated, TemplateError> {
    let wrong = |expected: &'static str| TemplateError::Wrong {
        place: node.place.clone(),
        expected,
        found: node.value.to_string(),
    };
    let wanted =
        serde_json::from_value(node.value.clone()).map_err(|_| wrong("what a password is to be like"))?;
    let within = match (node.get("SecretStringTemplate"), node.get("GenerateStringKey")) {
        (None, None) => None,
        (Some(template), Some(key)) => {
            let template: Value = serde_json::from_str(&template.text()?).unwrap_or_default();
            let template = Some(template).filter(Value::is_object);
            Some((template.ok_or_else(|| wrong("a JSON object as SecretStringTemplate"))?, key.text()?))
        }
        _ => return Err(wrong("SecretStringTemplate and GenerateStringKey together")),
    };
    Ok(Generated { wanted, within })
}

/// The ARN of a secret of the template. Its end is by chance in AWS; here it follows from the name, so that what refers to
/// the secret knows it before the secret is there.
pub(super) fn arn(name: &str) -> String {
    let digest = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(name));
    let suffix: String = digest.chars().filter(char::is_ascii_alphanumeric).take(SUFFIX_LENGTH).collect();
    format!("arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}-{suffix}")
}
