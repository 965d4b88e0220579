//! W3C trace context: taken from the request when it brings one, begun otherwise.
//!
//! Source: <https://www.w3.org/TR/trace-context/>.

use uuid::Uuid;

/// The trace a request belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trace {
    /// 32 hex digits.
    pub(crate) id: String,
    /// What is stored and sent on: the same trace, with a span of our own.
    pub(crate) traceparent: String,
}

impl Trace {
    /// Goes on with the caller's trace, or begins one when there is none or it is malformed.
    pub(crate) fn of(traceparent: Option<&str>) -> Self {
        let (id, flags) = traceparent
            .and_then(parse)
            .unwrap_or_else(|| (Uuid::new_v4().simple().to_string(), "01".to_owned()));
        let span = &Uuid::new_v4().simple().to_string()[..16];
        Self { traceparent: format!("00-{id}-{span}-{flags}"), id }
    }
}

fn parse(traceparent: &str) -> Option<(String, String)> {
    let parts: Vec<&str> = traceparent.split('-').collect();
    let [version, id, parent, flags, ..] = parts.as_slice() else { return None };
    let hex = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    let zero = |text: &str| text.bytes().all(|b| b == b'0');
    let well_formed = hex(version, 2)
        && *version != "ff"
        && (*version != "00" || parts.len() == 4)
        && hex(id, 32)
        && !zero(id)
        && hex(parent, 16)
        && !zero(parent)
        && hex(flags, 2);
    well_formed.then(|| (id.to_string(), flags.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIVEN: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

    #[test]
    fn the_callers_trace_goes_on_with_a_span_of_our_own() {
        let trace = Trace::of(Some(GIVEN));
        assert_eq!(trace.id, "4bf92f3577b34da6a3ce929d0e0e4736");
        assert!(trace.traceparent.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"));
        assert!(trace.traceparent.ends_with("-00") && trace.traceparent != GIVEN);
    }

    #[test]
    fn a_malformed_trace_is_replaced() {
        let zero = "00-00000000000000000000000000000000-00f067aa0ba902b7-01";
        for bad in
            ["", "x", zero, &GIVEN.to_uppercase(), &format!("{GIVEN}-01"), &GIVEN.replacen("00", "ff", 1)]
        {
            let trace = Trace::of(Some(bad));
            assert!(parse(&trace.traceparent).is_some(), "{bad}");
            assert_ne!(trace.id, "4bf92f3577b34da6a3ce929d0e0e4736");
        }
    }
}
