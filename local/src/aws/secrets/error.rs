//! Why an operation was refused, in Secrets Manager's own words.

/// A refusal.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// There is no such secret, version or value.
    #[error("{0}")]
    NotFound(String),
    /// There is one of that name, or a version of that token with another value.
    #[error("{0}")]
    Exists(String),
    /// It cannot be done in the state the secret is in.
    #[error("{0}")]
    InvalidRequest(String),
    /// A parameter makes no sense.
    #[error("{0}")]
    InvalidParameter(String),
    /// The body is none of this operation.
    #[error("{0}")]
    Malformed(String),
    /// The operation is not done here.
    #[error("the laptop's Secrets Manager does not know the operation {0:?}")]
    UnknownOperation(String),
    /// SQLite refused.
    #[error("An error occurred on the server side.")]
    File(#[from] rusqlite::Error),
}

impl SecretsError {
    /// The error's type, as SDKs decode it.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "ResourceNotFoundException",
            Self::Exists(_) => "ResourceExistsException",
            Self::InvalidRequest(_) => "InvalidRequestException",
            Self::InvalidParameter(_) => "InvalidParameterException",
            Self::Malformed(_) => "SerializationException",
            Self::UnknownOperation(_) => "UnknownOperationException",
            Self::File(_) => "InternalServiceError",
        }
    }

    pub(super) const fn status(&self) -> u16 {
        match self {
            Self::File(_) => 500,
            _ => 400,
        }
    }

    pub(super) fn missing_secret() -> Self {
        Self::NotFound("Secrets Manager can't find the specified secret.".to_owned())
    }

    pub(super) fn missing_value(which: &str) -> Self {
        Self::NotFound(format!("Secrets Manager can't find the specified secret value for {which}"))
    }

    pub(super) fn marked_for_deletion() -> Self {
        let words = "You can't perform this operation on the secret because it was marked for deletion.";
        Self::InvalidRequest(words.to_owned())
    }
}
