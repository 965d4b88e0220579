//! The mailbox, spoken to in SMTP.

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

use crate::harness::{World, in_file};

const LETTER: &str = "From: Shop <shop@example.com>\r\nTo: ada@example.com\r\nSubject: =?utf-8?q?Your_order_=E2=9C=93?=\r\n\
    \r\nIt is paid.\r\n..and shipped.\r\n.\r\n";

#[tokio::test]
async fn a_letter_comes_in_and_can_be_read() {
    let world = World::new().await;
    let mut client = Client::greeted(&world).await;
    client.deliver(&["ada@example.com", "bob@example.com"]).await;
    assert_eq!(client.say("QUIT\r\n").await, "221");
    let mail = world.dev("/dev/mail").await;
    let letter = &mail["mail"][0];
    assert_eq!((&letter["subject"], &letter["from"]), (&"Your order ✓".into(), &"shop@example.com".into()));
    assert_eq!(letter["recipients"], serde_json::json!(["ada@example.com", "bob@example.com"]));
    assert_eq!(letter["text"], "It is paid.\r\n.and shipped.\r\n", "a dot that was doubled for the way");
    assert_eq!(world.dev(&format!("/dev/mail/{}", letter["id"])).await, *letter);
    assert!(world.page(&format!("/dev/mail/{}", letter["id"])).await.contains("It is paid."));
}

#[tokio::test]
async fn a_letter_that_was_taken_survives_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let before = World::without_receiver(in_file(folder.path())).await;
    Client::greeted(&before).await.deliver(&["ada@example.com"]).await;
    drop(before);
    let after = World::without_receiver(in_file(folder.path())).await;
    assert_eq!(after.dev("/dev/mail").await["mail"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn several_letters_come_over_one_connection_newest_first() {
    let world = World::new().await;
    let mut client = Client::greeted(&world).await;
    client.deliver(&["first@example.com"]).await;
    assert_eq!(client.say("MAIL FROM:<shop@example.com>\r\n").await, "250");
    assert_eq!(client.say("RSET\r\n").await, "250");
    assert_eq!(client.say("NOOP\r\n").await, "250");
    client.deliver(&["second@example.com"]).await;
    let mail = world.dev("/dev/mail").await;
    let to: Vec<_> = mail["mail"].as_array().unwrap().iter().map(|it| it["recipients"][0].clone()).collect();
    assert_eq!(to, ["second@example.com", "first@example.com"]);
}

#[tokio::test]
async fn an_address_may_be_refused_and_the_rest_delivered() {
    let world = World::new().await;
    let mut client = Client::greeted(&world).await;
    assert_eq!(client.say("MAIL FROM:<shop@example.com>\r\n").await, "250");
    assert_eq!(client.say("RCPT TO:<refused@example.com>\r\n").await, "550");
    assert_eq!(client.say("RCPT TO:<ada@example.com>\r\n").await, "250");
    assert_eq!(client.say("DATA\r\n").await, "354");
    assert_eq!(client.say(LETTER).await, "250");
    assert_eq!(world.dev("/dev/mail").await["mail"][0]["recipients"], serde_json::json!(["ada@example.com"]));
}

#[tokio::test]
async fn a_mailbox_that_is_down_takes_nothing() {
    let world = World::new().await;
    let mut open = Client::greeted(&world).await;
    world.switch("/dev/mail/down").await;
    assert_eq!(open.say("MAIL FROM:<shop@example.com>\r\n").await, "421");
    assert_eq!(Client::new(&world).await.read().await, "421");
    world.switch("/dev/mail/up").await;
    Client::greeted(&world).await.deliver(&["ada@example.com"]).await;
}

#[tokio::test]
async fn a_letter_that_is_too_large_is_refused_for_good() {
    let world = World::new().await;
    let mut client = Client::greeted(&world).await;
    assert_eq!(client.say("MAIL FROM:<shop@example.com>\r\n").await, "250");
    assert_eq!(client.say("RCPT TO:<ada@example.com>\r\n").await, "250");
    assert_eq!(client.say("DATA\r\n").await, "354");
    let line = format!("{}\r\n", "x".repeat(998));
    let letter = format!("Subject: large\r\n\r\n{}.\r\n", line.repeat(11 * 1024));
    assert_eq!(client.say(&letter).await, "552");
    assert_eq!(world.dev("/dev/mail").await["mail"], serde_json::json!([]));
}

struct Client {
    connection: BufReader<TcpStream>,
}

impl Client {
    async fn new(world: &World) -> Self {
        let address = world.sandbox.smtp_url().strip_prefix("smtp://").unwrap();
        Self { connection: BufReader::new(TcpStream::connect(address).await.unwrap()) }
    }

    async fn greeted(world: &World) -> Self {
        let mut client = Self::new(world).await;
        assert_eq!(client.read().await, "220");
        assert_eq!(client.say("EHLO shop.example.com\r\n").await, "250");
        client
    }

    async fn deliver(&mut self, to: &[&str]) {
        assert_eq!(self.say("MAIL FROM:<shop@example.com>\r\n").await, "250");
        for to in to {
            assert_eq!(self.say(&format!("RCPT TO:<{to}>\r\n")).await, "250");
        }
        assert_eq!(self.say("DATA\r\n").await, "354");
        assert_eq!(self.say(LETTER).await, "250");
    }

    async fn say(&mut self, text: &str) -> String {
        self.connection.get_mut().write_all(text.as_bytes()).await.unwrap();
        self.read().await
    }

    /// The code of a reply, which may have several lines.
    async fn read(&mut self) -> String {
        loop {
            let mut line = String::new();
            self.connection.read_line(&mut line).await.unwrap();
            if line.as_bytes().get(3) != Some(&b'-') {
                return line.get(..3).unwrap_or_default().to_owned();
            }
        }
    }
}
