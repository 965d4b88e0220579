//! The S3 buckets of a template.

use super::error::TemplateError;
use super::node::Node;

/// An `AWS::S3::Bucket`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// The physical name.
    pub name: String,
    /// Whether it keeps every version of an object.
    pub versioned: bool,
}

/// Encryption, access from outside and life cycles have no counterpart in a folder.
pub(super) const DONE: &[&str] = &["BucketName", "VersioningConfiguration"];

pub(super) fn read(logical_id: &str, properties: &Node<'_>) -> Result<Bucket, TemplateError> {
    let name = properties.get("BucketName").map_or_else(|| Ok(default_name(logical_id)), |it| it.text())?;
    let versioning = properties.get("VersioningConfiguration");
    let status = versioning.and_then(|it| it.get("Status")).map(|it| it.text()).transpose()?;
    Ok(Bucket { name, versioned: status.as_deref() == Some("Enabled") })
}

/// The name of a bucket without one: buckets' names have no capitals.
pub(super) fn default_name(logical_id: &str) -> String {
    logical_id.to_ascii_lowercase()
}
