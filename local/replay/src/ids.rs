//! Every id and key is derived (UUIDv5) from what the file says, so a second run says the same and adds nothing.

use uuid::{Uuid, uuid};

/// The namespace of all that a replay names. Fixed for ever: another one would send every invoice again.
const NAMESPACE: Uuid = uuid!("85438f94-ea85-491a-8336-4c7f2b848a4f");

/// The product that `tenant` sells as `stock_code`.
pub(crate) fn product(tenant: &str, stock_code: &str) -> Uuid {
    derive(&format!("product:{tenant}:{stock_code}"))
}

/// A customer with a number of their own.
pub(crate) fn customer(tenant: &str, number: &str) -> Uuid {
    derive(&format!("customer:{tenant}:{number}"))
}

/// The customer of an invoice that names none: a guest, who is nobody else's guest.
pub(crate) fn guest(tenant: &str, invoice: &str) -> Uuid {
    derive(&format!("guest:{tenant}:{invoice}"))
}

/// The idempotency key of creating an invoice's order. The platform keeps keys apart by tenant.
pub(crate) fn creation_key(invoice: &str) -> Uuid {
    derive(&format!("creation:{invoice}"))
}

/// The idempotency key of what a cancellation (`C…`) asks for.
pub(crate) fn cancellation_key(invoice: &str) -> Uuid {
    derive(&format!("cancellation:{invoice}"))
}

/// The idempotency key of receiving `units` of a product that `invoice` is the first to sell.
pub(crate) fn receipt_key(stock_code: &str, invoice: &str, units: i64) -> Uuid {
    derive(&format!("receipt:{stock_code}:{invoice}:{units}"))
}

/// The idempotency key of asking to send back goods of an invoice's order.
pub(crate) fn return_key(invoice: &str) -> Uuid {
    derive(&format!("return:{invoice}"))
}

/// The idempotency key of receiving what was sent back of it.
pub(crate) fn arrival_key(invoice: &str) -> Uuid {
    derive(&format!("arrival:{invoice}"))
}

fn derive(name: &str) -> Uuid {
    Uuid::new_v5(&NAMESPACE, name.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_the_same_in_every_run_of_every_version() {
        assert_eq!(product("acme", "85123A").to_string(), "05f3fa66-0a92-5c5d-9e04-423e86367ea3");
        assert_eq!(creation_key("536365").to_string(), "56c58db4-afc1-53b0-b6a7-bb3406f276cf");
    }

    #[test]
    fn tenants_kinds_and_cases_are_kept_apart() {
        assert_ne!(product("acme", "1"), product("apex", "1"));
        assert_ne!(customer("acme", "1"), guest("acme", "1"));
        assert_ne!(creation_key("1"), cancellation_key("1"));
        assert_ne!(product("acme", "85123A"), product("acme", "85123a"));
    }
}
