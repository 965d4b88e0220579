//! What clients write to the laptop's AWS until the crash, and what must be there of it afterwards.
//!
//! After each crash everything written since the last one is read; at the end, all of it.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use futures::future::{join_all, try_join_all};
use futures::{StreamExt, TryStreamExt, stream};

use crate::Error;
use crate::aws::{Aws, failed};
use crate::outcome::Outcome;
use crate::queue::{BATCH, Queue};

use super::Crash;
use super::register::Register;
use super::thing::{Failure, Place, Thing};

/// Things read at once.
const READS: usize = 16;

/// What is known of what was written.
pub(super) struct Written {
    place: Place,
    queue: Queue,
    next: Cell<u64>,
    registers: RefCell<BTreeMap<Thing, Register>>,
    /// What was written to since the last crash.
    touched: RefCell<BTreeSet<Thing>>,
    unanswered: usize,
}

impl Written {
    /// Makes the places that things are written to.
    pub(super) async fn prepare(aws: &Aws, writers: u64) -> Result<Self, Error> {
        let queue = Queue::create(aws).await?;
        let bucket = queue.name().to_owned();
        aws.s3.create_bucket().bucket(&bucket).send().await.map_err(failed)?;
        let place = Place { bucket, queue_url: queue.url().to_owned() };
        for writer in 0..writers {
            let name = place.secret(Thing::Secret(writer));
            aws.secrets.create_secret().name(name).send().await.map_err(failed)?;
        }
        let (registers, touched) = Default::default();
        Ok(Self { place, queue, next: Cell::new(0), registers, touched, unanswered: 0 })
    }

    /// Writes until the crash.
    pub(super) async fn load(&self, aws: &Aws, writers: u64, crash: &Crash) {
        join_all((0..writers).map(async |writer| {
            while !crash.begun.get() {
                let number = self.next.replace(self.next.get() + 1);
                let turn = [
                    Thing::New(number),
                    Thing::Object(writer),
                    Thing::Secret(writer),
                    Thing::Message(number),
                ];
                for thing in turn {
                    self.write(aws, thing, number, crash).await;
                }
            }
        }))
        .await;
    }

    /// Writes `number`, unless the crash has begun: what is sent into it without need is only unanswered.
    async fn write(&self, aws: &Aws, thing: Thing, number: u64, crash: &Crash) {
        if crash.begun.get() {
            return;
        }
        self.touched.borrow_mut().insert(thing);
        self.registers.borrow_mut().entry(thing).or_insert(Register::sending(number)).send(number);
        match thing.write(aws, &self.place, number).await {
            Ok(()) => {
                self.registers.borrow_mut().entry(thing).and_modify(|it| it.acknowledge(number));
            }
            Err(Failure::Unanswered) => crash.begun.set(true),
            Err(Failure::Refused(how)) => crash.errors.borrow_mut().push(format!("{thing:?}: {how}")),
        }
    }

    /// What is wrong with what was written since the last crash.
    pub(super) async fn check(&mut self, aws: &Aws) -> Result<Vec<String>, Error> {
        let touched = self.touched.take();
        let registers = self.registers.get_mut();
        self.unanswered += touched.iter().filter(|it| registers[*it].unanswered()).count();
        let acknowledged = self.acknowledged_messages().len() as u64;
        let waiting = self.queue.by(aws).waiting().await?;
        let lost = (waiting < acknowledged)
            .then(|| format!("{waiting} messages wait, of {acknowledged} that were acknowledged"));
        let mut broken = self.read(aws, touched).await?;
        broken.extend(lost);
        Ok(broken)
    }

    /// Reads everything there is, and says what is wrong with it.
    pub(super) async fn judge(mut self, outcome: Outcome, aws: &Aws) -> Result<Outcome, Error> {
        let things: BTreeSet<_> = self.registers.get_mut().keys().copied().collect();
        let count = |kind: fn(&Thing) -> bool| things.iter().filter(|it| kind(it)).count();
        let outcome = outcome
            .row("objects written once", count(|it| matches!(it, Thing::New(_))))
            .row("objects and secrets written again and again", count(Thing::is_rewritten))
            .row("messages sent", count(|it| matches!(it, Thing::Message(_))))
            .row("writes to AWS unanswered", self.unanswered);
        let broken = self.read(aws, things).await?;
        let received = receive_all(&self.queue.by(aws)).await?;
        let missing = missing(self.acknowledged_messages(), &received);
        Ok(outcome.row("messages received", received.len()).broken(broken).broken(missing))
    }

    async fn read(&mut self, aws: &Aws, things: BTreeSet<Thing>) -> Result<Vec<String>, Error> {
        let place = &self.place;
        let readable = things.into_iter().filter(|it| !matches!(it, Thing::Message(_)));
        let reads = readable.map(async |thing| Ok::<_, Error>((thing, thing.read(aws, place).await?)));
        let mut reads = stream::iter(reads).buffer_unordered(READS);
        let (registers, mut broken) = (self.registers.get_mut(), Vec::new());
        while let Some((thing, content)) = reads.try_next().await? {
            let wrong = match content.map(|it| thing.number(&it)).transpose() {
                Ok(found) => registers.get_mut(&thing).and_then(|it| it.read(found)),
                Err(wrong) => Some(wrong),
            };
            broken.extend(wrong.map(|it| format!("{thing:?} {it}")));
        }
        Ok(broken)
    }

    fn acknowledged_messages(&self) -> Vec<u64> {
        let number = |(thing, register): (&Thing, &Register)| match thing {
            Thing::Message(number) if register.is_acknowledged() => Some(*number),
            _ => None,
        };
        self.registers.borrow().iter().filter_map(number).collect()
    }
}

/// Takes messages until none comes: their numbers, or what else they said.
async fn receive_all(queue: &Queue) -> Result<BTreeSet<String>, Error> {
    let received = RefCell::new(BTreeSet::new());
    let receivers = (0..READS).map(async |_| {
        loop {
            let messages = queue.receive(BATCH).await?;
            if messages.is_empty() {
                return Ok::<_, Error>(());
            }
            received.borrow_mut().extend(messages.iter().filter_map(|it| it.body.clone()));
            try_join_all(messages.into_iter().map(|it| queue.delete_message(it))).await?;
        }
    });
    try_join_all(receivers).await?;
    Ok(received.into_inner())
}

fn missing(acknowledged: Vec<u64>, received: &BTreeSet<String>) -> Vec<String> {
    let missing = acknowledged.into_iter().filter(|it| !received.contains(&Thing::Message(*it).content(*it)));
    missing.map(|it| format!("message {it} was acknowledged and is not received")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_acknowledged_message_that_does_not_come_is_found() {
        let received = [1, 3].map(|it| Thing::Message(it).content(it)).into();
        assert!(missing(vec![1, 3], &received).is_empty());
        assert_eq!(missing(vec![1, 2, 3], &received), ["message 2 was acknowledged and is not received"]);
    }
}
