//! The read model as the projection writes it: whatever way an order's commits come, its view ends up the same.

use penstock_application::History;
use penstock_application::ledger::Ledger as _;
use penstock_domain::order::{Event, Status};
use penstock_platform::views::{LOOKED_AT_MAX, OrderViews, ViewChange, ViewWrite, Wanted};
use penstock_tests::life;
use penstock_tests::shop::{Shop, uuid};
use penstock_tests::stream;
use serde_json::{Value, json};

/// However a life's commits are cut into batches, each is one write, and the view is the one written whole at the end.
#[tokio::test(flavor = "multi_thread")]
async fn a_view_is_the_same_whatever_batches_its_commits_come_in() {
    let (shop, life) = (Shop::open_on(stream::without_projection()).await, edited_life());
    life::plant(&shop, life::order(1), &life).await;
    project(&shop, 1, 1..=9).await;
    let whole = view(&shop, 1).await;
    assert_eq!((&whole["status"], &whole["items"][0]["sku"]), (&json!("DELIVERED"), &json!("edited")));
    for (order, ends) in [(2, vec![1, 9]), (3, (1..=9).collect()), (4, vec![5, 6, 9]), (5, vec![2, 7, 9])] {
        life::plant(&shop, life::order(order), &life).await;
        shop.platform.calls().reset();
        for (from, end) in [0].iter().chain(&ends).zip(&ends) {
            project(&shop, order, from + 1..=*end).await;
        }
        assert_eq!(writes(&shop), ends.len(), "one write a batch, and no read");
        assert_eq!(view(&shop, order).await, with_id(&whole, order), "batches that end at {ends:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_is_the_same_when_commits_come_late_twice_and_out_of_order() {
    let (shop, life) = (Shop::open_on(stream::without_projection()).await, edited_life());
    life::plant(&shop, life::order(1), &life).await;
    project(&shop, 1, 1..=9).await;
    let whole = view(&shop, 1).await;
    for (order, batches) in [
        (2, vec![vec![9], vec![1], vec![2, 3]]),
        (3, vec![vec![1], vec![3], vec![2], vec![5, 7, 9], vec![4, 6, 8]]),
        (4, vec![vec![1, 2], vec![1, 2, 3], vec![3, 4], vec![4, 5, 6, 7], vec![6], vec![7, 8, 9]]),
        (5, vec![vec![2, 1, 1], vec![4, 3], vec![9, 7, 6, 5, 8]]),
    ] {
        life::plant(&shop, life::order(order), &life).await;
        for numbers in &batches {
            project(&shop, order, numbers.iter().copied()).await;
        }
        assert_eq!(view(&shop, order).await, with_id(&whole, order), "as {batches:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_from_before_they_said_more_than_their_events_are_projected_too() {
    let shop = Shop::open_on(stream::without_projection()).await;
    let mut commits = life::commits(&life::tenant(), life::order(1), &edited_life());
    commits.iter_mut().for_each(|commit| commit.head = None);
    let ledger = life::ledger(&shop);
    for commit in &commits {
        ledger.append(commit).await.unwrap();
    }
    project(&shop, 1, 1..=1).await;
    project(&shop, 1, 2..=9).await;
    assert_eq!(view(&shop, 1).await["status"], json!("DELIVERED"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_to_a_view_that_is_not_there_or_too_old_is_not_written() {
    let shop = Shop::open().await;
    let (views, tenant) = (life::views(&shop), life::tenant());
    let commits = life::commits(&tenant, life::order(1), &life::usual(life::days_ago(1)));
    let change = |from: usize, to: usize| ViewWrite::Change(ViewChange::of(&commits[from - 1..to]).unwrap());
    let first = || History::new(life::order(1), commits[..1].to_vec()).unwrap().now().unwrap();
    assert!(!written(&views, change(2, 3)).await, "there is none");
    assert!(written(&views, ViewWrite::New(&tenant, Box::new(first()))).await);
    assert!(!written(&views, ViewWrite::New(&tenant, Box::new(first()))).await, "there is one");
    assert!(!written(&views, change(3, 3)).await, "commit 2 is missing");
    assert_eq!(listed(&views, Some(Status::Pending)).await, 1);
    assert!(written(&views, change(2, 3)).await);
    assert!(written(&views, change(2, 2)).await, "it is newer");
    assert_eq!(listed(&views, Some(Status::Confirmed)).await, 1);
    assert!(written(&views, change(3, 4)).await, "a part of it was there before");
    assert_eq!(listed(&views, Some(Status::Shipped)).await, 1);
}

/// What stands in one order's way does not hold up the others of its call, and each call is full.
#[tokio::test(flavor = "multi_thread")]
async fn the_views_of_many_orders_are_written_together_each_on_its_own_condition() {
    let shop = Shop::open_on(stream::without_projection()).await;
    let usual = life::usual(life::days_ago(1));
    for number in 1..=60 {
        life::plant(&shop, life::order(number), &usual).await;
    }
    // Of these the stream has brought nothing, or more, before.
    project(&shop, 7, 1..=4).await;
    project(&shop, 8, 1..=1).await;
    project(&shop, 8, 3..=3).await;
    shop.platform.calls().reset();
    let batch: Vec<_> = (1..=60).map(|number| (life::order(number), 1 + u32::from(number == 9))).collect();
    let answer = stream::deliver_batch(&shop, "project-orders", &batch).await;
    assert_eq!(answer.json(), json!({"batchItemFailures": []}));
    let calls = shop.platform.calls().of("project-orders");
    let made = |operation: &str| calls.iter().filter(|it| it.operation == operation).count();
    // Views 7 and 8 are newer, and 9 has none that commit 2 could change.
    assert_eq!(
        (made("BatchExecuteStatement"), made("Query"), made("PutItem"), calls.len()),
        (3, 1, 3, 7),
        "{calls:#?}"
    );
    let listed = shop.list("").await;
    let in_state = |state: &str| listed.iter().filter(|it| it["status"] == state).count();
    assert_eq!((listed.len(), in_state("PENDING"), in_state("SHIPPED")), (60, 57, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_state_is_found_by_its_name() {
    let shop = Shop::open_on(stream::without_projection()).await;
    let usual = life::usual(life::days_ago(1));
    let states = ["PENDING", "PAYMENT_PROCESSING", "CONFIRMED", "SHIPPED", "IN_TRANSIT", "DELIVERED"];
    for commits in 1..=6 {
        life::plant(&shop, life::order(commits), &usual[..commits as usize]).await;
        project(&shop, commits, 1..=commits as u32).await;
    }
    for (order, state) in (1..).zip(states) {
        for query in [format!("status={state}"), format!("status={state}&customerId={}", uuid(9))] {
            let found = shop.list(&query).await;
            assert_eq!(found.len(), 1, "{query}: {found:#?}");
            assert_eq!((&found[0]["orderId"], &found[0]["status"]), (&json!(uuid(order)), &json!(state)));
        }
    }
}

/// One request looks at so many orders and no more; the cursor then goes on from there, though nothing was found yet.
#[tokio::test(flavor = "multi_thread")]
async fn a_rare_order_is_found_behind_any_number_of_others() {
    let shop = Shop::open().await;
    let views = life::views(&shop);
    put(&views, 0, &life::cancelled(life::days_ago(9))).await;
    let usual = life::usual(life::days_ago(1));
    for number in 1..=LOOKED_AT_MAX as u128 + 5 {
        put(&views, number, &usual[..4]).await;
    }
    for query in ["status=CANCELLED".to_owned(), format!("status=CANCELLED&customerId={}", uuid(9))] {
        let first = shop.get(&format!("/v1/orders?{query}")).await.json();
        assert_eq!(first["orders"], json!([]), "nothing among the first {LOOKED_AT_MAX}");
        let next = first["nextCursor"].as_str().expect("it goes on");
        let rest = shop.get(&format!("/v1/orders?{query}&cursor={next}")).await.json();
        assert_eq!(rest["orders"][0]["orderId"], json!(uuid(0)));
        assert!(rest.get("nextCursor").is_none(), "{rest}");
    }
    assert_eq!(shop.list("status=SHIPPED&limit=99").await.len(), LOOKED_AT_MAX + 5);
}

/// A customer's orders are named by an index, and read from the table: with the largest page there is one name too many for a batch.
#[tokio::test(flavor = "multi_thread")]
async fn the_largest_page_of_a_customer_is_whole() {
    let shop = Shop::open().await;
    let views = life::views(&shop);
    let usual = life::usual(life::days_ago(1));
    for number in 0..130 {
        put(&views, number, &usual[..3]).await;
    }
    let query = format!("customerId={}&limit=100", uuid(9));
    let first = shop.get(&format!("/v1/orders?{query}")).await.json();
    assert_eq!(first["orders"].as_array().map(Vec::len), Some(100));
    assert_eq!(shop.list(&query).await, shop.list("").await);
    assert_eq!(
        shop.list(&format!("{query}&status=CONFIRMED")).await,
        shop.list("status=CONFIRMED&limit=7").await
    );
}

/// The usual life of an order that was a draft and edited before, with a command said twice in the middle: nine commits.
fn edited_life() -> Vec<Vec<Event>> {
    let mut life = life::usual(life::days_ago(1));
    let placed = life[0].split_off(1);
    let Event::Created { at, lines, .. } = &life[0][0] else { panic!("it begins with a creation") };
    let (at, mut lines) = (*at, lines.clone());
    lines[0].sku = "edited".to_owned();
    life.splice(1..1, [vec![Event::LinesReplaced { at, lines }], placed]);
    life.insert(5, vec![]);
    life
}

/// Gives commits to the projection as the stream would.
async fn project(shop: &Shop, number: u128, commits: impl IntoIterator<Item = u32>) {
    let commits: Vec<u32> = commits.into_iter().collect();
    let answer = stream::deliver(shop, "project-orders", life::order(number), &commits).await;
    assert_eq!(answer.json(), json!({"batchItemFailures": []}), "{}", answer.text);
}

/// The order as a list shows it.
async fn view(shop: &Shop, number: u128) -> Value {
    let listed = shop.list("").await;
    listed.into_iter().find(|it| it["orderId"] == json!(uuid(number))).expect("it is listed")
}

fn with_id(view: &Value, number: u128) -> Value {
    let mut view = view.clone();
    view["orderId"] = json!(uuid(number));
    view
}

/// How many times the projection wrote; it may do nothing else.
fn writes(shop: &Shop) -> usize {
    let calls = shop.platform.calls().of("project-orders");
    assert!(calls.iter().all(|call| call.write_units > 0.0), "{calls:#?}");
    calls.len()
}

async fn put(views: &OrderViews, number: u128, life: &[Vec<Event>]) {
    let history =
        History::new(life::order(number), life::commits(&life::tenant(), life::order(number), life)).unwrap();
    views.put(&life::tenant(), &history.now().unwrap()).await.unwrap();
}

async fn listed(views: &OrderViews, status: Option<Status>) -> usize {
    let wanted = Wanted { customer_id: None, status, from: None, to: None, limit: 10, after: None };
    views.page(&life::tenant(), &wanted).await.unwrap().items.len()
}

/// Whether the view is then as new as that.
async fn written(views: &OrderViews, write: ViewWrite<'_>) -> bool {
    views.write(&[write]).await.remove(0).unwrap()
}
