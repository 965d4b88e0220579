//! Giving money back.

use super::*;
use crate::ports::payments::RefundState;

#[tokio::test]
async fn a_refund_that_fails_is_made_again_with_a_new_key() {
    let till = paid_and_called_off().await;
    let failed = || RefundState::Failed { reason: "later".into() };
    till.provider.refunds_become([failed(), failed()]);
    assert!(matches!(till.refund(0).await, Err(Undone::Failed(_))));
    assert!(matches!(till.refund(1).await, Err(Undone::Failed(_))));
    till.refund(2).await.unwrap();
    till.refund(3).await.unwrap();
    assert_eq!(till.provider.refunded(), 500);
    assert_eq!(till.keys()[2..], ["refund/1/0", "refund/1/1", "refund/1/2"]);
}

#[tokio::test]
async fn a_refund_whose_answer_was_lost_is_not_made_twice() {
    let till = paid_and_called_off().await;
    till.provider.vanish_after_refund();
    assert!(matches!(till.refund(0).await, Err(Undone::Later { .. })));
    till.refund(1).await.unwrap();
    assert_eq!(till.provider.refunded(), 500);
    assert_eq!(till.keys()[2..], ["refund/1/0"]);
}

#[tokio::test]
async fn a_refund_that_is_to_come_is_waited_for() {
    let till = paid_and_called_off().await;
    till.provider.refunds_become([RefundState::Pending]);
    for attempts in 0..3 {
        assert!(matches!(till.refund(attempts).await, Err(Undone::Later { after: Some(PENDING), .. })));
    }
    till.provider.pay_what_waits();
    till.refund(3).await.unwrap();
    assert_eq!(till.keys()[2..], ["refund/1/0"]);
    assert!(till.events().await.iter().any(|it| matches!(it, Event::RefundPaid { .. })));
}

#[tokio::test]
async fn what_was_given_back_for_something_else_is_not_taken_for_the_refund() {
    let till = paid_and_called_off().await;
    till.provider.refund_for_another(None);
    till.provider.refund_for_another(Some(format!("{}/{}/refund/10/0", caller().tenant, till.order)));
    till.refund(1).await.unwrap();
    assert_eq!(till.provider.refunded(), 100 + 100 + 500);
}

async fn paid_and_called_off() -> Till {
    let till = Till::with([]).await;
    till.pay(0).await.unwrap();
    till.call_off().await;
    till
}
