//! When to ask again, as an answer says it.

use std::time::Duration;

use http::HeaderMap;
use http::header::RETRY_AFTER;

/// Nobody makes us wait longer.
const WAIT_MAX: Duration = Duration::from_secs(15 * 60);

/// The seconds of `Retry-After`. A date there, which RFC 9110 permits too, is not read: no provider of ours sends one.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(WAIT_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_read_and_bounded() {
        for (text, expected) in
            [("3", Some(3)), (" 0 ", Some(0)), ("99999999", Some(900)), ("-1", None), ("soon", None)]
        {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]);
            assert_eq!(retry_after(&headers), expected.map(Duration::from_secs), "{text}");
        }
    }
}
