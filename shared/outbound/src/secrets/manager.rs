//! Secrets Manager.

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::ProvideErrorMetadata;

use super::{SecretError, SecretSource};

/// Secrets Manager, as a place where secrets are kept.
#[derive(Debug, Clone)]
pub struct SecretsManager(Client);

impl SecretsManager {
    /// Secrets Manager by a client.
    pub(crate) fn new(client: Client) -> Self {
        Self(client)
    }
}

impl SecretSource for SecretsManager {
    /// One `GetSecretValue`.
    async fn read(&self, id: &str) -> Result<String, SecretError> {
        let unusable = |reason| SecretError::Unusable { id: id.to_owned(), reason };
        match self.0.get_secret_value().secret_id(id).send().await {
            Ok(found) => found.secret_string.ok_or_else(|| unusable("is not a text")),
            Err(error) if error.code() == Some("ResourceNotFoundException") => {
                Err(unusable("does not exist"))
            }
            Err(error) => Err(SecretError::Unavailable { id: id.to_owned(), cause: error.into() }),
        }
    }
}
