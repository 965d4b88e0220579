//! Letters as the sandbox's mailbox gets them.

use penstock_application::ports::mail::{Message as Says, Recipient};
use penstock_domain::order::Line;
use penstock_domain::{Currency, Money, OrderId, ProductId};
use penstock_sandbox::{Options, Page, Place, Ports, Sandbox, Service, Timing, wall_clock};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use uuid::Uuid;

use super::*;

const FROM: &str = "orders@shop.example.com";

#[tokio::test]
async fn a_letter_arrives_as_text_and_html_under_a_name_of_its_own() {
    let (sandbox, mailer) = post_office().await;
    let mail = mail("ann@example.com", confirmed());
    mailer.send(&mail).await.unwrap();
    mailer.send(&mail).await.unwrap();
    let letters = sandbox.mail(&Page::default()).unwrap().mail;
    let [second, first] = letters.as_slice() else { panic!("{letters:?}") };
    assert_eq!(
        (first.from.as_str(), first.recipients.as_slice()),
        (FROM, ["ann@example.com".to_owned()].as_slice())
    );
    let named = |name: &str| first.headers.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str());
    let id = format!("<acme.{}.4@shop.example.com>", mail.order);
    assert_eq!(named("Message-ID"), Some(id.as_str()));
    assert!(second.headers.contains(&("Message-ID".to_owned(), id)), "a repetition has the same name");
    for wanted in
        ["Hello Łucja <b>", "12.50 GBP", "2 x Mug & saucer (MUG-1)", &mail.order.to_string(), "acme"]
    {
        assert!(first.text.contains(wanted), "{wanted:?} is not in {}", first.text);
    }
    let html = first.html.as_deref().unwrap();
    assert!(
        html.contains("Mug &#38; saucer") && html.contains("&#60;b&#62;") && !html.contains("<b> "),
        "{html}"
    );
}

#[tokio::test]
async fn a_mailbox_that_is_not_there_is_refused_for_good() {
    let (_sandbox, mailer) = post_office().await;
    for address in ["refused@example.com", "no address", "a@b.c\r\nBcc: x@y.z"] {
        let error = mailer.send(&mail(address, confirmed())).await.unwrap_err();
        assert!(matches!(error, MailError::Refused(_)), "{address}: {error:?}");
    }
}

#[tokio::test]
async fn a_server_that_is_down_is_tried_again() {
    let (sandbox, mailer) = post_office().await;
    sandbox.set_down(Service::Mail, true).unwrap();
    let error = mailer.send(&mail("ann@example.com", confirmed())).await.unwrap_err();
    assert!(matches!(error, MailError::Retry(_)), "{error:?}");
    sandbox.set_down(Service::Mail, false).unwrap();
    mailer.send(&mail("ann@example.com", confirmed())).await.unwrap();
    sandbox.stop().await;
    let error = mailer.send(&mail("ann@example.com", confirmed())).await.unwrap_err();
    assert!(matches!(error, MailError::Retry(_)), "{error:?}");
}

#[tokio::test]
async fn a_server_that_says_nothing_is_not_waited_for() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", silent.local_addr().unwrap());
    let mut mailer = SmtpMailer::new(&url, FROM, secret()).unwrap();
    mailer.sent_within = Duration::from_millis(100);
    let error = mailer.send(&mail("ann@example.com", confirmed())).await.unwrap_err();
    assert!(matches!(error, MailError::Retry(_)), "{error:?}");
}

#[tokio::test]
async fn a_server_that_is_down_is_not_asked_for_every_letter() {
    let (sandbox, mailer) = post_office().await;
    sandbox.stop().await;
    for _ in 0..LEFT_ALONE.failures_max {
        mailer.send(&mail("ann@example.com", confirmed())).await.unwrap_err();
    }
    let error = mailer.send(&mail("ann@example.com", confirmed())).await.unwrap_err();
    assert!(matches!(&error, MailError::Retry(why) if why.to_string().contains("a moment ago")), "{error:?}");
}

#[test]
fn letters_and_keys_do_not_travel_in_the_clear() {
    for url in [
        "smtp://127.0.0.1:25",
        "smtp://localhost",
        "smtps://mail.example.com",
        "smtp://mail.example.com?tls=required",
    ] {
        assert!(SmtpMailer::new(url, FROM, secret()).is_ok(), "{url}");
    }
    for url in [
        "smtp://mail.example.com",
        "smtp://localhost.example.com",
        "smtp://127.0.0.1@example.com",
        "http://127.0.0.1",
        "mail",
    ] {
        assert!(SmtpMailer::new(url, FROM, secret()).is_err(), "{url}");
    }
    assert!(matches!(SmtpMailer::new("smtps://a.b", "nobody", secret()), Err(StartMailError::Sender(_))));
}

#[test]
fn every_letter_says_what_it_is_about() {
    let pounds = pounds("12.50");
    let (number, url) = (Some("T<1>".to_owned()), Some("https://carrier.example/T1?a&b".to_owned()));
    let shipped = |tracking_url: Option<String>| Says::Shipped {
        lines: vec![line()],
        tracking_number: number.clone(),
        tracking_url,
    };
    for (says, wanted) in [
        (
            Says::PaymentFailed { total: pounds, pay_by: Some("2026-01-01T00:00:00Z".to_owned()) },
            vec!["12.50 GBP", "by 2026-01-01"],
        ),
        (Says::PaymentFailed { total: pounds, pay_by: None }, vec!["means of payment."]),
        (shipped(url), vec!["number is T<1>", "https://carrier.example/T1?a&b"]),
        (shipped(None), vec!["Mug & saucer"]),
        (
            Says::Cancelled { reason: Some("out of stock".to_owned()), refund: Some(pounds) },
            vec!["cancelled: out of stock. 12.50 GBP"],
        ),
        (Says::Cancelled { reason: None, refund: None }, vec!["your order was cancelled.\n"]),
        (Says::Refunded { amount: pounds }, vec!["12.50 GBP went back"]),
    ] {
        let mail = mail("ann@example.com", says);
        let words = words::of(&mail).unwrap();
        assert!(words.subject.contains(&mail.order.to_string()), "{}", words.subject);
        for wanted in wanted {
            assert!(words.text.contains(wanted), "{wanted:?} is not in {}", words.text);
        }
        assert!(!words.html.contains("T<1>") && !words.html.contains("a&b"), "{}", words.html);
        assert!(!words.text.contains("\n\n\n"), "{:?}", words.text);
    }
}

#[test]
fn a_link_that_runs_a_script_is_no_link() {
    let tracking_url = Some("javascript:alert(1)".to_owned());
    let says = Says::Shipped { lines: vec![], tracking_number: None, tracking_url };
    let words = words::of(&mail("ann@example.com", says)).unwrap();
    assert!(!words.html.contains("javascript") && !words.text.contains("javascript"));
}

#[tokio::test]
async fn what_a_server_says_of_our_key_is_not_the_recipients_fault() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::new(read).lines();
        write.write_all(b"220 here\r\n").await.unwrap();
        while let Some(line) = lines.next_line().await.unwrap() {
            let answer: &[u8] = match line.split(' ').next().unwrap() {
                "EHLO" => b"250-here\r\n250 AUTH PLAIN\r\n",
                "AUTH" => b"535 who are you\r\n",
                _ => b"250 very well\r\n",
            };
            write.write_all(answer).await.unwrap();
        }
    });
    let secret = Secret::new(Named, "mail".to_owned());
    let mailer = SmtpMailer::new(&url, FROM, secret).unwrap();
    let error = mailer.send(&mail("ann@example.com", confirmed())).await.unwrap_err();
    assert!(matches!(error, MailError::Never(_)), "{error:?}");
}

#[test]
fn a_key_is_not_printed() {
    let printed = format!("{:?}", MailSecret { username: "u".to_owned(), password: "hidden".to_owned() });
    assert!(!printed.contains("hidden"));
}

/// A mailbox, and a mailer that brings letters there.
async fn post_office() -> (Sandbox, SmtpMailer<Fixed>) {
    let sandbox = Sandbox::start(Options {
        place: Place::Memory,
        ports: Ports::default(),
        clock: wall_clock(),
        seed: 7,
        payment_key: "sk_test_1".to_owned(),
        payment_webhook_secrets: vec!["whsec_a".to_owned()],
        payment_webhook_url: None,
        carrier_key: "ck_test_1".to_owned(),
        carrier_secret: "whsec_YQ==".to_owned(),
        carrier_webhook_url: None,
        timing: Timing::default(),
    })
    .await
    .unwrap();
    let mailer = SmtpMailer::new(sandbox.smtp_url(), FROM, secret()).unwrap();
    (sandbox, mailer)
}

/// A secret without a name: nobody logs in.
struct Fixed;

impl SecretSource for Fixed {
    async fn read(&self, _: &str) -> Result<String, SecretError> {
        Ok(r#"{"username":"","password":""}"#.to_owned())
    }
}

/// A secret with a name.
struct Named;

impl SecretSource for Named {
    async fn read(&self, _: &str) -> Result<String, SecretError> {
        Ok(r#"{"username":"shop","password":"wrong"}"#.to_owned())
    }
}

fn secret() -> Secret<MailSecret, Fixed> {
    Secret::new(Fixed, "mail".to_owned())
}

fn mail(to: &str, message: Says) -> Mail {
    Mail {
        tenant: "acme".parse().unwrap(),
        order: OrderId::from(Uuid::from_u128(7)),
        sequence: 4,
        to: Recipient { email: to.to_owned(), name: Some("Łucja <b>".to_owned()) },
        message,
    }
}

fn confirmed() -> Says {
    Says::Confirmed { lines: vec![line()], total: pounds("12.50") }
}

fn line() -> Line {
    Line {
        product_id: ProductId::from(Uuid::from_u128(1)),
        sku: "MUG-1".to_owned(),
        name: "Mug & saucer".to_owned(),
        quantity: 2,
        unit_price: pounds("6.25"),
    }
}

fn pounds(amount: &str) -> Money {
    Money::parse(amount, "GBP".parse::<Currency>().unwrap()).unwrap()
}
