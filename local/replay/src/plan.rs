//! What a file asks for: products to put, orders to create, orders to cancel; and an account of every other row.
//!
//! It is built in one pass and holds lines, not rows: 24 bytes each, because the reconciliation needs them all.
//! Rows of an invoice need not stand together.

use std::collections::{BTreeMap, HashMap};
use std::io::Read;

use jiff::civil::DateTime;

use crate::cancellations::{Match, match_all};
use crate::catalogue::{Catalogue, ProductIndex};
use crate::classify::{Goods, Kind, Reason, classify};
use crate::money::Pence;
use crate::source::{Malformed, Row, Rows, SourceError};

/// A line of an order or of a cancellation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) product: ProductIndex,
    pub(crate) goods: Goods,
}

/// The lines of one document, in file order.
#[derive(Debug, Clone)]
pub(crate) struct Invoice {
    pub(crate) number: String,
    pub(crate) customer: Option<String>,
    pub(crate) lines: Vec<Line>,
    at: DateTime,
    first_line: u64,
}

impl Invoice {
    /// When it was written; among those of one minute, the earlier in the file is the earlier.
    pub(crate) fn moment(&self) -> (DateTime, u64) {
        (self.at, self.first_line)
    }

    /// What it is about in numbers.
    pub(crate) fn tally(&self) -> Tally {
        self.lines.iter().map(|line| Tally::of_goods(line.goods)).sum()
    }
}

/// Rows, units and money: what a reconciliation adds up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) lines: u64,
    pub(crate) units: i64,
    pub(crate) amount: Pence,
}

impl Tally {
    fn of_row(row: &Row) -> Self {
        let amount = row.unit_price.unwrap_or_default().times(row.quantity);
        Self { lines: 1, units: row.quantity, amount }
    }

    fn of_goods(goods: Goods) -> Self {
        let units = i64::from(goods.quantity);
        Self { lines: 1, units, amount: goods.unit_price.times(units) }
    }
}

impl std::iter::Sum for Tally {
    fn sum<I: Iterator<Item = Self>>(tallies: I) -> Self {
        tallies.fold(Self::default(), |mut sum, tally| {
            sum += tally;
            sum
        })
    }
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.lines += other.lines;
        self.units += other.units;
        self.amount += other.amount;
    }
}

/// Where every row of the file went. The parts add up to `read`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Account {
    /// Every row that could be read.
    pub(crate) read: Tally,
    /// Lines of orders to be sent.
    pub(crate) ordered: Tally,
    /// Lines of cancellations, with their own (negative) units and money.
    pub(crate) cancelling: Tally,
    /// Rows that are no orders.
    pub(crate) no_orders: BTreeMap<Reason, Tally>,
    /// Good rows of documents held back because another row of theirs cannot be read.
    pub(crate) held_back: Tally,
}

/// Everything a file asks for.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) catalogue: Catalogue,
    /// In order of time.
    pub(crate) orders: Vec<Invoice>,
    /// In order of time.
    pub(crate) cancellations: Vec<Invoice>,
    /// What each of `cancellations` cancels.
    pub(crate) matches: Vec<Match>,
    /// How many documents the readable rows belong to: orders, cancellations, and those that are neither.
    pub(crate) documents: usize,
    /// How many of them are cancellations.
    pub(crate) cancellation_documents: usize,
    pub(crate) malformed: Vec<Malformed>,
    /// Documents not sent because a row of theirs is malformed: half an order would be worse than none.
    pub(crate) held_back: Vec<String>,
    pub(crate) account: Account,
}

/// Reads a whole file into a plan.
pub(crate) fn read<R: Read>(file: R) -> Result<Plan, SourceError> {
    let mut draft = Draft::default();
    for row in Rows::new(file)? {
        match row? {
            Ok(row) => draft.take(&row),
            Err(malformed) => draft.malformed.push(malformed),
        }
    }
    Ok(draft.finish())
}

#[derive(Default)]
struct Draft {
    catalogue: Catalogue,
    documents: HashMap<String, Document>,
    malformed: Vec<Malformed>,
    account: Account,
}

struct Document {
    invoice: Invoice,
    /// Its rows as the file has them, goods or not.
    rows: Tally,
    /// Its rows of goods as the file has them.
    goods: Tally,
    no_orders: Vec<(Reason, Tally)>,
}

impl Draft {
    fn take(&mut self, row: &Row) {
        let kind = match classify(row).and_then(|kind| self.same_customer(row).map(|()| kind)) {
            Ok(kind) => kind,
            Err(problem) => {
                let invoice = Some(row.invoice.clone());
                return self.malformed.push(Malformed { line: row.line, invoice, problem });
            }
        };
        let tally = Tally::of_row(row);
        self.account.read += tally;
        let line = match kind {
            Kind::OrderLine(goods) | Kind::CancellationLine(goods) => Ok(Line {
                product: self.catalogue.vote(&row.stock_code, &row.description, goods.unit_price),
                goods,
            }),
            Kind::NoOrder(reason) => Err(reason),
        };
        self.document(row).take(line, tally);
    }

    fn same_customer(&self, row: &Row) -> Result<(), String> {
        match self.documents.get(&row.invoice) {
            Some(document) if document.invoice.customer != row.customer => {
                Err("its invoice names another customer in an earlier row".to_owned())
            }
            _ => Ok(()),
        }
    }

    fn document(&mut self, row: &Row) -> &mut Document {
        self.documents.entry(row.invoice.clone()).or_insert_with(|| Document {
            invoice: Invoice {
                number: row.invoice.clone(),
                customer: row.customer.clone(),
                lines: Vec::new(),
                at: row.at,
                first_line: row.line,
            },
            rows: Tally::default(),
            goods: Tally::default(),
            no_orders: Vec::new(),
        })
    }

    fn finish(mut self) -> Plan {
        let held_back = self.hold_back();
        let documents = self.documents.len() + held_back.len();
        let (mut orders, mut cancellations) = (Vec::new(), Vec::new());
        for (number, document) in self.documents {
            for (reason, tally) in document.no_orders {
                *self.account.no_orders.entry(reason).or_default() += tally;
            }
            if is_cancellation(&number) {
                self.account.cancelling += document.goods;
                cancellations.push(document.invoice);
            } else if !document.invoice.lines.is_empty() {
                self.account.ordered += document.goods;
                orders.push(document.invoice);
            }
        }
        orders.sort_by_key(Invoice::moment);
        cancellations.sort_by_key(Invoice::moment);
        Plan {
            matches: match_all(&orders, &cancellations),
            catalogue: self.catalogue,
            documents,
            cancellation_documents: cancellations.len()
                + held_back.iter().filter(|number| is_cancellation(number)).count(),
            orders,
            cancellations,
            malformed: self.malformed,
            held_back,
            account: self.account,
        }
    }

    /// Takes out the documents with a malformed row.
    fn hold_back(&mut self) -> Vec<String> {
        let mut numbers: Vec<_> = self.malformed.iter().filter_map(|row| row.invoice.clone()).collect();
        numbers.sort();
        numbers.dedup();
        numbers.retain(|number| match self.documents.remove(number) {
            Some(document) => {
                self.account.held_back += document.rows;
                true
            }
            None => false,
        });
        numbers
    }
}

impl Document {
    fn take(&mut self, line: Result<Line, Reason>, tally: Tally) {
        self.rows += tally;
        match line {
            Ok(line) => {
                self.goods += tally;
                self.invoice.lines.push(line);
            }
            Err(reason) => self.no_orders.push((reason, tally)),
        }
    }
}

fn is_cancellation(number: &str) -> bool {
    number.starts_with(['C', 'c'])
}
