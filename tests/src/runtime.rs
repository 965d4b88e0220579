//! Where functions run in a test: in the test's own process, or each in its own when the environment says so. The same tests
//! must pass in both.

use std::collections::BTreeMap;

use penstock_local::{Options, Runtime};

/// `process` runs functions in processes of their own, from the binaries beside the test's.
const VARIABLE: &str = "PENSTOCK_TEST_RUNTIME";

/// A platform in memory, on any free port, whose functions run where the environment says. Orders stay where callers put them:
/// their checkout is paused.
///
/// # Panics
/// When it says something else.
#[must_use]
pub fn options() -> Options {
    let mut options = checked_out();
    options.parameters.insert("Checkout".to_owned(), "paused".to_owned());
    options
}

/// The same, where orders are checked out as they are by default.
///
/// # Panics
/// When the environment says something else than where functions can run.
#[must_use]
pub fn checked_out() -> Options {
    let mut options = match std::env::var(VARIABLE).as_deref() {
        Err(_) => Options::memory(),
        Ok("process") => {
            Options { runtime: Runtime::Process, parameters: without_caches(), ..Options::memory() }
        }
        Ok(other) => panic!("{VARIABLE} is {other}; there is only `process`"),
    };
    // Lists are asked for as soon as something has happened.
    options.parameters.insert("ViewsWindowSeconds".to_owned(), "0".to_owned());
    options
}

/// In one process a function that writes tells the cache that others read. In processes of their own they remember for as long as
/// they are told to, which tests cannot wait for.
fn without_caches() -> BTreeMap<String, String> {
    BTreeMap::from([("CacheTtlSeconds".to_owned(), "0".to_owned())])
}
