//! Batches that were given up: what AWS sends to a mapping's failure destination.

use serde_json::Value;

use crate::aws::sqs::{Outgoing, Sqs, SqsError};
use crate::template::StreamMapping;

/// Tells the mapping's failure queue, if it has one; when this returns, the message is safe.
pub(super) fn tell(queues: &Sqs, mapping: &StreamMapping, message: &Value) -> Result<(), SqsError> {
    let Some(queue) = &mapping.on_failure else { return Ok(()) };
    let sent = queues.send_batch(queue, vec![Outgoing::new(message.to_string())])?;
    sent.into_iter().collect::<Result<Vec<_>, _>>().map(drop)
}
