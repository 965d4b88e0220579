//! E-mail over SMTP.
//!
//! There is no memory of what was sent: a letter whose answer was lost is sent again, under the same Message-ID, by which servers and
//! readers may know it. To remember each letter would cost a write for each, for a case that is rare.

mod words;

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp;
use lettre::transport::smtp::authentication::Credentials;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use penstock_application::ports::mail::{Mail, MailError, Mailer};
use penstock_outbound::{Breaker, BreakerSettings, Secret, SecretError, SecretSource, SecretsManager};
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::timeout;

type Transport = AsyncSmtpTransport<Tokio1Executor>;

/// How long a connection may take.
const CONNECTED_WITHIN: Duration = Duration::from_secs(5);
/// How long a letter may take with all the server's answers. The transport itself waits for an answer for ever.
const SENT_WITHIN: Duration = Duration::from_secs(10);
/// When the server is left alone: a batch of letters shall not wait for it one by one.
const LEFT_ALONE: BreakerSettings = BreakerSettings { failures_max: 3, open_for: Duration::from_secs(10) };
/// SMTP's code for a name and password that are not taken, or are missing. Source: RFC 4954, section 6.
const AUTHENTICATION: [u16; 4] = [530, 534, 535, 538];

/// What we log in with: `{"username": "…", "password": "…"}`; without a name nobody logs in.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct MailSecret {
    username: String,
    password: String,
}

impl fmt::Debug for MailSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MailSecret").finish_non_exhaustive()
    }
}

/// Why there is no mailer.
#[derive(Debug, thiserror::Error)]
pub enum StartMailError {
    /// The sender is none.
    #[error("not an address of e-mail")]
    Sender(#[from] lettre::address::AddressError),
    /// The server's URL is none.
    #[error("not an smtp or smtps URL")]
    Url(#[from] smtp::Error),
    /// The server's URL would send keys and letters in the clear.
    #[error("smtp is for loopback only; use smtps://host or smtp://host?tls=required")]
    InTheClear,
}

impl StartMailError {
    /// The variable that is wrong.
    pub(crate) fn variable(&self) -> &'static str {
        match self {
            Self::Sender(_) => "MAIL_FROM",
            Self::Url(_) | Self::InTheClear => "SMTP_URL",
        }
    }
}

/// A mailer over SMTP. Its connections are kept while they last.
pub struct SmtpMailer<S = SecretsManager> {
    url: String,
    from: Address,
    secret: Secret<MailSecret, S>,
    line: Mutex<Option<Line>>,
    breaker: Breaker,
    sent_within: Duration,
}

/// A line to the server, and who we are on it.
struct Line {
    secret: Arc<MailSecret>,
    transport: Transport,
}

impl<S: SecretSource> SmtpMailer<S> {
    /// A mailer that writes as `from`. Does no I/O.
    ///
    /// # Errors
    /// When the URL or the address is of no use.
    pub fn new(url: &str, from: &str, secret: Secret<MailSecret, S>) -> Result<Self, StartMailError> {
        let local = ["smtp://127.0.0.1", "smtp://localhost", "smtp://[::1]"];
        if url.starts_with("smtp://")
            && !url.ends_with("?tls=required")
            && !local.iter().any(|host| url.strip_prefix(host).is_some_and(is_port))
        {
            return Err(StartMailError::InTheClear);
        }
        Transport::from_url(url)?;
        let (line, breaker) = (Mutex::new(None), Breaker::new(LEFT_ALONE));
        Ok(Self { url: url.to_owned(), from: from.parse()?, secret, line, breaker, sent_within: SENT_WITHIN })
    }

    /// A line on which we are who the secret says now.
    async fn line(&self) -> Result<Transport, MailError> {
        let secret = self.secret.current().await.map_err(unknown)?;
        let mut line = self.line.lock().await;
        if let Some(line) = line.as_ref().filter(|line| line.secret == secret) {
            return Ok(line.transport.clone());
        }
        let builder = Transport::from_url(&self.url).map_err(|error| MailError::Never(error.into()))?;
        let builder = builder.timeout(Some(CONNECTED_WITHIN));
        let builder = match secret.username.as_str() {
            "" => builder,
            name => builder.credentials(Credentials::new(name.to_owned(), secret.password.clone())),
        };
        let transport = builder.build();
        *line = Some(Line { secret, transport: transport.clone() });
        Ok(transport)
    }

    fn message(&self, mail: &Mail) -> Result<Message, Box<dyn Error + Send + Sync>> {
        let to = Mailbox::new(mail.to.name.clone(), mail.to.email.parse()?);
        let words = words::of(mail)?;
        let message = Message::builder()
            .message_id(Some(message_id(mail, self.from.domain())))
            .from(Mailbox::new(Some(mail.tenant.to_string()), self.from.clone()))
            .to(to)
            .subject(words.subject)
            .multipart(MultiPart::alternative_plain_html(words.text, words.html))?;
        Ok(message)
    }
}

impl<S: SecretSource> Mailer for SmtpMailer<S> {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        // An address that no letter can be written to is as good as a mailbox that is not there.
        let message = self.message(mail).map_err(MailError::Refused)?;
        let line = self.line().await?;
        let left_alone = |_| MailError::Retry("it did not answer others a moment ago".into());
        let passage = self.breaker.enter().map_err(left_alone)?;
        let sent = match timeout(self.sent_within, line.send(message)).await {
            Ok(sent) => sent.map(drop).map_err(judged),
            // It may have arrived: it is sent again under the same name.
            Err(late) => Err(MailError::Retry(late.into())),
        };
        passage.judge(matches!(sent, Err(MailError::Retry(_))));
        sent
    }
}

/// The letter's name: the same one however often it is sent.
fn message_id(mail: &Mail, domain: &str) -> String {
    format!("<{}.{}.{}@{domain}>", mail.tenant, mail.order, mail.sequence)
}

fn is_port(rest: &str) -> bool {
    matches!(rest.strip_prefix(':'), Some(port) if port.parse::<u16>().is_ok()) || rest.is_empty()
}

fn unknown(error: SecretError) -> MailError {
    match error {
        SecretError::Unavailable { .. } => MailError::Retry(error.into()),
        SecretError::Unusable { .. } => MailError::Never(error.into()),
    }
}

fn judged(error: smtp::Error) -> MailError {
    match error.status().map(u16::from) {
        Some(code) if AUTHENTICATION.contains(&code) => MailError::Never(error.into()),
        Some(code) if code >= 500 => MailError::Refused(error.into()),
        _ => MailError::Retry(error.into()),
    }
}

#[cfg(test)]
mod tests;
