//! An object, a secret or a message: written as a number, and read back as one if it is whole.

use aws_sdk_s3::error::SdkError;
use aws_smithy_types::error::display::DisplayErrorContext;

use crate::Error;
use crate::aws::{Aws, failed};

/// Objects are of one byte up to this; the larger, the longer a crash has to meet one half written.
const OBJECT_BYTES_MAX: usize = 64 * 1_024;
const SECRET_BYTES_MAX: usize = 1_024;

/// What is written. Each holds one number at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Thing {
    /// An object of a name of its own.
    New(u64),
    /// A writer's object, written over again and again.
    Object(u64),
    /// A writer's secret, given value after value.
    Secret(u64),
    /// A message.
    Message(u64),
}

/// Why a write was not acknowledged.
#[derive(Debug)]
pub(super) enum Failure {
    /// No answer came.
    Unanswered,
    Refused(String),
}

/// Where things are kept: a bucket, a queue, and what secrets' names begin with.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) bucket: String,
    pub(super) queue_url: String,
}

impl Thing {
    /// Writes `number` to it, once.
    pub(super) async fn write(self, aws: &Aws, place: &Place, number: u64) -> Result<(), Failure> {
        let content = self.content(number);
        match self {
            Self::New(_) | Self::Object(_) => {
                let put = aws.s3.put_object().bucket(&place.bucket).key(self.name());
                acknowledged(put.body(content.into_bytes().into()).send().await)
            }
            Self::Secret(_) => {
                let put = aws.secrets.put_secret_value().secret_id(place.secret(self));
                acknowledged(put.secret_string(content).send().await)
            }
            Self::Message(_) => {
                let send = aws.sqs.send_message().queue_url(&place.queue_url);
                acknowledged(send.message_body(content).send().await)
            }
        }
    }

    /// What it holds, if it is there. A message is read by receiving, and never by this.
    pub(super) async fn read(self, aws: &Aws, place: &Place) -> Result<Option<Vec<u8>>, Error> {
        if let Self::Secret(_) = self {
            let get = aws.secrets.get_secret_value().secret_id(place.secret(self));
            return Ok(get.send().await.map_err(failed)?.secret_string.map(String::into_bytes));
        }
        match aws.s3.get_object().bucket(&place.bucket).key(self.name()).send().await {
            Ok(object) => Ok(Some(object.body.collect().await.map_err(failed)?.to_vec())),
            Err(error) if error.as_service_error().is_some_and(|it| it.is_no_such_key()) => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    /// The number that is written there, or what is wrong with it: every byte counts.
    pub(super) fn number(self, content: &[u8]) -> Result<u64, String> {
        let line = content.split(|it| *it == b'\n').next().unwrap_or_default();
        let number = std::str::from_utf8(line).ok().and_then(|it| it.parse().ok());
        match number {
            Some(number) if self.content(number).as_bytes() == content => Ok(number),
            _ => Err(format!("holds {} bytes that nobody wrote so", content.len())),
        }
    }

    /// A number as it is written: a line, repeated to a length that differs from number to number.
    pub(super) fn content(self, number: u64) -> String {
        let line = format!("{number}\n");
        let bytes_max = match self {
            Self::New(_) | Self::Object(_) => OBJECT_BYTES_MAX,
            Self::Secret(_) => SECRET_BYTES_MAX,
            Self::Message(_) => line.len(),
        };
        // A prime, so that lengths come in no order.
        let bytes = (number as usize).wrapping_mul(7_919) % bytes_max;
        line.repeat(bytes / line.len() + 1)
    }

    /// Whether its content changes as long as the load goes on.
    pub(super) fn is_rewritten(&self) -> bool {
        matches!(self, Self::Object(_) | Self::Secret(_))
    }

    fn name(self) -> String {
        match self {
            Self::New(number) => format!("new/{number}"),
            Self::Object(writer) => format!("object/{writer}"),
            Self::Secret(writer) => format!("secret/{writer}"),
            Self::Message(number) => format!("message/{number}"),
        }
    }
}

impl Place {
    /// The name of a secret, of this run alone.
    pub(super) fn secret(&self, thing: Thing) -> String {
        format!("{}/{}", self.bucket, thing.name())
    }
}

fn acknowledged<T, E, R>(result: Result<T, SdkError<E, R>>) -> Result<(), Failure>
where
    SdkError<E, R>: std::error::Error,
{
    match result {
        Ok(_) => Ok(()),
        Err(error @ (SdkError::ServiceError(_) | SdkError::ConstructionFailure(_))) => {
            Err(Failure::Refused(DisplayErrorContext(error).to_string()))
        }
        Err(_) => Err(Failure::Unanswered),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_was_written_is_read_again() {
        for thing in [Thing::New(1), Thing::Object(1), Thing::Secret(1), Thing::Message(1)] {
            for number in [0, 7, 123_456] {
                assert_eq!(thing.number(thing.content(number).as_bytes()), Ok(number));
            }
        }
    }

    #[test]
    fn a_half_a_changed_and_an_empty_object_are_no_number() {
        let whole = Thing::New(1).content(123_456).into_bytes();
        let mut changed = whole.clone();
        *changed.last_mut().unwrap() = b'x';
        for content in [&whole[..whole.len() / 2], &whole[..whole.len() - 1], &changed, b""] {
            let wrong = Thing::New(1).number(content).unwrap_err();
            assert!(wrong.contains("that nobody wrote so"), "{wrong}");
        }
    }
}
