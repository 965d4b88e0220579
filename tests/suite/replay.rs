//! The real orders go in over HTTP and come out again, exactly.

use std::path::PathBuf;

use penstock_local::{Options, Platform};
use penstock_replay::Options as Replay;

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_file_reconciles_to_the_penny_and_a_second_run_adds_nothing() {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/online-retail.csv");
    if !file.exists() && std::env::var_os("CI").is_none() {
        eprintln!("not replayed: the order data is not beside this checkout");
        return;
    }
    let platform = Platform::start(Options::memory()).await.unwrap();
    let replay =
        || Replay { file: file.clone(), url: platform.url().to_owned(), tenant: "online-retail".to_owned() };
    let first = penstock_replay::run(replay()).await.unwrap();
    assert!(first.reconciled(), "{first}");
    assert_eq!((first.created(), first.already_there()), (1_449, 0), "{first}");
    let second = penstock_replay::run(replay()).await.unwrap();
    assert!(second.reconciled(), "{second}");
    assert_eq!((second.created(), second.already_there()), (0, 1_449), "{second}");
}
