//! What happens to a payment, by its payment method. Stripe's test names where it has them, ours for the rest.

/// The payment methods there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// `pm_card_visa`, `pm_card_mastercard`: all goes well.
    Good,
    /// `pm_card_chargeDeclined`: declined, without a reason.
    Declined,
    /// `pm_card_chargeDeclinedInsufficientFunds`: declined, as there is not enough money.
    NoFunds,
    /// `pm_penstock_slow`: done at once, answered after a while.
    Slow,
    /// `pm_penstock_timeout`: confirming and capturing are done at once and never answered; their webhooks are late.
    Timeout,
    /// `pm_penstock_flaky`: every other call fails with 500, in turns before and after it took effect.
    Flaky,
    /// `pm_penstock_rateLimited`: the first three calls are refused with 429.
    RateLimited,
    /// `pm_penstock_webhookFirst`: the webhook was answered before the call is.
    WebhookFirst,
    /// `pm_penstock_webhookLate`: webhooks come late.
    WebhookLate,
    /// `pm_penstock_webhookTwice`: each webhook comes ten times.
    WebhookTwice,
    /// `pm_penstock_webhookOutOfOrder`: every other webhook, beginning with the first, is overtaken by the next.
    WebhookOutOfOrder,
    /// `pm_penstock_refundFails`: of a payment's refunds the first fails with 500, the second is made and `failed`, the
    /// third fails with 500; then they work.
    RefundFails,
}

/// How often each webhook of [`Behaviour::WebhookTwice`] comes.
const COPIES: usize = 10;
const RATE_LIMITED: i64 = 3;

/// How a refund goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RefundGoes {
    Well,
    /// There is a refund, and it failed.
    Wrong,
    /// 500, and nothing was done.
    Nowhere,
}

impl Behaviour {
    /// The behaviour of a payment method, if there is such a one.
    pub(crate) fn of(method: &str) -> Option<Self> {
        Some(match method {
            "pm_card_visa" | "pm_card_mastercard" => Self::Good,
            "pm_card_chargeDeclined" | "pm_card_visa_chargeDeclined" => Self::Declined,
            "pm_card_chargeDeclinedInsufficientFunds" | "pm_card_visa_chargeDeclinedInsufficientFunds" => {
                Self::NoFunds
            }
            "pm_penstock_slow" => Self::Slow,
            "pm_penstock_timeout" => Self::Timeout,
            "pm_penstock_flaky" => Self::Flaky,
            "pm_penstock_rateLimited" => Self::RateLimited,
            "pm_penstock_webhookFirst" => Self::WebhookFirst,
            "pm_penstock_webhookLate" => Self::WebhookLate,
            "pm_penstock_webhookTwice" => Self::WebhookTwice,
            "pm_penstock_webhookOutOfOrder" => Self::WebhookOutOfOrder,
            "pm_penstock_refundFails" => Self::RefundFails,
            _ => return None,
        })
    }

    /// Why the card is declined, if it is.
    pub(crate) const fn decline_code(self) -> Option<&'static str> {
        match self {
            Self::Declined => Some("generic_decline"),
            Self::NoFunds => Some("insufficient_funds"),
            _ => None,
        }
    }

    /// Whether the `nth` call about a payment is refused as one too many.
    pub(crate) fn is_rate_limited(self, nth: i64) -> bool {
        self == Self::RateLimited && nth <= RATE_LIMITED
    }

    /// Whether the `nth` call about a payment fails before it takes effect.
    pub(crate) fn fails_before(self, nth: i64) -> bool {
        self == Self::Flaky && nth % 4 == 1
    }

    /// Whether the `nth` call about a payment fails after it took effect.
    pub(crate) fn fails_after(self, nth: i64) -> bool {
        self == Self::Flaky && nth % 4 == 3
    }

    /// How the `nth` refund of a payment goes.
    pub(crate) fn refund_goes(self, nth: i64) -> RefundGoes {
        match (self, nth) {
            (Self::RefundFails, 2) => RefundGoes::Wrong,
            (Self::RefundFails, ..=3) => RefundGoes::Nowhere,
            _ => RefundGoes::Well,
        }
    }

    /// Whether the webhook of a payment's `nth` event, counted from 1, is late.
    pub(crate) fn is_late(self, nth: i64) -> bool {
        match self {
            Self::WebhookLate | Self::Timeout => true,
            Self::WebhookOutOfOrder => nth % 2 == 1,
            _ => false,
        }
    }

    pub(crate) fn copies(self) -> usize {
        if self == Self::WebhookTwice { COPIES } else { 1 }
    }
}
