//! Compares an order that was sent with the order that came back, down to the penny of each line.

use uuid::Uuid;

use crate::catalogue::Catalogue;
use crate::ids;
use crate::money::Pence;
use crate::plan::{Invoice, Line, Tally};
use crate::send::{Standing, customer};
use crate::wire::{Item, Money, Order};

/// Differences kept of one order; one is enough to fail, a few to see why.
const DIFFERENCES_MAX: usize = 5;

/// An order as it came back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) tally: Tally,
    pub(crate) differences: Vec<String>,
}

/// What an order must be.
pub(crate) struct Expected<'a> {
    pub(crate) tenant: &'a str,
    pub(crate) catalogue: &'a Catalogue,
    pub(crate) invoice: &'a Invoice,
    pub(crate) standing: &'a Standing,
}

impl Expected<'_> {
    /// Compares `order`, and adds up what it says itself.
    pub(crate) fn examine(&self, order: &Order) -> Seen {
        let mut differences = Differences::default();
        differences.check("order", &order.order_id, &self.standing.order_id);
        differences.check("customer", &order.customer_id, &customer(self.tenant, self.invoice));
        differences.check("status", &order.status, &self.standing.status);
        differences.check("lines", &order.items.len(), &self.invoice.lines.len());
        for (number, (item, line)) in order.items.iter().zip(&self.invoice.lines).enumerate() {
            self.examine_line(number + 1, item, line, &mut differences);
        }
        let tally = Tally {
            lines: order.items.len() as u64,
            units: order.items.iter().map(|item| i64::from(item.quantity)).sum(),
            amount: order.total_amount.pence().unwrap_or_default(),
        };
        differences.check_money("total", &order.total_amount, self.invoice.tally().amount);
        Seen { tally, differences: differences.0 }
    }

    fn examine_line(&self, number: usize, item: &Item, line: &Line, differences: &mut Differences) {
        let sku = self.catalogue.sku(line.product);
        let total = line.goods.unit_price.times(line.goods.quantity.into());
        let product: Uuid = ids::product(self.tenant, sku);
        differences.check(&format!("line {number} product"), &item.product_id, &product);
        differences.check(&format!("line {number} sku"), &item.sku.as_str(), &sku);
        differences.check(&format!("line {number} quantity"), &item.quantity, &line.goods.quantity);
        differences.check_money(
            &format!("line {number} unit price"),
            &item.unit_price,
            line.goods.unit_price,
        );
        differences.check_money(&format!("line {number} total"), &item.line_total, total);
    }
}

#[derive(Default)]
struct Differences(Vec<String>);

impl Differences {
    fn check<T: PartialEq + std::fmt::Display>(&mut self, what: &str, got: &T, sent: &T) {
        if got != sent && self.0.len() < DIFFERENCES_MAX {
            self.0.push(format!("{what}: sent {sent}, got {got}"));
        }
    }

    fn check_money(&mut self, what: &str, got: &Money, sent: Pence) {
        match got.pence() {
            Ok(got) => self.check(what, &got, &sent),
            Err(got) => self.check(what, &got, &sent.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Plan, read};

    #[test]
    fn what_comes_back_as_it_was_sent_has_no_difference() {
        let seen = examine(&order());
        assert_eq!(seen.differences, Vec::<String>::new());
        assert_eq!(seen.tally, Tally { lines: 2, units: 14, amount: Pence(4242) });
    }

    #[test]
    fn a_penny_is_a_difference() {
        for (sent, planted, said) in [
            ("42.42", "42.43", "total: sent 42.42, got 42.43"),
            ("2.55", "2.56", "line 1 unit price: sent 2.55, got 2.56"),
            ("15.30", "15.29", "line 1 total: sent 15.30, got 15.29"),
            ("42.42", "42.421", "total: sent 42.42, got 42.421 is finer than a penny"),
            ("GBP\"},\"customerId", "EUR\"},\"customerId", "total: sent 42.42, got 42.42 EUR"),
        ] {
            assert_eq!(examine(&planted_in(sent, planted)).differences, [said]);
        }
    }

    #[test]
    fn another_status_quantity_sku_or_customer_is_a_difference() {
        for (sent, planted, said) in [
            ("PENDING", "CANCELLED", "status: sent PENDING, got CANCELLED"),
            ("\"quantity\":6", "\"quantity\":7", "line 1 quantity: sent 6, got 7"),
            ("\"sku\":\"71053\"", "\"sku\":\"71054\"", "line 2 sku: sent 71053, got 71054"),
        ] {
            assert_eq!(examine(&planted_in(sent, planted)).differences, [said]);
        }
        let other = planted_in(&ids::customer("acme", "17850").to_string(), &Uuid::nil().to_string());
        assert_eq!(examine(&other).differences.len(), 1);
    }

    #[test]
    fn a_missing_line_is_a_difference() {
        let mut short: serde_json::Value = serde_json::from_str(&order()).unwrap();
        short["items"].as_array_mut().unwrap().pop();
        assert_eq!(examine(&short.to_string()).differences, ["lines: sent 2, got 1"]);
    }

    fn planted_in(sent: &str, planted: &str) -> String {
        let order = order();
        assert!(order.contains(sent), "{sent} is nowhere in {order}");
        order.replacen(sent, planted, 1)
    }

    fn examine(order: &str) -> Seen {
        let plan = plan();
        let standing = Standing { order_id: ids::creation_key("1"), status: "PENDING".to_owned() };
        let invoice = &plan.orders[0];
        let expected = Expected { tenant: "acme", catalogue: &plan.catalogue, invoice, standing: &standing };
        expected.examine(&serde_json::from_str(order).unwrap())
    }

    fn plan() -> Plan {
        let rows = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID\n\
            536365,85123A,HEART,6,01/12/2010 08:26,2.55,17850\n\
            536365,71053,LANTERN,8,01/12/2010 08:26,3.39,17850\n";
        read(rows.as_bytes()).unwrap()
    }

    fn order() -> String {
        let line = |sku: &str, quantity: u32, price: &str, total: &str| {
            let product = ids::product("acme", sku);
            format!(
                r#"{{"productId":"{product}","sku":"{sku}","quantity":{quantity},"unitPrice":{},"lineTotal":{}}}"#,
                money(price),
                money(total)
            )
        };
        let lines = [line("85123A", 6, "2.55", "15.30"), line("71053", 8, "3.39", "27.12")].join(",");
        let (id, customer) = (ids::creation_key("1"), ids::customer("acme", "17850"));
        let total = money("42.42");
        format!(
            r#"{{"totalAmount":{total},"customerId":"{customer}","orderId":"{id}","status":"PENDING","items":[{lines}]}}"#
        )
    }

    fn money(amount: &str) -> String {
        format!(r#"{{"amount":{amount},"currency":"GBP"}}"#)
    }
}
