//! Instants on the wire: printed in UTC with exactly three decimals, read as RFC 3339 and nothing looser.

use jiff::Timestamp;
use jiff::civil::{DateTime, date};

/// What an instant must look like, as the end of a sentence.
pub(crate) const MUST: &str =
    "must be an RFC 3339 instant such as 2010-12-01T08:26:00Z (in a URL a plus sign is written %2B)";

/// An instant as the wire shows it: `2010-12-01T08:26:00.000Z`.
pub fn shown(at: Timestamp) -> String {
    format!("{at:.3}")
}

/// Reads an RFC 3339 instant. What ISO 8601 allows beyond that (weeks, no offset, no seconds) is no instant here.
pub fn parse(text: &str) -> Option<Timestamp> {
    has_rfc3339_shape(text.as_bytes()).then(|| text.parse().ok().or_else(|| end_of_time(text))).flatten()
}

/// The last hours of the year 9999, a common way to say "no end", are beyond what a [`Timestamp`] holds.
fn end_of_time(text: &str) -> Option<Timestamp> {
    let local: DateTime = text.get(.."2010-12-01T08:26:00".len())?.parse().ok()?;
    (local.date() >= date(9999, 12, 30)).then_some(Timestamp::MAX)
}

fn has_rfc3339_shape(text: &[u8]) -> bool {
    let Some((seconds, rest)) = text.split_at_checked("2010-12-01T08:26:00".len()) else { return false };
    let fraction = match rest.split_first() {
        Some((b'.', digits)) => digits.iter().take_while(|digit| digit.is_ascii_digit()).count() + 1,
        _ => 0,
    };
    let offset = &rest[fraction..];
    let is_utc = matches!(offset, [b'Z' | b'z']);
    let is_numeric = matches!(offset, [b'+' | b'-', rest @ ..] if matches(rest, b"00:00"));
    fraction != 1 && matches(seconds, b"0000-00-00T00:00:00") && (is_utc || is_numeric)
}

/// Whether `text` has digits where `shape` has zeros and the same separators elsewhere (`t` is `T`).
fn matches(text: &[u8], shape: &[u8]) -> bool {
    text.len() == shape.len()
        && text.iter().zip(shape).all(|(byte, like)| match like {
            b'0' => byte.is_ascii_digit(),
            _ => byte.eq_ignore_ascii_case(like),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_the_year_9999_is_the_end_of_time() {
        assert_eq!(parse("9999-12-31T23:59:59Z"), Some(Timestamp::MAX));
        assert_eq!(parse("9999-12-32T23:59:59Z"), None);
    }

    #[test]
    fn an_instant_is_shown_in_utc_with_three_decimals() {
        for (read, expected) in [
            ("2010-12-01T08:26:00Z", "2010-12-01T08:26:00.000Z"),
            ("2010-12-01T09:26:00.5+01:00", "2010-12-01T08:26:00.500Z"),
            ("2010-12-01t08:26:00.123456z", "2010-12-01T08:26:00.123Z"),
        ] {
            assert_eq!(shown(parse(read).unwrap()), expected);
        }
    }

    #[test]
    fn what_is_not_rfc_3339_is_no_instant() {
        for text in [
            "",
            "2010",
            "2010-12-01",
            "2010-12-01T08:26Z",
            "2010-12-01T08:26:00",
            "2010-12-01 08:26:00Z",
            "2010-12-01T08:26:00 00:00",
            "2010-12-01T08:26:00.Z",
            "2010-13-01T08:26:00Z",
            "2010-02-30T08:26:00Z",
            "2010-12-01T25:26:00Z",
            "+002010-12-01T08:26:00Z",
            "2010-12-01T08:26:00+0100",
            "2010-12-01T08:26:00+01",
            "2010-12-01T08:26:00Z[UTC]",
            "2010-12-01T08:26:00Zz",
            "١٠١٠-12-01T08:26:00Z",
            "now",
            "1291191960",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
