//! A payment provider that is down for minutes, on a clock that the test moves.

use std::time::Duration;

use penstock_domain::order::Status;
use penstock_sandbox::{Page, Service};
use penstock_tests::till::Till;

const SECOND: Duration = Duration::from_secs(1);
const OUTAGE: Duration = Duration::from_mins(10);
/// Delays are whole seconds, and the breaker's open time ends between two of them.
const ROUNDING_SECONDS: u64 = 2;

#[tokio::test]
async fn a_provider_that_is_down_for_ten_minutes_is_asked_less_and_less_and_the_order_completes_by_itself() {
    let till = Till::open().await;
    till.sandbox.set_down(Service::Payments, true).unwrap();
    let mut asked = Vec::new();
    while till.passed() < OUTAGE {
        if till.turn().await > 0 {
            asked.push(till.passed().as_secs());
            assert_eq!(till.order().await.status, Status::PaymentProcessing, "it stays accepted");
            assert_eq!(till.letters(), (1, 0), "it is kept, and not given up");
        }
        till.wait(SECOND).await;
    }
    let delays: Vec<u64> = asked.windows(2).map(|times| times[1] - times[0]).collect();
    assert!(delays.windows(2).all(|it| it[1] + ROUNDING_SECONDS >= it[0]), "they grow: {delays:?}");
    assert!(delays.last() >= Some(&120) && (6..=15).contains(&asked.len()), "{asked:?}");

    till.sandbox.set_down(Service::Payments, false).unwrap();
    while till.letters().0 > 0 {
        assert!(
            till.passed() < 2 * OUTAGE,
            "it takes no more than half as long again: {:?}",
            till.order().await
        );
        till.turn().await;
        till.wait(SECOND).await;
    }
    assert_eq!(till.order().await.status, Status::Confirmed);
    assert_eq!(till.letters(), (0, 0));
    let books = till.sandbox.payments(&Page::default()).unwrap();
    assert_eq!((books.totals[0].payments, books.totals[0].captured), (1, 500));
}
