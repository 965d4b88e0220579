//! Sending dead letters to their queue again: one by one, or all at once by SQS itself.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use aws_sdk_sqs::operation::start_message_move_task::StartMessageMoveTaskError;
use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry as Deletion, QueueAttributeName};
use jiff::Timestamp;
use penstock_api::dead_letters::{RedriveState, RedriveView};
use penstock_application::Unavailable;
use uuid::Uuid;

use super::shelf::{Found, SEEN_MAX, Shelf, unavailable};
use super::{DeadLetters, Sight};
use crate::failure::Failure;
use crate::queue::{Outgoing, Queue};

/// How long a request redrives, well inside what API Gateway waits for an answer (29 s).
const WORK: Duration = Duration::from_secs(15);
/// How long what is not redriven stays hidden, lest it be received again: longer than the work.
const HIDDEN_SECONDS: i32 = 25;

impl DeadLetters {
    /// Sends dead letters in sight to their queue again: those with these ids, or all that were there when it began.
    ///
    /// All of everybody's are moved by SQS itself, however many there are.
    ///
    /// # Errors
    /// 404 when there is no such queue; 503 when SQS cannot be asked: what was not redriven is a dead letter still.
    pub async fn redrive(
        &self,
        queue: &str,
        sight: &Sight,
        ids: Option<Vec<Uuid>>,
    ) -> Result<RedriveView, Failure> {
        let shelf = self.shelf(queue)?;
        match (sight, ids) {
            (Sight::Everything, None) => Ok(shelf.move_all().await?),
            (_, ids) => {
                let ids = ids.map(|ids| ids.iter().map(Uuid::to_string).collect());
                Ok(shelf.send_back_all(&Wanted { sight, ids, until: Timestamp::now() }).await?)
            }
        }
    }
}

/// Which dead letters are sent back.
struct Wanted<'a> {
    sight: &'a Sight,
    ids: Option<BTreeSet<String>>,
    /// Without ids, only what was dead by then: what dies again meanwhile must not go round and round.
    until: Timestamp,
}

impl Wanted<'_> {
    fn includes(&self, found: &Found) -> bool {
        let named = match &self.ids {
            Some(ids) => ids.contains(&found.message.id),
            None => found.message.sent_at <= self.until,
        };
        named && found.is_in(self.sight)
    }

    /// Whether all that were named are among these.
    fn are_all_in(&self, redriven: &BTreeSet<String>) -> bool {
        self.ids.as_ref().is_some_and(|ids| ids.is_subset(redriven))
    }

    fn missing(&self, redriven: &BTreeSet<String>) -> Vec<String> {
        self.ids.iter().flatten().filter(|id| !redriven.contains(*id)).cloned().collect()
    }
}

impl Shelf {
    async fn send_back_all(&self, wanted: &Wanted<'_>) -> Result<RedriveView, Unavailable> {
        let (mut redriven, mut left) = (BTreeSet::new(), Vec::new());
        let started = Instant::now();
        let state = loop {
            if wanted.are_all_in(&redriven) {
                break RedriveState::Done;
            }
            if left.len() >= SEEN_MAX || started.elapsed() > WORK {
                break RedriveState::More;
            }
            let received = self.receive(HIDDEN_SECONDS).await?;
            if received.is_empty() {
                break RedriveState::Done;
            }
            let (taken, foreign): (Vec<_>, Vec<_>) = received.into_iter().partition(|it| wanted.includes(it));
            left.extend(foreign);
            redriven.extend(self.send_back(&taken).await?);
        };
        self.show_again(left.iter()).await;
        let missing = if state == RedriveState::Done { wanted.missing(&redriven) } else { vec![] };
        let count = u32::try_from(redriven.len()).expect("there is not so much time");
        Ok(RedriveView { redriven: count, state, not_found: missing })
    }

    /// Sends first and deletes then: a crash between the two sends a letter twice, and loses none.
    async fn send_back(&self, found: &[Found]) -> Result<Vec<String>, Unavailable> {
        let outgoing = |it: &Found| Outgoing {
            body: it.message.body.clone(),
            group: it.message.group.clone(),
            ..Outgoing::default()
        };
        let messages: Vec<Outgoing> = found.iter().map(outgoing).collect();
        let failed = Queue::at(self.client.clone(), self.source.clone()).send(&messages).await;
        let sent: Vec<&Found> =
            found.iter().enumerate().filter(|(at, _)| !failed.contains_key(at)).map(|(_, it)| it).collect();
        self.delete(&sent).await;
        match failed.into_values().next() {
            Some(why) => Err(unavailable(why.into())),
            None => Ok(sent.into_iter().map(|it| it.message.id.clone()).collect()),
        }
    }

    async fn delete(&self, sent: &[&Found]) {
        let deletion = |(at, it): (usize, &&Found)| {
            let entry = Deletion::builder().id(at.to_string()).receipt_handle(&it.receipt);
            entry.build().expect("it has an id and a receipt")
        };
        let entries: Vec<Deletion> = sent.iter().enumerate().map(deletion).collect();
        if entries.is_empty() {
            return;
        }
        let delete = self.client.delete_message_batch().queue_url(&self.url).set_entries(Some(entries));
        let undeleted = match delete.send().await {
            Ok(deleted) => deleted.failed.len(),
            Err(_) => sent.len(),
        };
        if undeleted > 0 {
            tracing::warn!(undeleted, "letters were redriven and are dead letters still");
        }
    }

    /// Two `GetQueueAttributes` and one `StartMessageMoveTask`.
    async fn move_all(&self) -> Result<RedriveView, Unavailable> {
        let answer = |state| RedriveView { redriven: 0, state, not_found: vec![] };
        if self.approximate_number().await? == 0 {
            return Ok(answer(RedriveState::Done));
        }
        let (from, to) = futures::try_join!(self.arn(&self.url), self.arn(&self.source))?;
        // Named, for SQS knows no source of a message that a function sent to the dead letters itself.
        let start = self.client.start_message_move_task().source_arn(from).destination_arn(to);
        match start.send().await.map_err(aws_sdk_sqs::error::SdkError::into_service_error) {
            Ok(_) => Ok(answer(RedriveState::Moving)),
            // There is a task already, which moves them as well.
            Err(StartMessageMoveTaskError::UnsupportedOperation(_)) => Ok(answer(RedriveState::Moving)),
            Err(error) => Err(unavailable(error.into())),
        }
    }

    async fn arn(&self, url: &str) -> Result<String, Unavailable> {
        let mut values = self.queue_attributes(url, &[QueueAttributeName::QueueArn]).await?;
        let arn = values.remove(&QueueAttributeName::QueueArn);
        arn.ok_or_else(|| unavailable("a queue says no ARN".into()))
    }
}
