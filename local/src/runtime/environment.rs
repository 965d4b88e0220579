//! What an instance finds in its environment: Lambda's own variables, the template's, and nothing of ours.
//!
//! Source: "Using Lambda environment variables", AWS Lambda Developer Guide.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;

use crate::aws::wire::AccessKeys;
use crate::template::{FunctionSpec, REGION, STACK};

/// The variable by which a person says how much is logged; it wins over the template's.
const LOG_LEVEL: &str = "LOG_LEVEL";

/// What the platform gives every instance.
#[derive(Clone)]
pub(crate) struct Surroundings {
    /// The AWS port.
    pub(crate) aws_url: String,
    /// Where the function's own access key is known.
    pub(crate) access_keys: AccessKeys,
}

impl std::fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Surroundings({})", self.aws_url)
    }
}

/// An access key of the function's own, so that its calls are known as its, and judged. Dropped it is taken no longer.
pub(super) struct Key {
    pub(super) id: String,
    secret: String,
    access_keys: AccessKeys,
}

impl Key {
    /// Makes one and has it taken.
    pub(super) fn issue(function: &str, access_keys: &AccessKeys) -> Self {
        let id = format!("ASIA{}", random().to_uppercase());
        let key = Self { id, secret: random() + &random(), access_keys: access_keys.clone() };
        access_keys.register(&key.id, &key.secret, function);
        key
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        self.access_keys.forget(&self.id);
    }
}

fn random() -> String {
    uuid::Uuid::new_v4().simple().to_string()[..16].to_owned()
}

/// All variables of an instance whose Runtime API is at `api`.
pub(super) fn variables(
    spec: &FunctionSpec,
    surroundings: &Surroundings,
    key: &Key,
    binary: &Path,
    api: SocketAddr,
) -> BTreeMap<String, String> {
    let name = format!("{STACK}-{}", spec.name);
    let folder = binary.parent().unwrap_or(Path::new("/")).display().to_string();
    let of_lambda = [
        ("AWS_ACCESS_KEY_ID", key.id.clone()),
        ("AWS_DEFAULT_REGION", REGION.to_owned()),
        ("AWS_ENDPOINT_URL", surroundings.aws_url.clone()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", spec.memory_mb.to_string()),
        ("AWS_LAMBDA_FUNCTION_NAME", name.clone()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
        ("AWS_LAMBDA_LOG_FORMAT", "Text".to_owned()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{name}")),
        ("AWS_LAMBDA_LOG_STREAM_NAME", format!("laptop/[$LATEST]{}", key.id)),
        ("AWS_LAMBDA_RUNTIME_API", api.to_string()),
        ("AWS_REGION", REGION.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", key.secret.clone()),
        ("LAMBDA_TASK_ROOT", folder),
        ("LANG", "en_US.UTF-8".to_owned()),
        ("PATH", "/usr/local/bin:/usr/bin:/bin".to_owned()),
        ("TZ", ":UTC".to_owned()),
        ("_HANDLER", "bootstrap".to_owned()),
    ];
    let mut variables = spec.environment.clone();
    variables.extend(std::env::var(LOG_LEVEL).ok().map(|it| (LOG_LEVEL.to_owned(), it)));
    variables.extend(of_lambda.map(|(name, value)| (name.to_owned(), value)));
    variables
}
