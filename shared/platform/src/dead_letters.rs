//! What consumers gave up: counted, looked into, and sent to their queues once more.
//!
//! A dead letter is shown to the operators of its own tenant and to those of the platform. SQS has no filter, so what is not the
//! caller's is received as well and shown again at once.

mod redrive;
mod shelf;
mod view;

use std::collections::BTreeMap;

use futures::future::try_join_all;
use penstock_api::dead_letters::{DeadLetterList, DeadLetterQueue};
use penstock_api::problem::Problem;
use penstock_application::{Caller, Unavailable};
use penstock_domain::TenantId;

use crate::app::StartError;
use crate::failure::Failure;
use crate::function::Environment;
use crate::queue::send::client;
use shelf::Shelf;

/// The role that sees its own tenant's dead letters.
const OPERATOR: &str = "operator";
/// The role that sees every tenant's.
const PLATFORM_OPERATOR: &str = "platform-operator";
/// How the variable ends that holds the URL of a consumer's queue, after its name.
const QUEUE: &str = "_QUEUE";
/// The same for its dead-letter queue.
const DEAD_LETTERS: &str = "_DEAD_LETTERS";

/// The dead letters of all consumers.
pub struct DeadLetters {
    shelves: BTreeMap<String, Shelf>,
}

/// Which dead letters a caller may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sight {
    /// Those that hold nothing but this tenant's.
    Tenant(TenantId),
    /// All, also what nobody can read.
    Everything,
}

impl Sight {
    /// What the caller's roles let it see.
    ///
    /// # Errors
    /// 403 when they let it see nothing.
    pub fn of(caller: &Caller) -> Result<Self, Failure> {
        if caller.roles.contains(PLATFORM_OPERATOR) {
            return Ok(Self::Everything);
        }
        if caller.roles.contains(OPERATOR) {
            return Ok(Self::Tenant(caller.tenant.clone()));
        }
        Err(Problem::forbidden("a token with the role operator or platform-operator").into())
    }
}

impl DeadLetters {
    /// Every queue of the function's variables: `STOCK_QUEUE` and `STOCK_DEAD_LETTERS` are those of `stock`.
    ///
    /// # Errors
    /// When a dead-letter queue stands there without its queue.
    pub fn new(environment: &Environment) -> Result<Self, StartError> {
        let client = client(environment);
        let mut shelves = BTreeMap::new();
        for (variable, url) in &environment.variables {
            let Some(name) = variable.strip_suffix(DEAD_LETTERS) else { continue };
            let queue = format!("{name}{QUEUE}");
            let Some(source) = environment.variables.get(&queue) else {
                return Err(StartError::malformed("*_DEAD_LETTERS", format!("{variable} has no {queue}")));
            };
            let shelf = Shelf::new(client.clone(), url.clone(), source.clone());
            shelves.insert(name.to_lowercase().replace('_', "-"), shelf);
        }
        Ok(Self { shelves })
    }

    /// Every queue, with the number of dead letters in sight.
    ///
    /// # Errors
    /// When SQS cannot be asked.
    pub async fn count(&self, sight: &Sight) -> Result<Vec<DeadLetterQueue>, Unavailable> {
        let counts = self.shelves.iter().map(|(queue, shelf)| async move {
            let (dead_letters, complete) = shelf.count(sight).await?;
            Ok(DeadLetterQueue { queue: queue.clone(), dead_letters, complete })
        });
        try_join_all(counts).await
    }

    /// Dead letters of a queue that are in sight, `limit` at most.
    ///
    /// # Errors
    /// 404 when there is no such queue; 503 when SQS cannot be asked.
    pub async fn list(&self, queue: &str, sight: &Sight, limit: usize) -> Result<DeadLetterList, Failure> {
        let (found, complete) = self.shelf(queue)?.peek(sight, limit).await?;
        let dead_letters = found.iter().map(view::view).collect();
        Ok(DeadLetterList { queue: queue.to_owned(), dead_letters, complete })
    }

    fn shelf(&self, queue: &str) -> Result<&Shelf, Failure> {
        self.shelves.get(queue).ok_or_else(|| Problem::queue_not_found().into())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn only_operators_see_dead_letters_and_only_those_of_the_platform_see_all() {
        assert_eq!(Sight::of(&caller(&["platform-operator", "operator"])).unwrap(), Sight::Everything);
        let own = Sight::Tenant("acme".parse().unwrap());
        assert_eq!(Sight::of(&caller(&["operator", "pricing"])).unwrap(), own);
        for roles in [&[][..], &["pricing"], &["Operator"], &["operators"]] {
            assert_eq!(Sight::of(&caller(roles)).unwrap_err().problem.code.status(), 403, "{roles:?}");
        }
    }

    fn caller(roles: &[&str]) -> Caller {
        let roles: BTreeSet<String> = roles.iter().map(|it| (*it).to_owned()).collect();
        Caller { tenant: "acme".parse().unwrap(), subject: "me".to_owned(), roles }
    }
}
