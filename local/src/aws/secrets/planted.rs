//! Values that the laptop itself puts in: keys of what it starts.

use super::store::{self, CURRENT, Value};
use super::{Secrets, SecretsError};

impl Secrets {
    /// The current text of the secret `name`, if there is one and it has one.
    pub(crate) fn current_text(&self, name: &str) -> Result<Option<String>, SecretsError> {
        let (db, now_ms) = (self.db(), self.now_ms());
        let Some(secret) = store::find(&db, name, now_ms)?.filter(|it| it.gone_ms.is_none()) else {
            return Ok(None);
        };
        let Some(id) = store::staged(&db, &secret.arn, CURRENT)? else { return Ok(None) };
        Ok(store::version(&db, &secret.arn, &id)?.and_then(|(value, _)| value.text))
    }

    /// Gives the secret `name` its first value. One that is not there, or has a value, stays as it is.
    pub(crate) fn plant(&self, name: &str, text: &str) -> Result<(), SecretsError> {
        let (mut db, now_ms) = (self.db(), self.now_ms());
        let change = db.transaction()?;
        let Some(secret) = store::find(&change, name, now_ms)? else { return Ok(()) };
        if store::staged(&change, &secret.arn, CURRENT)?.is_none() {
            let value = Value { text: Some(text.to_owned()), bytes: None };
            let id = uuid::Uuid::new_v4().to_string();
            store::put_version(&change, &secret.arn, &id, &value, now_ms)?;
            store::stage(&change, &secret.arn, CURRENT, &id)?;
        }
        Ok(change.commit()?)
    }
}
