//! What is asked of each service. What one operation reads, one before it has written.

use crate::Error;

use super::subject::Subject;

const KIB: usize = 1_024;

/// What a client does over and over.
#[derive(Debug, Clone, Copy)]
pub(super) enum Operation {
    Send,
    ReceiveAndDelete,
    PutObject { bytes: usize },
    GetObject { bytes: usize },
    CreateSecret,
    GetSecret,
    PutItem,
    GetItem,
    Query,
}

impl Operation {
    /// In the order in which they can be done.
    pub(super) const ALL: [Self; 11] = [
        Self::Send,
        Self::ReceiveAndDelete,
        Self::PutObject { bytes: KIB },
        Self::GetObject { bytes: KIB },
        Self::PutObject { bytes: 64 * KIB },
        Self::GetObject { bytes: 64 * KIB },
        Self::CreateSecret,
        Self::GetSecret,
        Self::PutItem,
        Self::GetItem,
        Self::Query,
    ];

    pub(super) fn name(self) -> String {
        match self {
            Self::Send => "SQS send".to_owned(),
            Self::ReceiveAndDelete => "SQS receive and delete".to_owned(),
            Self::PutObject { bytes } => format!("S3 put of {} KiB", bytes / KIB),
            Self::GetObject { bytes } => format!("S3 get of {} KiB", bytes / KIB),
            Self::CreateSecret => "Secrets Manager create".to_owned(),
            Self::GetSecret => "Secrets Manager get".to_owned(),
            Self::PutItem => "DynamoDB put".to_owned(),
            Self::GetItem => "DynamoDB get".to_owned(),
            Self::Query => "DynamoDB query of 10".to_owned(),
        }
    }

    /// Does it for the thing of that number.
    ///
    /// # Errors
    /// When it is refused, or answered with something else than was written.
    pub(super) async fn perform(self, subject: &Subject, number: u64) -> Result<(), Error> {
        match self {
            Self::Send => subject.queue.send().await,
            Self::ReceiveAndDelete => subject.queue.delete_message(subject.queue.receive_one().await?).await,
            Self::PutObject { bytes } => subject.put_object(number, bytes).await,
            Self::GetObject { bytes } => subject.get_object(number, bytes).await,
            Self::CreateSecret => subject.create_secret(number).await,
            Self::GetSecret => subject.get_secret(number).await,
            Self::PutItem => subject.put_item(number).await,
            Self::GetItem => subject.get_item(number).await,
            Self::Query => subject.query(number).await,
        }
    }
}
