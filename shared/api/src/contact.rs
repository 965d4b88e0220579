//! Who an order is for, on the wire.

use penstock_domain::order::{Address, Contact};
use serde::Serialize;
use utoipa::ToSchema;

use crate::body::{Problems, Value};
use crate::fulfilment::text;

/// The longest line of an address, and the longest name, in characters.
const LINE_LENGTH_MAX: usize = 200;
/// The most lines of an address above the city.
const ADDRESS_LINES_MAX: usize = 5;
/// The longest address of e-mail: RFC 5321, section 4.5.3.1.3, less the angle brackets.
const EMAIL_LENGTH_MAX: usize = 254;

/// Who is told about an order, and where it goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Contact)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ContactView<'a> {
    /// Where messages go.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 254)]
    email: Option<&'a str>,
    /// What the customer is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 200)]
    name: Option<&'a str>,
    /// Where parcels go.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    address: Option<AddressView<'a>>,
}

/// A postal address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Address)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AddressView<'a> {
    /// Street, house, floor: what stands above the city.
    #[schema(min_items = 1, max_items = 5)]
    lines: &'a [String],
    #[schema(max_length = 200)]
    city: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 200)]
    postal_code: Option<&'a str>,
    /// ISO 3166-1 alpha-2.
    #[schema(pattern = "^[A-Z]{2}$")]
    country: &'a str,
}

impl<'a> ContactView<'a> {
    /// The contact of an order; nothing where nothing is known.
    pub(crate) fn of(contact: &'a Contact) -> Option<Self> {
        let Contact { email, name, address } = contact;
        let address = address.as_ref().map(|address| AddressView {
            lines: &address.lines,
            city: &address.city,
            postal_code: address.postal_code.as_deref(),
            country: &address.country,
        });
        let shown = Self { email: email.as_deref(), name: name.as_deref(), address };
        (contact != &Contact::default()).then_some(shown)
    }
}

/// Reads a contact.
pub(crate) fn read(value: &Value<'_>, problems: &mut Problems) -> Option<Contact> {
    let mut fields = value.object(problems)?;
    let email = fields.optional("email", problems, email);
    let name = fields.optional("name", problems, line);
    let address = fields.optional("address", problems, address);
    fields.end(problems);
    Some(Contact { email: email?, name: name?, address: address? })
}

fn address(value: &Value<'_>, problems: &mut Problems) -> Option<Address> {
    let mut fields = value.object(problems)?;
    let lines = fields.required("lines", problems, lines);
    let city = fields.required("city", problems, line);
    let postal_code = fields.optional("postalCode", problems, line);
    let country = fields.required("country", problems, country);
    fields.end(problems);
    Some(Address { lines: lines?, city: city?, postal_code: postal_code?, country: country? })
}

fn lines(value: &Value<'_>, problems: &mut Problems) -> Option<Vec<String>> {
    let entries = value.array(1..=ADDRESS_LINES_MAX, problems)?;
    let lines: Vec<_> = entries.iter().map(|entry| line(entry, problems)).collect();
    lines.into_iter().collect()
}

fn line(value: &Value<'_>, problems: &mut Problems) -> Option<String> {
    let line = text(value, LINE_LENGTH_MAX, problems)?;
    // A line break would begin a new header in an e-mail, and a new line on a label.
    if line.chars().any(char::is_control) {
        value.refuse("must be one line without control characters", problems);
    }
    Some(line)
}

/// Checks no more than that something can be sent there: only sending tells whether anybody is.
fn email(value: &Value<'_>, problems: &mut Problems) -> Option<String> {
    let email = text(value, EMAIL_LENGTH_MAX, problems)?;
    let parts = email.rsplit_once('@');
    let plain = |c: char| !c.is_control() && !c.is_whitespace() && !matches!(c, '<' | '>' | ',' | ';');
    let well_formed = parts.is_some_and(|(user, host)| {
        !user.is_empty() && !host.is_empty() && !host.starts_with('.') && email.chars().all(plain)
    });
    if !well_formed {
        value.refuse("must be an address such as name@example.com", problems);
    }
    Some(email)
}

fn country(value: &Value<'_>, problems: &mut Problems) -> Option<String> {
    let country = value.string(problems)?;
    if country.len() != 2 || !country.chars().all(|c| c.is_ascii_uppercase()) {
        value.refuse("must be two letters as ISO 3166-1 has them, such as GB", problems);
    }
    Some(country)
}
