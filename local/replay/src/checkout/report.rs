//! What came of a checkout, for a person to read.

use std::fmt;

use crate::plan::{Plan, Tally};

use super::Checkout;
use super::books::Account;
use super::flow::Flow;

impl Checkout {
    /// How many cancellations are returns, and of what.
    pub(crate) fn write_returns(&self, f: &mut fmt::Formatter<'_>, plan: &Plan) -> fmt::Result {
        let cancellations = self.returns.iter().flat_map(|it| &it.cancellations);
        let file: Vec<_> = cancellations.map(|place| plan.cancellations[*place].tally()).collect();
        let returned: Tally = self.returns.iter().map(|it| it.tally(plan)).sum();
        let (count, orders) = (file.len(), self.returns.len());
        let file: Tally = file.into_iter().sum();
        let Tally { lines, units, amount } = returned;
        write!(f, "  {count:>10} take back {units} units of {lines} lines of {orders} delivered orders: ")?;
        writeln!(f, "GBP {amount} as they were sold ({} in the file)", file.amount)
    }

    /// Money, goods and dead letters.
    pub(crate) fn write_totals(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let money = &self.money;
        writeln!(
            f,
            "\n{:<24}{:>9}{:>15}{:>13}{:>15}",
            "Money, GBP", "orders", "captured", "refunded", "kept"
        )?;
        let accounts =
            [("file", money.expected), ("get-order", money.told), ("the provider's books", money.booked)];
        for (whence, account) in accounts {
            write_account(f, whence, money.orders, account)?;
        }
        let header = ["products", "received", "reserved", "released", "sold", "returned", "on hand"];
        write!(f, "\n{:<24}", "Stock, units")?;
        header.iter().try_for_each(|column| write!(f, "{column:>9}"))?;
        let stock = &self.stock;
        write_flow(f, "file", stock.products, stock.expected)?;
        write_flow(f, "movements", stock.products, stock.moved)?;
        writeln!(f, "\n  {:<22}{:>9}{:>54}", "get-stock", stock.products, stock.on_hand)?;
        let dead: u32 = self.dead_letters.queues.iter().map(|queue| queue.dead_letters).sum();
        writeln!(f, "\nDead letters in {} queues: {dead}", self.dead_letters.queues.len())
    }
}

fn write_account(f: &mut fmt::Formatter<'_>, whence: &str, orders: usize, account: Account) -> fmt::Result {
    let Account { captured, refunded } = account;
    writeln!(f, "  {whence:<22}{orders:>9}{captured:>15}{refunded:>13}{:>15}", account.kept())
}

fn write_flow(f: &mut fmt::Formatter<'_>, whence: &str, products: usize, flow: Flow) -> fmt::Result {
    let Flow { received, reserved, released, sold, returned, .. } = flow;
    write!(f, "\n  {whence:<22}{products:>9}{received:>9}{reserved:>9}{released:>9}{sold:>9}{returned:>9}")?;
    write!(f, "{:>9}", flow.on_hand())
}
