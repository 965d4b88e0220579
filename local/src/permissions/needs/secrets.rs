//! Secrets Manager's calls: by secret.

use super::{Need, json};
use crate::aws::service::ServiceRequest;
use crate::template::{ACCOUNT, REGION};

pub(super) fn needs(request: &ServiceRequest) -> Vec<Need> {
    let body = json(request);
    let action = format!("secretsmanager:{}", request.operation);
    let stage = body["VersionStage"].as_str().map(str::to_owned);
    let resource = match body["SecretId"].as_str().or(body["Name"].as_str()) {
        Some(arn) if arn.starts_with("arn:") => arn.to_owned(),
        Some(name) => arn(name),
        None => "*".to_owned(),
    };
    vec![Need::new(action, resource).with("secretsmanager:versionstage", stage.into_iter().collect())]
}

/// The ARN of a secret called by its name ends in six characters that only the service knows: a policy allows it by `-??????`
/// or `-*`, as AWS's documentation advises.
fn arn(name: &str) -> String {
    format!("arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}-??????")
}
