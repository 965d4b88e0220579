//! Telling others: tenants' servers by webhook, customers by e-mail.
//!
//! Webhooks are signed as Standard Webhooks says and go to the public internet only, whatever a name leads to. E-mail is text and HTML
//! from templates, over SMTP. What is told to whom, and when again, is decided in `penstock-application`.

mod courier;
mod mail;
mod settings;

pub use courier::{HttpCourier, Times};
pub use mail::{MailSecret, SmtpMailer, StartMailError};
pub use settings::{courier, mailer};
