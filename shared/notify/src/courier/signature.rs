//! Signatures as Standard Webhooks has them: one for each secret that signs, separated by spaces.

use penstock_domain::webhook::Secret;
use standardwebhooks::{Webhook, WebhookError};

/// The `webhook-signature` of a body.
pub(super) fn header(
    secrets: &[&Secret],
    id: &str,
    timestamp: i64,
    body: &str,
) -> Result<String, WebhookError> {
    let sign = |secret: &&Secret| Webhook::new(secret.reveal())?.sign(id, timestamp, body.as_bytes());
    Ok(secrets.iter().map(sign).collect::<Result<Vec<_>, _>>()?.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Standard Webhooks specification, "Signature scheme".
    #[test]
    fn a_body_is_signed_as_the_specification_shows() {
        let secret = Secret::new("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD".to_owned());
        let header = header(&[&secret], "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", 1_649_367_553, BODY).unwrap();
        assert_eq!(header, "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=");
    }

    #[test]
    fn each_secret_signs() {
        let [one, two] = ["whsec_YQ==", "whsec_Yg=="].map(|it| Secret::new(it.to_owned()));
        let both = header(&[&one, &two], "m", 1, "{}").unwrap();
        let [first, second] = both.split(' ').collect::<Vec<_>>()[..] else { panic!("{both}") };
        assert_eq!(first, header(&[&one], "m", 1, "{}").unwrap());
        assert_eq!(second, header(&[&two], "m", 1, "{}").unwrap());
        assert_ne!(first, second);
    }

    const BODY: &str = r#"{"email":"test@example.com","username":"test_user"}"#;
}
