//! What the ports' errors say about trying again.

use penstock_application::ports::Cause;
use penstock_application::ports::carrier::CarrierError;
use penstock_application::ports::payments::PaymentError;

use super::{CallError, TryAgain};
use crate::{carrier, stripe};

impl CallError for PaymentError {
    fn try_again(&self) -> Option<TryAgain> {
        match self {
            Self::Retry { after, unknown, .. } => Some(TryAgain { after: *after, unknown: *unknown }),
            Self::Declined { .. } | Self::Never(_) => None,
        }
    }

    fn is_busy(&self) -> bool {
        matches!(self, Self::Retry { cause, .. } if stripe::is_busy(cause))
    }

    /// A provider declines a key once and for all; that it did not understand an attempt says nothing about an earlier one.
    fn is_certain(&self) -> bool {
        matches!(self, Self::Declined { .. })
    }

    fn of(again: TryAgain, cause: Cause) -> Self {
        Self::Retry { after: again.after, unknown: again.unknown, cause }
    }
}

impl CallError for CarrierError {
    /// Whether a parcel was taken is told by handing it over again, so that it need not be told here.
    fn try_again(&self) -> Option<TryAgain> {
        match self {
            Self::Retry { after, .. } => Some(TryAgain { after: *after, unknown: false }),
            Self::Never(_) => None,
        }
    }

    fn is_busy(&self) -> bool {
        matches!(self, Self::Retry { cause, .. } if carrier::is_busy(cause))
    }

    fn is_certain(&self) -> bool {
        matches!(self, Self::Never(_))
    }

    fn of(again: TryAgain, cause: Cause) -> Self {
        Self::Retry { after: again.after, cause }
    }
}
