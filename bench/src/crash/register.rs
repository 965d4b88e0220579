//! What one name may hold after a crash: the last number that was acknowledged, or one sent after it.

/// A name that one client writes growing numbers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Register {
    /// The last one answered 2xx, or read since.
    acknowledged: Option<u64>,
    sent: u64,
}

impl Register {
    /// A name that `number` is being written to for the first time.
    pub(super) fn sending(number: u64) -> Self {
        Self { acknowledged: None, sent: number }
    }

    pub(super) fn send(&mut self, number: u64) {
        self.sent = number;
    }

    pub(super) fn acknowledge(&mut self, number: u64) {
        self.acknowledged = Some(number);
    }

    /// Whether an answer is missing for what was sent last.
    pub(super) fn unanswered(&self) -> bool {
        self.acknowledged != Some(self.sent)
    }

    pub(super) fn is_acknowledged(&self) -> bool {
        self.acknowledged.is_some()
    }

    /// What is wrong with reading `found`, if anything. What was read once must stay.
    pub(super) fn read(&mut self, found: Option<u64>) -> Option<String> {
        let Self { acknowledged, sent } = *self;
        if found < acknowledged || found > Some(sent) {
            return Some(format!("holds {found:?}; acknowledged was {acknowledged:?}, sent last {sent}"));
        }
        // What the crash took will never come: sending it is over.
        *self = Self { acknowledged: found, sent: found.unwrap_or(sent) };
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_holds_what_was_acknowledged_or_what_was_sent_after() {
        for found in [3, 4] {
            assert_eq!(acknowledged_then_sent(3, 4).read(Some(found)), None);
        }
        assert_eq!(Register::sending(1).read(None), None, "never acknowledged, it may be nowhere");
        assert_eq!(Register::sending(1).read(Some(1)), None);
    }

    #[test]
    fn what_is_lost_older_or_from_nowhere_is_found() {
        for found in [None, Some(2), Some(5)] {
            assert!(acknowledged_then_sent(3, 4).read(found).is_some(), "{found:?}");
        }
    }

    #[test]
    fn what_was_read_once_must_stay() {
        let mut register = acknowledged_then_sent(3, 4);
        assert_eq!(register.read(Some(4)), None);
        assert!(register.read(Some(3)).is_some());
        let mut register = acknowledged_then_sent(3, 4);
        assert_eq!(register.read(Some(3)), None);
        assert!(register.read(Some(4)).is_some(), "what was not kept does not come later");
    }

    fn acknowledged_then_sent(acknowledged: u64, sent: u64) -> Register {
        let mut register = Register::sending(acknowledged);
        register.acknowledge(acknowledged);
        register.send(sent);
        register
    }
}
