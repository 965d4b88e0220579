//! Operations for orders over the real store: races, crashes, and orders beyond one transaction.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use futures::future::join_all;
use penstock_application::stock::Outcome;
use penstock_local::aws::faults::refusal;

use super::house::{House, all_said, product, release, reserve, said, sell, take_back, tenant, units};

#[tokio::test(flavor = "multi_thread")]
async fn goods_are_kept_sold_taken_back_and_released_once() {
    let house = House::with(&[(1, 10), (2, 4)]).await;
    let operations = [
        reserve(1, &[(1, 3), (2, 1), (1, 1), (7, 9)]),
        sell(1, "parcel", &[(1, 3), (7, 9)]),
        take_back(1, "return", &[(1, 1)], false),
        release(1),
    ];
    for operation in &operations {
        let operation = std::slice::from_ref(operation);
        assert_eq!(all_said(&house.apply(operation).await), ["done"], "{operation:?}");
    }
    assert_eq!([house.of(1).await, house.of(2).await], [[7, 0], [4, 0]]);
    let again = house.apply(&operations).await;
    assert_eq!(all_said(&again), ["over", "before", "before", "before"]);
    assert!(
        matches!(&again[3], Outcome::AlreadyDone(moved) if *moved == units(&[(1, 1), (2, 1)])),
        "{again:?}"
    );
    assert_eq!([house.of(1).await, house.of(2).await], [[7, 0], [4, 0]]);
    let movements = house.ledger.movements(&tenant(), product(1), None, 10).await.unwrap().items;
    let kinds: Vec<_> = movements.iter().map(|it| format!("{:?}", it.movement.kind)).collect();
    assert_eq!(kinds, ["Released", "WrittenOff", "Returned", "Sold", "Reserved", "Received"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_500_buyers_at_once_exactly_100_get_the_100_units() {
    let house = House::with(&[(1, 100)]).await;
    let buyers = (0..500).map(|buyer| {
        let stock = house.stock();
        tokio::spawn(async move {
            loop {
                let outcome = stock.apply(&tenant(), &[reserve(buyer, &[(1, 1)])]).await.remove(0);
                // What lost too many races is sent again, as a queue does.
                if !matches!(outcome, Outcome::Failed(_)) {
                    return said(&outcome);
                }
            }
        })
    });
    let said: Vec<_> = join_all(buyers).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(said.iter().filter(|it| **it == "done").count(), 100);
    assert_eq!(said.iter().filter(|it| **it == "short").count(), 400);
    assert_eq!(house.of(1).await, [100, 100]);
    let again: Vec<_> = (0..500).map(|buyer| reserve(buyer, &[(1, 1)])).collect();
    let again = all_said(&house.apply(&again).await);
    let now: Vec<_> = said.iter().map(|it| if *it == "done" { "before" } else { "short" }).collect();
    assert_eq!(again, now);
}

#[tokio::test(flavor = "multi_thread")]
async fn racing_batches_of_the_same_orders_do_each_operation_once() {
    let house = House::with(&[(1, 1_000), (2, 1_000)]).await;
    let operations: Arc<Vec<_>> = Arc::new(
        (0..10).flat_map(|it| [reserve(it, &[(1, 2), (2, 1)]), sell(it, "parcel", &[(1, 2)])]).collect(),
    );
    let racers = (0..8).map(|_| {
        let (stock, operations) = (house.stock(), Arc::clone(&operations));
        tokio::spawn(async move { stock.apply(&tenant(), &operations).await })
    });
    for outcomes in join_all(racers).await {
        let said = all_said(&outcomes.unwrap());
        assert!(said.iter().all(|it| ["done", "before"].contains(it)), "{said:?}");
    }
    assert_eq!([house.of(1).await, house.of(2).await], [[980, 0], [1_000, 10]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_else_did_just_before_is_not_done_again() {
    let house = House::with(&[(1, 10)]).await;
    let (rival, times) = (house.stock(), Arc::new(AtomicU32::new(0)));
    house.shop.platform.faults().plant(move |call| {
        let first = call.operation == "TransactWriteItems" && times.fetch_add(1, Ordering::SeqCst) == 0;
        let rival = first.then(|| Arc::clone(&rival));
        async move {
            if let Some(rival) = rival {
                let same = rival.apply(&tenant(), &[reserve(1, &[(1, 2)])]).await;
                assert_eq!(all_said(&same), ["done"]);
            }
            None
        }
    });
    assert_eq!(all_said(&house.apply(&[reserve(1, &[(1, 2)])]).await), ["before"]);
    assert_eq!(house.of(1).await, [10, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_fails_half_way_goes_on_when_it_is_repeated() {
    let stocked: Vec<_> = (1..=150).map(|number| (number, 5)).collect();
    let wanted: Vec<_> = (1..=150).map(|number| (number, 2)).collect();
    let house = House::with(&stocked).await;
    let times = Arc::new(AtomicU32::new(0));
    house.shop.platform.faults().plant(move |call| {
        let fails = call.operation == "TransactWriteItems" && times.fetch_add(1, Ordering::SeqCst) > 0;
        async move { fails.then(|| refusal(400, "AccessDeniedException", "planted")) }
    });
    assert_eq!(all_said(&house.apply(&[reserve(1, &wanted)]).await), ["failed"]);
    assert_eq!([house.of(1).await, house.of(150).await], [[5, 2], [5, 0]]);
    house.shop.platform.faults().clear();
    assert_eq!(all_said(&house.apply(&[reserve(1, &wanted)]).await), ["done"]);
    assert_eq!([house.of(1).await, house.of(150).await], [[5, 2], [5, 2]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_orders_that_want_each_others_goods_are_both_served_or_told_what_is_missing() {
    let stocked: Vec<_> = (1..=120).map(|number| (number, 3)).collect();
    let wanted: Vec<_> = (1..=120).map(|number| (number, 2)).collect();
    let house = House::with(&stocked).await;
    let orders = (0..2).map(|number| {
        let (stock, wanted) = (house.stock(), wanted.clone());
        tokio::spawn(async move { stock.apply(&tenant(), &[reserve(number, &wanted)]).await.remove(0) })
    });
    let outcomes: Vec<_> = join_all(orders).await.into_iter().map(Result::unwrap).collect();
    let served = outcomes.iter().filter(|it| said(it) == "done").count();
    assert!(outcomes.iter().all(|it| ["done", "short"].contains(&said(it))), "{outcomes:?}");
    assert!(served <= 1, "three units are not two times two");
    for number in [1, 60, 120] {
        assert_eq!(house.of(number).await, [3, 2 * i64::try_from(served).unwrap()], "{number}");
    }
}
