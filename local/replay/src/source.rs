//! Reads the file row by row. What a row means is for `classify`; here it only has to be one.

use std::io::Read;

use csv::ByteRecord;
use jiff::civil::DateTime;

use crate::money::{MoneyError, Pence};

/// The columns a file must have; others may stand between them.
const COLUMNS: [&str; 7] =
    ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID"];

/// The shop's local time, as the file writes it.
const DATE_FORMAT: &str = "%d/%m/%Y %H:%M";

/// One line of one invoice.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    pub(crate) line: u64,
    pub(crate) invoice: String,
    pub(crate) stock_code: String,
    pub(crate) description: String,
    pub(crate) quantity: i64,
    pub(crate) at: DateTime,
    /// `None` when the price is a number, but finer than a penny.
    pub(crate) unit_price: Option<Pence>,
    pub(crate) customer: Option<String>,
}

/// A row that cannot be read, and why.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Malformed {
    pub(crate) line: u64,
    /// The invoice it belongs to, when that much can be read.
    pub(crate) invoice: Option<String>,
    pub(crate) problem: String,
}

/// Why a file cannot be read on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SourceError {
    #[error("the header has no column {0}")]
    NoColumn(&'static str),
    #[error(transparent)]
    Unreadable(#[from] csv::Error),
}

/// The rows of a file, in file order; only one is held at a time.
pub(crate) struct Rows<R> {
    reader: csv::Reader<R>,
    columns: [usize; COLUMNS.len()],
    record: ByteRecord,
}

impl<R: Read> Rows<R> {
    /// Reads the header.
    pub(crate) fn new(file: R) -> Result<Self, SourceError> {
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(file);
        let header = reader.byte_headers()?.clone();
        let mut columns = [0; COLUMNS.len()];
        for (place, name) in columns.iter_mut().zip(COLUMNS) {
            *place = header
                .iter()
                .position(|column| column.trim_ascii() == name.as_bytes())
                .ok_or(SourceError::NoColumn(name))?;
        }
        Ok(Self { reader, columns, record: ByteRecord::new() })
    }

    fn parse(&self, line: u64) -> Result<Row, Malformed> {
        let invoice = self.required(0).map_err(|problem| Malformed { line, invoice: None, problem })?;
        self.parse_rest(line, invoice.clone()).map_err(|problem| Malformed {
            line,
            invoice: Some(invoice),
            problem,
        })
    }

    fn parse_rest(&self, line: u64, invoice: String) -> Result<Row, String> {
        let customer = self.text(6)?;
        Ok(Row {
            line,
            invoice,
            stock_code: self.required(1)?,
            description: self.text(2)?,
            quantity: self.quantity()?,
            at: self.date()?,
            unit_price: self.unit_price()?,
            customer: (!customer.is_empty()).then_some(customer),
        })
    }

    fn quantity(&self) -> Result<i64, String> {
        let text = self.required(3)?;
        text.parse().map_err(|_| format!("the quantity {text:?} is not a whole number"))
    }

    fn date(&self) -> Result<DateTime, String> {
        let text = self.required(4)?;
        DateTime::strptime(DATE_FORMAT, &text)
            .map_err(|_| format!("the date {text:?} is not written dd/mm/yyyy hh:mm"))
    }

    fn unit_price(&self) -> Result<Option<Pence>, String> {
        let text = self.required(5)?;
        match Pence::from_pounds(&text) {
            Ok(price) => Ok(Some(price)),
            Err(MoneyError::FinerThanPenny) => Ok(None),
            Err(error) => Err(format!("the price {text:?} {error}")),
        }
    }

    fn required(&self, column: usize) -> Result<String, String> {
        let text = self.text(column)?;
        if text.is_empty() { Err(format!("{} is empty", COLUMNS[column])) } else { Ok(text) }
    }

    /// Lossy, because versions of the data set in Latin-1 are about and only descriptions differ.
    fn text(&self, column: usize) -> Result<String, String> {
        let field = self.record.get(self.columns[column]);
        let field = field.ok_or_else(|| format!("{} is missing", COLUMNS[column]))?;
        Ok(String::from_utf8_lossy(field.trim_ascii()).into_owned())
    }
}

impl<R: Read> Iterator for Rows<R> {
    type Item = Result<Result<Row, Malformed>, SourceError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.reader.read_byte_record(&mut self.record) {
            Ok(false) => None,
            Ok(true) => {
                let line = self.record.position().map_or(0, csv::Position::line);
                Some(Ok(self.parse(line)))
            }
            Err(error) => Some(Err(error.into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str =
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";

    #[test]
    fn descriptions_keep_their_commas_and_quotes() {
        let row =
            one(r#"536365,21700,"BIG DOUGHNUT, ""FRIDGE"" MAGNETS",6,01/12/2010 08:26,0.85,17850,EIRE"#);
        let row = row.unwrap();
        assert_eq!(row.description, r#"BIG DOUGHNUT, "FRIDGE" MAGNETS"#);
        assert_eq!((row.quantity, row.unit_price), (6, Some(Pence(85))));
        assert_eq!(row.customer.as_deref(), Some("17850"));
        assert_eq!(row.at.to_string(), "2010-12-01T08:26:00");
    }

    #[test]
    fn an_empty_customer_and_description_are_no_mistake() {
        let row = one("536414,22139,,56,01/12/2010 11:52,0,,United Kingdom").unwrap();
        assert_eq!((row.description.as_str(), row.customer, row.unit_price), ("", None, Some(Pence(0))));
    }

    #[test]
    fn a_malformed_row_is_reported_by_line_with_its_invoice() {
        for (row, problem) in [
            ("536365,21700,X,six,01/12/2010 08:26,0.85,,", r#"the quantity "six" is not a whole number"#),
            (
                "536365,21700,X,6,12/31/2010 08:26,0.85,,",
                r#"the date "12/31/2010 08:26" is not written dd/mm/yyyy hh:mm"#,
            ),
            ("536365,21700,X,6,01/12/2010 08:26,free,,", r#"the price "free" is not a number"#),
            ("536365,,X,6,01/12/2010 08:26,0.85,,", "StockCode is empty"),
            ("536365,21700,X", "CustomerID is missing"),
        ] {
            let malformed = one(row).unwrap_err();
            assert_eq!((malformed.line, malformed.problem.as_str()), (2, problem));
            assert_eq!(malformed.invoice.as_deref(), Some("536365"));
        }
    }

    #[test]
    fn a_row_without_an_invoice_belongs_to_none() {
        assert_eq!(one(",21700,X,6,01/12/2010 08:26,0.85,,").unwrap_err().invoice, None);
    }

    #[test]
    fn a_price_finer_than_a_penny_is_left_out_and_the_row_read() {
        assert_eq!(one("536365,PADS,PADS,1,01/12/2010 08:26,0.001,,").unwrap().unit_price, None);
    }

    #[test]
    fn latin_1_descriptions_and_a_byte_order_mark_are_read() {
        let mut file = b"\xef\xbb\xbf".to_vec();
        file.extend(HEADER.as_bytes());
        file.extend(b"536365,G40,VOUCHER \xa340,1,01/12/2010 08:26,40,,EIRE\n");
        let row = Rows::new(file.as_slice()).unwrap().next().unwrap().unwrap().unwrap();
        assert_eq!(row.description, "VOUCHER \u{fffd}40");
    }

    #[test]
    fn a_file_of_something_else_is_refused_by_its_header() {
        let error = Rows::new("a,b\n1,2\n".as_bytes()).err().unwrap();
        assert_eq!(error.to_string(), "the header has no column InvoiceNo");
    }

    fn one(row: &str) -> Result<Row, Malformed> {
        Rows::new(format!("{HEADER}{row}\n").as_bytes()).unwrap().next().unwrap().unwrap()
    }
}
