//! The letters that came in.

use jiff::Timestamp;
use mail_parser::{Message, MessageParser, MimeHeaders as _};
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::Serialize;

use crate::store::Page;
use crate::switches::{Service, is_down};

/// The mailbox.
#[derive(Debug, Clone, Serialize)]
pub struct MailBooks {
    /// Whether it is down.
    pub down: bool,
    /// Newest first.
    pub mail: Vec<Letter>,
    /// Where the next page begins (`?before=`), if there may be one.
    pub next: Option<i64>,
}

/// A letter.
#[derive(Debug, Clone, Serialize)]
pub struct Letter {
    /// Its number.
    pub id: i64,
    /// When it came.
    pub at: String,
    /// Whom the letter itself says it is from.
    pub from: String,
    /// Whom it was delivered to, whatever the letter says.
    pub recipients: Vec<String>,
    /// What it is about.
    pub subject: String,
    /// What it says; what was only HTML, without its tags.
    pub text: String,
    /// What it says as HTML, if it does.
    pub html: Option<String>,
    /// All headers by name and value, in their order.
    pub headers: Vec<(String, String)>,
    /// The names of what is attached.
    pub attachments: Vec<String>,
}

const COLUMNS: &str = "n, at, sender, recipients, raw";

pub(crate) fn books(db: &Connection, page: &Page) -> rusqlite::Result<MailBooks> {
    let sql = format!("SELECT {COLUMNS} FROM mail WHERE n < ?1 ORDER BY n DESC LIMIT ?2");
    let mut found = db.prepare_cached(&sql)?;
    let rows = found.query_map(params![page.before(), page.limit()], read)?;
    let mail = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    let next = page.next(mail.len(), mail.last().map(|it| it.id));
    Ok(MailBooks { down: is_down(db, Service::Mail)?, mail, next })
}

pub(crate) fn letter(db: &Connection, id: i64) -> rusqlite::Result<Option<Letter>> {
    let sql = format!("SELECT {COLUMNS} FROM mail WHERE n = ?1");
    db.prepare_cached(&sql)?.query_row([id], read).optional()
}

fn read(row: &Row<'_>) -> rusqlite::Result<Letter> {
    let (at_ms, sender, recipients): (i64, String, String) = (row.get(1)?, row.get(2)?, row.get(3)?);
    let raw: Vec<u8> = row.get(4)?;
    // What is no letter at all is shown as empty, with whom it came from and went to.
    let parsed = MessageParser::default().parse(&raw).unwrap_or_default();
    let from = parsed.from().and_then(|it| it.first()).and_then(|it| it.address());
    let attachments =
        parsed.attachments().map(|it| it.attachment_name().unwrap_or("without a name").to_owned());
    let headers = parsed.headers_raw().map(|(name, value)| (name.to_owned(), value.trim().to_owned()));
    Ok(Letter {
        id: row.get(0)?,
        at: Timestamp::from_millisecond(at_ms).unwrap_or_default().to_string(),
        from: from.map_or(sender, str::to_owned),
        recipients: serde_json::from_str(&recipients).expect("what was kept was a list of texts"),
        subject: parsed.subject().unwrap_or_default().to_owned(),
        text: parsed.body_text(0).unwrap_or_default().into_owned(),
        html: html(&parsed),
        headers: headers.collect(),
        attachments: attachments.collect(),
    })
}

/// Its body as HTML, if it was written so.
fn html(letter: &Message<'_>) -> Option<String> {
    letter.html_part(0).filter(|it| it.is_text_html())?;
    letter.body_html(0).map(Into::into)
}
