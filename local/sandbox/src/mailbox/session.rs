//! One SMTP connection: lines in, replies out. What a line means is `mailin`'s business.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use mailin::response::{INTERNAL_ERROR, NO_MAILBOX, NO_SERVICE, NO_STORAGE, OK};
use mailin::{Action, Handler, Response, SessionBuilder};
use rusqlite::params;
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

use crate::switches::Service;
use crate::world::World;

const NAME: &str = "mailbox.localhost";
/// The longest line taken. SMTP allows 1,000 bytes; letters with longer ones are about.
const LINE_MAX_BYTES: usize = 64 * 1024;
const LETTER_MAX_BYTES: usize = 10 * 1024 * 1024;
const RECIPIENTS_MAX: usize = 100;
/// How long a client may say nothing.
const SILENCE_MAX: Duration = Duration::from_mins(5);

/// Speaks until either side has enough.
pub(super) async fn run(connection: TcpStream, world: Arc<World>) {
    if let Err(error) = speak(connection, world).await {
        tracing::debug!(error = error.to_string(), "a connection to the mailbox ended");
    }
}

async fn speak(mut connection: TcpStream, world: Arc<World>) -> io::Result<()> {
    let (reader, mut writer) = connection.split();
    let mut reader = BufReader::new(reader);
    if world.is_down(Service::Mail).unwrap_or(true) {
        return say(&mut writer, &NO_SERVICE).await;
    }
    let ip = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let mut session = SessionBuilder::new(NAME).build(ip, Letter::new(world));
    say(&mut writer, &session.greeting()).await?;
    while let Some(line) = next_line(&mut reader).await? {
        let response = session.process(&line);
        if response.action != Action::NoReply {
            say(&mut writer, &response).await?;
        }
        if response.action == Action::Close {
            break;
        }
    }
    Ok(())
}

/// The next line with its end; nothing when there is none.
async fn next_line(reader: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let mut limited = reader.take(LINE_MAX_BYTES as u64);
    tokio::time::timeout(SILENCE_MAX, limited.read_until(b'\n', &mut line)).await??;
    match line.last() {
        None => Ok(None),
        Some(b'\n') => Ok(Some(line)),
        Some(_) => Err(io::Error::new(io::ErrorKind::InvalidData, "a line has no end")),
    }
}

async fn say(writer: &mut (impl tokio::io::AsyncWrite + Unpin), response: &Response) -> io::Result<()> {
    let mut text = Vec::new();
    response.write_to(&mut text)?;
    writer.write_all(&text).await
}

/// The letter that is coming in.
struct Letter {
    world: Arc<World>,
    from: String,
    to: Vec<String>,
    raw: Vec<u8>,
    too_large: bool,
}

impl Letter {
    fn new(world: Arc<World>) -> Self {
        Self { world, from: String::new(), to: vec![], raw: vec![], too_large: false }
    }

    fn keep(&self) -> rusqlite::Result<()> {
        let to = serde_json::to_string(&self.to).expect("texts are JSON");
        let row = params![self.world.now_ms(), self.from, to, self.raw];
        let sql = "INSERT INTO mail (at, sender, recipients, raw) VALUES (?1, ?2, ?3, ?4)";
        self.world.store.write(|db| db.prepare_cached(sql)?.execute(row).map(|_| ()))
    }
}

impl Handler for Letter {
    fn mail(&mut self, _: IpAddr, _: &str, from: &str) -> Response {
        if self.world.is_down(Service::Mail).unwrap_or(true) {
            return NO_SERVICE;
        }
        from.clone_into(&mut self.from);
        self.to.clear();
        OK
    }

    fn rcpt(&mut self, to: &str) -> Response {
        match to.split_once('@') {
            Some(("refused", _)) | None => NO_MAILBOX,
            Some(_) if self.to.len() == RECIPIENTS_MAX => {
                Response::custom(452, "Too many recipients".to_owned())
            }
            Some(_) => {
                self.to.push(to.to_owned());
                OK
            }
        }
    }

    fn data_start(&mut self, _: &str, _: &str, _: bool, _: &[String]) -> Response {
        self.raw.clear();
        self.too_large = false;
        OK
    }

    /// The rest of what is too large is read and dropped, so that its sender gets to read the refusal.
    fn data(&mut self, line: &[u8]) -> io::Result<()> {
        self.too_large |= self.raw.len() + line.len() > LETTER_MAX_BYTES;
        if !self.too_large {
            self.raw.extend_from_slice(line);
        }
        Ok(())
    }

    fn data_end(&mut self) -> Response {
        // After a failure `mailin` would take the next command for more of the letter.
        let closing = |mut refusal: Response| {
            refusal.action = Action::Close;
            refusal
        };
        if self.too_large {
            return closing(NO_STORAGE);
        }
        match self.keep() {
            Ok(()) => OK,
            Err(error) => {
                tracing::error!(error = error.to_string(), "the mailbox's file failed");
                closing(INTERNAL_ERROR)
            }
        }
    }
}
