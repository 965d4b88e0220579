//! How many reservations of one product a second there can be. Measured on demand, as it depends on the machine:
//! `cargo test --release -p penstock-tests hot_product -- --ignored --nocapture`.

use std::time::Instant;

use futures::future::join_all;
use penstock_application::stock::Outcome;

use super::house::{House, reserve, tenant};

/// Steps come in batches: what is alone is the worst case.
const CASES: [(u128, u128, u128); 6] =
    [(1, 1, 400), (4, 1, 400), (16, 1, 400), (1, 10, 2_000), (4, 10, 2_000), (10, 10, 2_000)];

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement, for a machine that does nothing else: cargo test -p penstock-tests hot_product -- --ignored --nocapture"]
async fn a_hot_product_sustains_hundreds_of_reservations_a_second() {
    println!("workers  orders a batch  reservations a second");
    for (workers, batch, reservations) in CASES {
        let a_second = measure(workers, batch, reservations).await;
        println!("{workers:7}  {batch:14}  {a_second:21.0}");
        assert!(batch == 1 || a_second > 200.0, "{workers} workers with {batch} orders a batch");
    }
}

/// Half of the reservations find the goods gone.
async fn measure(workers: u128, batch: u128, reservations: u128) -> f64 {
    let units = i64::try_from(reservations / 2).unwrap();
    let house = House::with(&[(1, units)]).await;
    let each = reservations / workers / batch;
    let started = Instant::now();
    let working = (0..workers).map(|worker| {
        let stock = house.stock();
        tokio::spawn(async move {
            let mut done = 0;
            for number in 0..each {
                let first = (worker * each + number) * batch;
                let operations: Vec<_> = (first..first + batch).map(|it| reserve(it, &[(1, 1)])).collect();
                let outcomes = stock.apply(&tenant(), &operations).await;
                done += outcomes.iter().filter(|it| matches!(it, Outcome::Done(_))).count();
            }
            done
        })
    });
    let done: usize = join_all(working).await.into_iter().map(Result::unwrap).sum();
    let reserved = house.of(1).await[1];
    assert_eq!(i64::try_from(done).unwrap(), reserved);
    assert!(reserved <= units, "oversold by {}", reserved - units);
    (workers * batch * each) as f64 / started.elapsed().as_secs_f64()
}
