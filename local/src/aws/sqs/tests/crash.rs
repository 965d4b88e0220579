//! The process is killed, not asked: another process of this same test binary works on a file until it dies.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use super::*;

const FILE: &str = "PENSTOCK_TEST_SQS_FILE";
const ROUNDS: u64 = 5;
/// Several batches sent and deleted, so that there is something to lose.
const LINES_BEFORE: usize = 100;

#[tokio::test]
async fn kill_at_any_moment_loses_no_message_and_brings_none_back() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sqs.sqlite");
    let mut told = Told::default();
    for round in 0..ROUNDS {
        let mut child = start_worker(&file);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        // However long it takes to start: the time until its end begins when it works.
        let mut heard: Vec<_> = lines.by_ref().take(LINES_BEFORE).collect();
        let reader = std::thread::spawn(move || lines.collect::<Vec<_>>());
        std::thread::sleep(Duration::from_millis(100 + 37 * round));
        child.kill().unwrap();
        child.wait().unwrap();
        heard.extend(reader.join().unwrap());
        told.read(&heard);
        let kept = kept(&file);
        let lost: Vec<_> = told.sent.difference(&told.deleting).filter(|it| !kept.contains(*it)).collect();
        assert!(lost.is_empty(), "lost {lost:?}");
        let back: Vec<_> = told.deleted.intersection(&kept).collect();
        assert!(back.is_empty(), "came back {back:?}");
    }
    assert!(told.sent.len() > 100 && !told.deleted.is_empty(), "{told:?}");
}

/// Not a test: what the killed process does. It says what it was answered, and what it is about to delete.
#[tokio::test]
#[ignore = "works until it is killed, for another test"]
async fn works_until_it_is_killed() {
    let Ok(file) = std::env::var(FILE) else { return };
    let sqs = opened(Path::new(&file));
    loop {
        let messages = (0..BATCH_MAX).map(|it| Outgoing::new(format!("message {it}"))).collect();
        for sent in sqs.send_batch("work", messages).unwrap() {
            println!("sent {}", sent.unwrap().message_id);
        }
        let held = sqs.receive("work", BATCH_MAX / 2, Duration::ZERO, Some(Duration::ZERO)).await.unwrap();
        for message in &held {
            println!("deleting {}", message.message_id);
        }
        let handles: Vec<_> = held.iter().map(|it| it.receipt_handle.clone()).collect();
        sqs.delete_batch("work", &handles).unwrap();
        for message in &held {
            println!("deleted {}", message.message_id);
        }
    }
}

/// The ids that the killed processes spoke of.
#[derive(Debug, Default)]
struct Told {
    sent: BTreeSet<String>,
    deleting: BTreeSet<String>,
    deleted: BTreeSet<String>,
}

impl Told {
    fn read(&mut self, lines: &[String]) {
        for line in lines {
            match line.split_once(' ') {
                Some(("sent", id)) => self.sent.insert(id.to_owned()),
                Some(("deleting", id)) => self.deleting.insert(id.to_owned()),
                Some(("deleted", id)) => self.deleted.insert(id.to_owned()),
                _ => continue,
            };
        }
    }
}

fn start_worker(file: &Path) -> Child {
    let itself = std::env::current_exe().unwrap();
    let worker = "aws::sqs::tests::crash::works_until_it_is_killed";
    let mut command = Command::new(itself);
    command.args(["--exact", worker, "--ignored", "--nocapture"]).env(FILE, file);
    command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

/// The ids of all messages in the file, after a start as any other.
fn kept(file: &Path) -> BTreeSet<String> {
    let sqs = opened(file);
    let state = sqs.state();
    let mut statement = state.db.prepare("SELECT message_id FROM messages JOIN bodies USING (id)").unwrap();
    let ids = statement.query_map([], |row| row.get::<_, [u8; 16]>(0)).unwrap();
    ids.map(|it| uuid::Uuid::from_bytes(it.unwrap()).to_string()).collect()
}

fn opened(file: &Path) -> Sqs {
    let sqs = Sqs::open(file, URL, wall_clock()).unwrap();
    sqs.create_queues(&[template::Queue { name: "work".into(), ..template::Queue::default() }]).unwrap();
    sqs
}
