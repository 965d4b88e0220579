//! What a replay did, for a person to read: a summary, or with `{:#}` every cancellation and every invoice.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::Options;
use crate::cancellations::{Match, Unmatched};
use crate::checkout::Checkout;
use crate::money::Pence;
use crate::plan::{Plan, Tally};
use crate::read_back::ReadBack;
use crate::reconcile::Seen;
use crate::send::{Cancelled, Sent};

/// Names listed in the summary before it says how many more there are.
const NAMES_MAX: usize = 4;
/// Differences, refusals and malformed rows listed in the summary.
const FINDINGS_MAX: usize = 20;

/// What a replay did, and whether all of it came back.
///
/// `{}` is a summary; `{:#}` adds every invoice and the numbers of all cancellations.
#[derive(Debug)]
pub struct Report {
    pub(crate) options: Options,
    pub(crate) plan: Plan,
    pub(crate) products_refused: Vec<(String, String)>,
    pub(crate) sent: Vec<Sent>,
    pub(crate) cancelled: Vec<Option<Cancelled>>,
    /// What came of the checkout, if there was to be one.
    pub(crate) checkout: Option<Checkout>,
    pub(crate) read_back: ReadBack,
    /// Orders of the tenant that were there before.
    pub(crate) before: usize,
    pub(crate) sending: Duration,
}

impl Report {
    /// Whether the platform took everything it was sent, and both `get-order` and `list-orders` show exactly that and
    /// nothing besides.
    #[must_use]
    pub fn reconciled(&self) -> bool {
        self.findings().is_empty()
    }

    /// Orders this run created; none in a second run.
    #[must_use]
    pub fn created(&self) -> usize {
        self.count(|sent| matches!(sent, Sent::Created(_)))
    }

    /// Orders an earlier run had created.
    #[must_use]
    pub fn already_there(&self) -> usize {
        self.count(|sent| matches!(sent, Sent::AlreadyThere(_)))
    }

    /// Orders that are cancelled because of the file's cancellations.
    #[must_use]
    pub fn cancelled(&self) -> usize {
        self.cancelled_as(&Cancelled::Now) + self.cancelled_as(&Cancelled::Before)
    }

    /// Orders of which goods came back because of the file's cancellations.
    #[must_use]
    pub fn returned(&self) -> usize {
        self.checkout.as_ref().map_or(0, |checkout| checkout.returns.len())
    }

    /// Everything that keeps it from being reconciled, in words.
    fn findings(&self) -> Vec<String> {
        let mut findings: Vec<String> = Vec::new();
        for (sku, refusal) in &self.products_refused {
            findings.push(format!("product {sku} was refused: {refusal}"));
        }
        for (place, invoice) in self.plan.orders.iter().enumerate() {
            self.find_in(place, &invoice.number, &mut findings);
        }
        for (cancellation, answer) in self.plan.cancellations.iter().zip(&self.cancelled) {
            if let Some(Cancelled::Refused(refusal)) = answer {
                findings.push(format!("cancellation {} was refused: {refusal}", cancellation.number));
            }
        }
        for order in &self.read_back.strangers {
            findings.push(format!("list-orders shows {order}, which this file did not send"));
        }
        findings.extend(self.checkout.iter().flat_map(Checkout::findings));
        findings
    }

    fn find_in(&self, place: usize, invoice: &str, findings: &mut Vec<String>) {
        if let Sent::Refused(refusal) = &self.sent[place] {
            return findings.push(format!("invoice {invoice} was refused: {refusal}"));
        }
        for (whence, seen) in [("get", &self.read_back.got), ("list", &self.read_back.listed)] {
            let differences = seen[place].iter().flat_map(|seen| &seen.differences);
            findings
                .extend(differences.map(|difference| format!("invoice {invoice}, {whence}: {difference}")));
        }
    }

    fn count(&self, which: impl Fn(&Sent) -> bool) -> usize {
        self.sent.iter().filter(|sent| which(sent)).count()
    }

    fn cancelled_as(&self, how: &Cancelled) -> usize {
        self.cancelled.iter().flatten().filter(|cancelled| *cancelled == how).count()
    }

    fn write_file(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (plan, account) = (&self.plan, &self.plan.account);
        writeln!(f, "Replay of {} as tenant {}\n", self.options.file.display(), self.options.tenant)?;
        write!(f, "The file has {} documents, ", plan.documents)?;
        writeln!(f, "{} of them cancellations.\n", plan.cancellation_documents)?;
        writeln!(f, "{:<62}{:>9}{:>11}{:>15}", "Its rows", "rows", "units", "GBP")?;
        write_account(f, "lines of orders", account.ordered)?;
        write_account(f, "lines of cancellations", account.cancelling)?;
        for (reason, tally) in &account.no_orders {
            write_account(f, &reason.to_string(), *tally)?;
        }
        if !plan.held_back.is_empty() {
            write_account(f, "in documents held back for a malformed row", account.held_back)?;
        }
        write_account(f, "all rows that can be read", account.read)?;
        if !plan.malformed.is_empty() {
            writeln!(f, "\n{} malformed rows:", plan.malformed.len())?;
        }
        let malformed = plan.malformed.iter().map(|row| {
            let invoice =
                row.invoice.as_ref().map(|number| format!(" (invoice {number})")).unwrap_or_default();
            format!("line {}{invoice}: {}", row.line, row.problem)
        });
        write_findings(f, malformed.collect())
    }

    fn write_sent(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (products, orders) = (self.plan.catalogue.len(), self.plan.orders.len());
        let guests = self.plan.orders.iter().filter(|order| order.customer.is_none()).count();
        let refused = orders - self.created() - self.already_there();
        writeln!(f, "\nSent in {:.1} s", self.sending.as_secs_f64())?;
        writeln!(f, "  {products:>6} products, {} refused", self.products_refused.len())?;
        write!(f, "  {orders:>6} orders: {} created, ", self.created())?;
        writeln!(f, "{} already there, {refused} refused", self.already_there())?;
        writeln!(f, "         {guests} of them name no customer: each is a guest's")
    }

    fn write_cancellations(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.plan.cancellations.len();
        let cancelled = self.cancelled();
        write!(f, "  {count:>6} cancellations: {cancelled} cancel an order")?;
        writeln!(
            f,
            " ({} now, {} before)",
            self.cancelled_as(&Cancelled::Now),
            self.cancelled_as(&Cancelled::Before)
        )?;
        if let Some(checkout) = &self.checkout {
            checkout.write_returns(f, &self.plan)?;
        }
        let mut unmatched: BTreeMap<Unmatched, Vec<&str>> = BTreeMap::new();
        for (cancellation, found) in self.plan.cancellations.iter().zip(&self.plan.matches) {
            if let Match::None(why) = found {
                unmatched.entry(*why).or_default().push(&cancellation.number);
            }
        }
        for (why, numbers) in unmatched {
            writeln!(f, "  {:>10} {why}: {}", numbers.len(), names(&numbers, f.alternate()))?;
        }
        Ok(())
    }

    fn write_totals(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sent = self.plan.orders.iter().zip(&self.sent).filter(|(_, sent)| sent.standing().is_some());
        let sent: Vec<_> = sent.map(|(invoice, _)| invoice.tally()).collect();
        writeln!(f, "\n{:<24}{:>9}{:>11}{:>11}{:>16}", "Reconciliation", "orders", "lines", "units", "GBP")?;
        write_total(f, "sent", sent)?;
        for (whence, seen) in [("get-order", &self.read_back.got), ("list-orders", &self.read_back.listed)] {
            let found = seen.iter().flatten().map(|seen| seen.tally).filter(|tally| tally.lines > 0);
            write_total(f, whence, found.collect())?;
        }
        if self.before > self.already_there() {
            let others = self.before - self.already_there();
            writeln!(f, "  (besides {others} orders of the tenant that were there before)")?;
        }
        Ok(())
    }

    fn write_invoices(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header = ["status", "lines", "sent GBP", "get GBP", "list GBP"];
        let [status, lines, sent, got, listed] = header;
        writeln!(f, "\n{:<10}{status:<12}{lines:>7}{sent:>13}{got:>13}{listed:>13}", "Invoice")?;
        for (place, invoice) in self.plan.orders.iter().enumerate() {
            let status = self.sent[place].standing().map_or("refused", |standing| standing.status.as_str());
            let Tally { lines, amount, .. } = invoice.tally();
            let (got, listed) = (shown(&self.read_back.got[place]), shown(&self.read_back.listed[place]));
            writeln!(f, "{:<10}{status:<12}{lines:>7}{amount:>13}{got:>13}{listed:>13}", invoice.number)?;
        }
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_file(f)?;
        self.write_sent(f)?;
        self.write_cancellations(f)?;
        if f.alternate() {
            self.write_invoices(f)?;
        }
        self.write_totals(f)?;
        if let Some(checkout) = &self.checkout {
            checkout.write_totals(f)?;
        }
        let findings = self.findings();
        if findings.is_empty() {
            return write!(f, "\nReconciled to the penny: {} orders, no difference.", self.plan.orders.len());
        }
        writeln!(f, "\nNOT reconciled, {} findings:", findings.len())?;
        write_findings(f, findings)
    }
}

fn write_account(f: &mut fmt::Formatter<'_>, what: &str, tally: Tally) -> fmt::Result {
    writeln!(f, "  {what:<60}{:>9}{:>11}{:>15}", tally.lines, tally.units, tally.amount)
}

fn write_total(f: &mut fmt::Formatter<'_>, whence: &str, tallies: Vec<Tally>) -> fmt::Result {
    let orders = tallies.len();
    let sum: Tally = tallies.into_iter().sum();
    writeln!(f, "  {whence:<22}{orders:>9}{:>11}{:>11}{:>16}", sum.lines, sum.units, sum.amount)
}

fn write_findings(f: &mut fmt::Formatter<'_>, findings: Vec<String>) -> fmt::Result {
    let shown = if f.alternate() { findings.len() } else { FINDINGS_MAX };
    for finding in findings.iter().take(shown) {
        writeln!(f, "  {finding}")?;
    }
    match findings.len().saturating_sub(shown) {
        0 => Ok(()),
        more => writeln!(f, "  … and {more} more"),
    }
}

fn names(numbers: &[&str], all: bool) -> String {
    let shown = if all { numbers.len() } else { NAMES_MAX.min(numbers.len()) };
    let more = if shown < numbers.len() { ", …" } else { "" };
    format!("{}{more}", numbers[..shown].join(", "))
}

fn shown(seen: &Option<Seen>) -> String {
    seen.as_ref().map_or_else(|| "-".to_owned(), |seen| Pence::to_string(&seen.tally.amount))
}
