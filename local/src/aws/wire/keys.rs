//! Whose access keys are taken, and who calls with each.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::aws::service::CALLER_OUTSIDE;

/// The access key that local emulators take, and its secret.
pub const TEST_KEY: &str = "test";

/// An access key's secret and owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessKey {
    /// What requests are signed with.
    pub secret: String,
    /// The function whose calls they are; [`CALLER_OUTSIDE`] for `test`.
    pub function: String,
}

/// The access keys, shared by all clones. `test` with the secret `test` is always among them.
#[derive(Clone)]
pub struct AccessKeys {
    keys: Arc<RwLock<BTreeMap<String, AccessKey>>>,
}

impl Default for AccessKeys {
    fn default() -> Self {
        let test = AccessKey { secret: TEST_KEY.to_owned(), function: CALLER_OUTSIDE.to_owned() };
        Self { keys: Arc::new(RwLock::new(BTreeMap::from([(TEST_KEY.to_owned(), test)]))) }
    }
}

impl AccessKeys {
    /// From now on what is signed with `secret` under `access_key` is a call of `function`.
    pub fn register(&self, access_key: &str, secret: &str, function: &str) {
        let key = AccessKey { secret: secret.to_owned(), function: function.to_owned() };
        self.keys.write().unwrap_or_else(PoisonError::into_inner).insert(access_key.to_owned(), key);
    }

    /// Takes an access key no longer.
    pub fn forget(&self, access_key: &str) {
        self.keys.write().unwrap_or_else(PoisonError::into_inner).remove(access_key);
    }

    /// The secret and the owner of an access key.
    #[must_use]
    pub fn find(&self, access_key: &str) -> Option<AccessKey> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).get(access_key).cloned()
    }
}
