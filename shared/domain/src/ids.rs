//! The ids of things. Each is a type of its own, so that one is never taken for another.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Namespace of order ids: arbitrary, and fixed for ever.
const ORDERS: Uuid = Uuid::from_u128(0x5bd2_1f6c_3a0e_5e0c_9c55_7f0d_2b1b_8d11);

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// The id as a UUID.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::try_parse(text).map(Self)
            }
        }
    };
}

uuid_id! {
    /// One order.
    OrderId
}
uuid_id! {
    /// Who buys.
    CustomerId
}
uuid_id! {
    /// What is sold.
    ProductId
}
uuid_id! {
    /// One parcel of an order.
    ShipmentId
}
uuid_id! {
    /// One return of an order.
    ReturnId
}
uuid_id! {
    /// One URL of a tenant that is told of its events.
    WebhookId
}
uuid_id! {
    /// One event on its way to one webhook.
    DeliveryId
}
uuid_id! {
    /// The caller's name for one request, so that sending it twice does it once.
    IdempotencyKey
}

/// Namespace of what is derived within an order: arbitrary, and fixed for ever.
const WITHIN_ORDER: Uuid = Uuid::from_u128(0x2f5c_0b64_77d3_5b1e_9a0e_6c4d_8f21_a3b7);

impl OrderId {
    /// The UUID of something within this order of `tenant`, e.g. a step's: the same name is the same thing, however often it is done.
    pub fn within(self, tenant: &TenantId, name: &str) -> Uuid {
        Uuid::new_v5(&WITHIN_ORDER, format!("{tenant}#{self}#{name}").as_bytes())
    }

    /// The id of the order that `tenant` creates with `key`.
    ///
    /// Derived (UUIDv5), so that a repeated creation meets the first one instead of making a second order.
    pub fn derive(tenant: &TenantId, key: IdempotencyKey) -> Self {
        Self(Uuid::new_v5(&ORDERS, format!("{tenant}#{key}").as_bytes()))
    }
}

/// A company that uses the platform. Every stored key begins with it.
///
/// 1 to 64 of `a-z`, `0-9` and `-`, not beginning or ending with `-`: never the `#` that separates parts of a key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TenantId(String);

/// A tenant's name that keys cannot be built from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a tenant is 1 to 64 of a-z, 0-9 and -, not beginning or ending with -")]
pub struct InvalidTenantId;

impl TenantId {
    /// The tenant's name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for TenantId {
    type Error = InvalidTenantId;

    fn try_from(name: String) -> Result<Self, InvalidTenantId> {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let well_formed = (1..=64).contains(&name.len())
            && name.chars().all(allowed)
            && !name.starts_with('-')
            && !name.ends_with('-');
        if well_formed { Ok(Self(name)) } else { Err(InvalidTenantId) }
    }
}

impl FromStr for TenantId {
    type Err = InvalidTenantId;

    fn from_str(name: &str) -> Result<Self, InvalidTenantId> {
        name.to_owned().try_into()
    }
}

impl From<TenantId> for String {
    fn from(tenant: TenantId) -> Self {
        tenant.0
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_key_of_two_tenants_names_two_orders() {
        let key = IdempotencyKey::from(Uuid::from_u128(7));
        let one = OrderId::derive(&"one".parse().unwrap(), key);
        assert_eq!(one, OrderId::derive(&"one".parse().unwrap(), key));
        assert_ne!(one, OrderId::derive(&"two".parse().unwrap(), key));
    }

    #[test]
    fn a_tenant_cannot_hold_what_separates_keys() {
        for name in ["", "-a", "a-", "A", "a#b", "a b", "ä", &"a".repeat(65)] {
            assert_eq!(name.parse::<TenantId>(), Err(InvalidTenantId), "{name}");
        }
        assert!("shop-1".parse::<TenantId>().is_ok());
    }

    #[test]
    fn what_is_derived_stays_the_same_from_version_to_version() {
        let (tenant, seven) = ("one".parse().unwrap(), Uuid::from_u128(7));
        let order = OrderId::derive(&tenant, seven.into());
        assert_eq!(order.to_string(), "6517a401-c3cc-5293-bf38-9f27b1ae11f5");
        let refund = OrderId::from(seven).within(&tenant, "refund");
        assert_eq!(refund.to_string(), "0e194263-f8f7-563c-a086-4d7249c5240c");
    }

    #[test]
    fn a_tenant_is_written_as_it_was_read() {
        let tenant: TenantId = serde_json::from_str(r#""shop-1""#).unwrap();
        assert_eq!((tenant.as_str(), tenant.to_string().as_str()), ("shop-1", "shop-1"));
        assert_eq!(serde_json::to_string(&tenant).unwrap(), r#""shop-1""#);
    }
}
