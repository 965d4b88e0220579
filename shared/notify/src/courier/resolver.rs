//! Names to addresses, of the public internet only.
//!
//! The connector asks this when it connects, and connects to what this answers and nothing else: between the check and the connection
//! there is no second look-up that could be answered differently (DNS rebinding).

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::dns::Name;
use penstock_domain::webhook::Reach;
use tokio::net::lookup_host;
use tower_service::Service;

/// Why a name leads nowhere.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unresolved {
    /// It leads where no webhook may.
    #[error("the host's name leads to an address that is not of the public internet")]
    Forbidden,
    /// It is not known, or nobody could be asked.
    #[error("the host's name is not known")]
    Unknown(#[source] io::Error),
}

/// The system's resolver, less what may not be called.
#[derive(Debug, Clone)]
pub(super) struct PublicResolver {
    reach: Reach,
}

impl PublicResolver {
    pub(super) fn new(reach: Reach) -> Self {
        Self { reach }
    }
}

type Addresses = std::vec::IntoIter<SocketAddr>;

impl Service<Name> for PublicResolver {
    type Response = Addresses;
    type Error = Unresolved;
    type Future = Pin<Box<dyn Future<Output = Result<Addresses, Unresolved>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Unresolved>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let reach = self.reach;
        Box::pin(async move {
            let found = lookup_host((name.as_str(), 0)).await.map_err(Unresolved::Unknown)?;
            allowed(found.collect(), reach)
        })
    }
}

/// All of them or none: a name that leads inside among others is no accident.
fn allowed(found: Vec<SocketAddr>, reach: Reach) -> Result<Addresses, Unresolved> {
    if found.iter().all(|it| reach.allows(it.ip())) {
        Ok(found.into_iter())
    } else {
        Err(Unresolved::Forbidden)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_leads_inside_among_others_leads_nowhere() {
        let addresses = |texts: &[&str]| -> Vec<SocketAddr> {
            texts.iter().map(|it| SocketAddr::new(it.parse().unwrap(), 0)).collect()
        };
        let public = ["1.1.1.1", "2600:1f18::1"];
        assert_eq!(allowed(addresses(&public), Reach::Internet).unwrap().count(), 2);
        for inside in ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.1", "fd00:ec2::254"]
        {
            let found = allowed(addresses(&["1.1.1.1", inside]), Reach::Internet);
            assert!(matches!(found, Err(Unresolved::Forbidden)), "{inside}");
        }
        assert!(allowed(addresses(&["127.0.0.1"]), Reach::InternetAndLoopback).is_ok());
        assert!(allowed(addresses(&["10.0.0.1"]), Reach::InternetAndLoopback).is_err());
    }
}
