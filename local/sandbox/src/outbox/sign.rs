//! What proves who a webhook is from.

use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use sha2::Sha256;
use standardwebhooks::{HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP, Webhook};

type Headers = Vec<(&'static str, String)>;

/// `Stripe-Signature`: one `v1` for each active secret.
///
/// Source: "Verify webhook signatures manually", Stripe documentation.
pub(super) fn stripe(secrets: &[String], body: &str, now: Timestamp) -> Headers {
    let at = now.as_second();
    let signatures = secrets.iter().map(|secret| {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length");
        mac.update(format!("{at}.{body}").as_bytes());
        format!(",v1={}", hex::encode(mac.finalize().into_bytes()))
    });
    vec![("Stripe-Signature", format!("t={at}{}", signatures.collect::<String>()))]
}

/// The headers of Standard Webhooks. A webhook that is sent again has the same id.
pub(super) fn standard(signer: &Webhook, event: &str, body: &str, now: Timestamp) -> Headers {
    let at = now.as_second();
    let signature = signer.sign(event, at, body.as_bytes()).expect("a body that was JSON is text");
    vec![
        (HEADER_WEBHOOK_ID, event.to_owned()),
        (HEADER_WEBHOOK_TIMESTAMP, at.to_string()),
        (HEADER_WEBHOOK_SIGNATURE, signature),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_secret_signs_the_time_and_the_body() {
        let secrets = ["one".to_owned(), "two".to_owned()];
        let headers = stripe(&secrets, "{}", Timestamp::from_second(1_700_000_000).unwrap());
        // printf '1700000000.{}' | openssl dgst -sha256 -hmac one
        let expected = concat!(
            "t=1700000000",
            ",v1=4d15bf3ea0a52170f550b594e8e29052cb85827caad0da7695dbbffb71a5643e",
            ",v1=6b2c02aeeca6f7d4bcea47d661d982059bff28ff135a74fbe621ed4a9a4941fe",
        );
        assert_eq!(headers, [("Stripe-Signature", expected.to_owned())]);
    }
}
