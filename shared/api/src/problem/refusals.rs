//! What the business refuses, as problem documents.

use penstock_domain::order::{Action, LineProblem, LineProblemKind, Refusal, Status, allowed};

use super::{Code, Detail, Problem};

impl Problem {
    /// The document of a refusal.
    pub fn refused(refusal: &Refusal) -> Self {
        let sentence = sentence(refusal);
        match refusal {
            Refusal::NotAllowed { status, allowed, .. } => state(sentence, *status, allowed.clone()),
            Refusal::ReturnWindowClosed(_) => delivered(sentence, Action::RequestReturn),
            Refusal::ReturnWindowOpen(_) => delivered(sentence, Action::ArchiveOrder),
            Refusal::Lines(lines) => {
                let code = lines.first().map_or(Code::ValidationFailed, |line| code(&line.kind));
                Self::new(code, sentence).with_details(lines.iter().map(detail).collect())
            }
            Refusal::NoLines => items(Code::ValidationFailed, refusal),
            Refusal::TooManyLines { .. } | Refusal::TooManyEdits => items(Code::LimitExceeded, refusal),
            Refusal::Parts { part, .. } => {
                Self::new(Code::PartsUnavailable, sentence).with_details(vec![Detail::new(
                    format!("/parts/{}/quantity", part.line),
                    refusal.to_string(),
                )])
            }
            Refusal::NothingLeft(_) => Self::new(Code::PartsUnavailable, sentence),
            Refusal::NoShipment(_) => Self::new(Code::ShipmentNotFound, sentence),
            Refusal::NoReturn(_) => Self::new(Code::ReturnNotFound, sentence),
            // No caller names a refund: only the platform's own steps do.
            Refusal::NoRefund(_) => Self::internal(),
            Refusal::TooManyAttempts(_) => Self::new(Code::LimitExceeded, sentence),
            Refusal::TotalTooLarge => items(Code::TotalTooLarge, refusal),
        }
    }
}

/// A refusal as a sentence: begun with a capital, ended with a full stop.
fn sentence(refusal: &Refusal) -> String {
    let text = refusal.to_string();
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", characters.as_str())
}

fn state(sentence: String, status: Status, allowed: Vec<Action>) -> Problem {
    Problem { order_status: Some(status), allowed: Some(allowed), ..Problem::new(Code::OrderState, sentence) }
}

/// Only a delivered order has a return window; what the window forbids is not allowed from there now.
fn delivered(sentence: String, forbidden: Action) -> Problem {
    let rest = allowed(Status::Delivered).into_iter().filter(|action| *action != forbidden).collect();
    state(sentence, Status::Delivered, rest)
}

fn items(code: Code, refusal: &Refusal) -> Problem {
    Problem::new(code, sentence(refusal)).with_details(vec![Detail::new("/items", refusal.to_string())])
}

fn code(kind: &LineProblemKind) -> Code {
    match kind {
        LineProblemKind::UnknownProduct(_) => Code::UnknownProduct,
        LineProblemKind::PriceChanged(_) => Code::PriceChanged,
        LineProblemKind::OtherCurrency { .. } => Code::CurrencyMismatch,
        LineProblemKind::Units { .. } => Code::LimitExceeded,
    }
}

fn detail(problem: &LineProblem) -> Detail {
    let field = match problem.kind {
        LineProblemKind::UnknownProduct(_) => "productId",
        LineProblemKind::PriceChanged(_) | LineProblemKind::OtherCurrency { .. } => "unitPrice",
        LineProblemKind::Units { .. } => "quantity",
    };
    Detail::new(format!("/items/{}/{field}", problem.line), problem.kind.to_string())
}
