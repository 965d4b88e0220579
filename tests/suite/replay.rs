//! The real orders go in over HTTP and come out again, exactly.

use std::path::{Path, PathBuf};
use std::time::Duration;

use penstock_local::Platform;
use penstock_replay::{Options, Patience, Report};
use penstock_tests::runtime;
use penstock_tests::shop::Shop;
use serde_json::{Value, json};

/// How long nothing may move. On a machine that has nothing else to do something moves every second.
const PATIENCE: Patience = Patience { list: Duration::from_secs(30), checkout: Duration::from_secs(120) };

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_file_reconciles_to_the_penny_and_a_second_run_adds_nothing() {
    let Some(file) = real_file() else { return };
    let platform = Platform::start(paused()).await.unwrap();
    let first = replay(&platform, &file, false, PATIENCE).await;
    assert!(first.reconciled(), "{first}");
    assert_eq!((first.created(), first.already_there()), (1_449, 0), "{first}");
    let second = replay(&platform, &file, false, PATIENCE).await;
    assert!(second.reconciled(), "{second}");
    assert_eq!((second.created(), second.already_there()), (0, 1_449), "{second}");
}

#[tokio::test(flavor = "multi_thread")]
async fn real_orders_are_stocked_paid_delivered_and_taken_back_and_all_of_it_reconciles() {
    let Some(file) = real_file() else { return };
    let slice = tempfile::tempdir().unwrap();
    let (whole, file) = (file, slice.path().join("slice.csv"));
    slice_of(&whole, &file);
    let platform = Platform::start(runtime::checked_out()).await.unwrap();
    let first = replay(&platform, &file, true, PATIENCE).await;
    assert!(first.reconciled(), "{first}");
    assert_eq!((first.created(), first.cancelled(), first.returned()), (24, 1, 3), "{first}");
    platform.drained().await.unwrap();
    let booked = books(&platform).await;
    let second = replay(&platform, &file, true, PATIENCE).await;
    assert!(second.reconciled(), "{second}");
    assert_eq!((second.created(), second.already_there()), (0, 24), "{second}");
    platform.drained().await.unwrap();
    assert_eq!(books(&platform).await, booked, "a second run moves no money");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_back_without_the_file_is_named_as_a_difference() {
    let shop = Shop::open_on(runtime::checked_out()).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("one.csv");
    let rows = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID\n\
        1,A1,X,6,01/12/2010 08:00,2.00,9\n";
    std::fs::write(&file, rows).unwrap();
    let first = replay(&shop.platform, &file, true, PATIENCE).await;
    assert!(first.reconciled(), "{first}");
    send_back(&shop).await;
    let hasty = Patience { list: Duration::ZERO, checkout: Duration::from_secs(2) };
    let second = replay(&shop.platform, &file, true, hasty).await;
    assert!(!second.reconciled(), "{second}");
    for finding in [
        "invoice 1, get: status: sent DELIVERED, got REFUNDED",
        "invoice 1, provider: refunded: expected 0.00, got 12.00",
        "stock of A1: returned: expected 0, got 6",
    ] {
        assert!(second.to_string().contains(finding), "{finding:?} is not in\n{second}");
    }
}

/// A platform in this process, where orders stay where they were put: the file is read back, not checked out.
fn paused() -> penstock_local::Options {
    let mut options = penstock_local::Options::memory();
    options.parameters.insert("Checkout".to_owned(), "paused".to_owned());
    options
}

async fn replay(platform: &Platform, file: &Path, checkout: bool, patience: Patience) -> Report {
    let (file, url, tenant) = (file.to_owned(), platform.url().to_owned(), "shop".to_owned());
    penstock_replay::run(Options { file, url, tenant, checkout, patience }).await.unwrap()
}

/// Sends the shop's one order back whole, and waits until its money and its goods are back.
async fn send_back(shop: &Shop) {
    let orders = shop.get("/v1/orders").await;
    let path = format!("/v1/orders/{}", orders.text_at("/orders/0/orderId"));
    let asked = shop.command("POST", &format!("{path}/returns"), 1, &json!({})).await;
    let receipt = format!("{path}/returns/{}/receipt", asked.text_at("/return/returnId"));
    let came = shop.command("POST", &receipt, 2, &json!({})).await;
    assert_eq!(came.status, 200, "{}", came.text);
    shop.platform.drained().await.unwrap();
}

/// The sums in the payment provider's books.
async fn books(platform: &Platform) -> Value {
    let books = reqwest::get(format!("{}/dev/payments?limit=1", platform.url())).await.unwrap();
    serde_json::from_slice::<Value>(&books.bytes().await.unwrap()).unwrap()["totals"].clone()
}

/// A part of the file for a test: 24 orders of 378 lines, of which one is called off whole and three are taken back in part.
fn slice_of(file: &Path, slice: &Path) {
    let whole = std::fs::read_to_string(file).unwrap();
    let chosen = |row: &str| row.rsplit(',').nth(1).is_some_and(|customer| customer.ends_with("13"));
    let (header, rows) = whole.split_once('\n').unwrap();
    let rows = rows.lines().filter(|row| chosen(row)).collect::<Vec<_>>();
    std::fs::write(slice, format!("{header}\n{}\n", rows.join("\n"))).unwrap();
}

fn real_file() -> Option<PathBuf> {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/online-retail.csv");
    if !file.exists() && std::env::var_os("CI").is_none() {
        eprintln!("not replayed: the order data is not beside this checkout");
        return None;
    }
    Some(file)
}
