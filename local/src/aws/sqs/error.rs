//! Why SQS refuses, and the shapes in which AWS says so.

/// A refusal, or a failure of the file.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each variant is its message")]
pub enum SqsError {
    #[error("The specified queue does not exist.")]
    NoQueue,
    #[error("A queue already exists with the same name and a different value for attribute {0}")]
    QueueExists(String),
    #[error("Unknown Attribute {0}.")]
    InvalidAttributeName(String),
    #[error("Invalid value for the parameter {0}.")]
    InvalidAttributeValue(String),
    #[error("{0}")]
    Invalid(String),
    #[error("The request must contain the parameter {0}.")]
    Missing(&'static str),
    #[error("There should be at least one {0} in the request.")]
    EmptyBatch(&'static str),
    #[error("Maximum number of entries per request are 10. You have sent {0}.")]
    TooManyEntries(usize),
    #[error("Id {0} repeated.")]
    IdRepeated(String),
    #[error(
        "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long."
    )]
    InvalidId,
    #[error("Batch requests cannot be longer than 1048576 bytes. You have sent {0} bytes.")]
    BatchTooLong(usize),
    #[error(
        "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF"
    )]
    InvalidContents,
    #[error("The input receipt handle \"{0}\" is not a valid receipt handle.")]
    InvalidHandle(String),
    #[error("The specified message isn't in flight.")]
    NotInFlight,
    #[error("Too many messages are in flight: {0}. Delete some before receiving more.")]
    OverLimit(u64),
    #[error("Only one PurgeQueue operation on {0} is allowed every 60 seconds.")]
    PurgeInProgress(String),
    #[error("{0}")]
    NoResource(&'static str),
    #[error("{0}")]
    Unsupported(&'static str),
    #[error("The operation {0} is not known here.")]
    UnknownOperation(String),
    #[error("The request is malformed: {0}")]
    Malformed(String),
    #[error("the embedded SQS's file failed")]
    File(#[from] rusqlite::Error),
    #[error("queue {queue}: {cause}")]
    Declared { queue: String, cause: Box<SqsError> },
}

impl SqsError {
    /// The refusal of a parameter's value, in AWS's words.
    pub(super) fn value(value: impl std::fmt::Display, parameter: &str, reason: &str) -> Self {
        Self::Invalid(format!("Value {value} for parameter {parameter} is invalid. Reason: {reason}"))
    }

    /// The shape's name in the JSON protocol, with its namespace.
    pub(super) fn shape(&self) -> String {
        let (namespace, name) = match self {
            Self::Invalid(_) | Self::Declared { .. } => {
                ("com.amazon.coral.service", "InvalidParameterValueException")
            }
            Self::Missing(_) => ("com.amazon.coral.service", "MissingRequiredParameterException"),
            Self::UnknownOperation(_) => ("com.amazon.coral.service", "UnknownOperationException"),
            Self::Malformed(_) => ("com.amazon.coral.service", "SerializationException"),
            Self::File(_) => ("com.amazon.coral.service", "InternalFailure"),
            Self::NoQueue => ("com.amazonaws.sqs", "QueueDoesNotExist"),
            Self::QueueExists(_) => ("com.amazonaws.sqs", "QueueNameExists"),
            Self::NotInFlight => ("com.amazonaws.sqs", "MessageNotInflight"),
            Self::NoResource(_) => ("com.amazonaws.sqs", "ResourceNotFoundException"),
            other => ("com.amazonaws.sqs", other.code().rsplit('.').next().unwrap_or_default()),
        };
        format!("{namespace}#{name}")
    }

    /// The code of the former query protocol, which SDKs still know errors by.
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::NoQueue => "AWS.SimpleQueueService.NonExistentQueue",
            Self::QueueExists(_) => "QueueAlreadyExists",
            Self::InvalidAttributeName(_) => "InvalidAttributeName",
            Self::InvalidAttributeValue(_) => "InvalidAttributeValue",
            Self::Invalid(_) | Self::Declared { .. } => "InvalidParameterValue",
            Self::Missing(_) => "MissingParameter",
            Self::EmptyBatch(_) => "AWS.SimpleQueueService.EmptyBatchRequest",
            Self::TooManyEntries(_) => "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
            Self::IdRepeated(_) => "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
            Self::InvalidId => "AWS.SimpleQueueService.InvalidBatchEntryId",
            Self::BatchTooLong(_) => "AWS.SimpleQueueService.BatchRequestTooLong",
            Self::InvalidContents => "InvalidMessageContents",
            Self::InvalidHandle(_) => "ReceiptHandleIsInvalid",
            Self::NotInFlight => "AWS.SimpleQueueService.MessageNotInflight",
            Self::OverLimit(_) => "OverLimit",
            Self::PurgeInProgress(_) => "AWS.SimpleQueueService.PurgeQueueInProgress",
            Self::NoResource(_) => "ResourceNotFoundException",
            Self::Unsupported(_) => "AWS.SimpleQueueService.UnsupportedOperation",
            Self::UnknownOperation(_) => "InvalidAction",
            Self::Malformed(_) => "MalformedInput",
            Self::File(_) => "InternalFailure",
        }
    }

    /// Whether the sender is at fault, and not the store.
    pub(super) fn of_sender(&self) -> bool {
        !matches!(self, Self::File(_))
    }

    /// The HTTP status.
    pub(super) fn status(&self) -> u16 {
        match self {
            Self::File(_) => 500,
            _ => 400,
        }
    }
}
