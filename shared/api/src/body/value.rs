//! One value of a body: its text and where it stands.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;

use penstock_domain::DecimalNumber;
use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::Problems;
use crate::path::{UUID_MUST, uuid};
use crate::problem::Detail;

/// A value of a body that is well-formed JSON.
pub(crate) struct Value<'a> {
    pointer: String,
    text: &'a str,
}

impl<'a> Value<'a> {
    /// A whole body.
    pub(crate) fn whole(text: &'a str) -> Self {
        Self { pointer: String::new(), text }
    }

    /// Says what is wrong with this value.
    pub(crate) fn refuse(&self, reason: impl Into<String>, problems: &mut Problems) {
        problems.push(Detail::new(self.pointer.clone(), reason));
    }

    /// Its fields.
    pub(crate) fn object(&self, problems: &mut Problems) -> Option<Object<'a>> {
        self.expect("an object", problems)?;
        let entries: Entries<'a> = self.parsed(problems)?;
        let mut object = Object { pointer: self.pointer.clone(), fields: BTreeMap::new() };
        for (name, value) in entries.0 {
            let field = Value { pointer: object.place(&name), text: value.get() };
            if let Some(earlier) = object.fields.insert(name, field) {
                earlier.refuse("is given twice", problems);
            }
        }
        Some(object)
    }

    /// Its entries, when there are as many as may be.
    pub(crate) fn array(&self, length: RangeInclusive<usize>, problems: &mut Problems) -> Option<Vec<Self>> {
        self.expect("an array", problems)?;
        let entries: Vec<&'a RawValue> = self.parsed(problems)?;
        if !length.contains(&entries.len()) {
            let (min, max) = (length.start(), length.end());
            self.refuse(format!("must have {min} to {max} entries, not {}", entries.len()), problems);
            return None;
        }
        let place = |(index, entry): (usize, &&'a RawValue)| Value {
            pointer: format!("{}/{index}", self.pointer),
            text: entry.get(),
        };
        Some(entries.iter().enumerate().map(place).collect())
    }

    /// Its characters.
    pub(crate) fn string(&self, problems: &mut Problems) -> Option<String> {
        self.expect("a string", problems)?;
        self.parsed(problems)
    }

    /// Itself, as a UUID in a string.
    pub(crate) fn uuid(&self, problems: &mut Problems) -> Option<Uuid> {
        let uuid = uuid(&self.string(problems)?);
        self.or_refuse(uuid, UUID_MUST, problems)
    }

    /// True or false.
    pub(crate) fn boolean(&self, problems: &mut Problems) -> Option<bool> {
        self.expect("true or false", problems)?;
        self.parsed(problems)
    }

    /// A number's own text.
    pub(crate) fn number(&self, problems: &mut Problems) -> Option<&'a str> {
        self.expect("a number", problems)?;
        Some(self.text)
    }

    /// A whole number, in any notation.
    pub(crate) fn whole_number(&self, range: RangeInclusive<u32>, problems: &mut Problems) -> Option<u32> {
        let number = whole_number(self.number(problems)?).filter(|number| range.contains(number));
        let must = format!("must be a whole number from {} to {}", range.start(), range.end());
        self.or_refuse(number, &must, problems)
    }

    fn or_refuse<T>(&self, result: Option<T>, must: &str, problems: &mut Problems) -> Option<T> {
        if result.is_none() {
            self.refuse(must, problems);
        }
        result
    }

    fn expect(&self, kind: &str, problems: &mut Problems) -> Option<()> {
        let found = self.kind();
        self.or_refuse((found == kind).then_some(()), &format!("must be {kind}, not {found}"), problems)
    }

    fn kind(&self) -> &'static str {
        match self.text.as_bytes().first() {
            Some(b'{') => "an object",
            Some(b'[') => "an array",
            Some(b'"') => "a string",
            Some(b't' | b'f') => "true or false",
            Some(b'n') => "null",
            _ => "a number",
        }
    }

    /// Only half a surrogate pair can fail here: syntax was checked, and so was the kind.
    fn parsed<T: Deserialize<'a>>(&self, problems: &mut Problems) -> Option<T> {
        self.or_refuse(serde_json::from_str(self.text).ok(), "must hold whole Unicode characters", problems)
    }
}

fn whole_number(text: &str) -> Option<u32> {
    text.parse::<DecimalNumber>().ok()?.in_units(0).ok()?.try_into().ok()
}

/// The fields of an object that were not read yet.
pub(crate) struct Object<'a> {
    pointer: String,
    fields: BTreeMap<String, Value<'a>>,
}

impl<'a> Object<'a> {
    /// Reads a field that must be there.
    pub(crate) fn required<T>(
        &mut self,
        name: &str,
        problems: &mut Problems,
        read: impl FnOnce(&Value<'a>, &mut Problems) -> Option<T>,
    ) -> Option<T> {
        let Some(value) = self.fields.remove(name) else {
            problems.push(Detail::new(self.place(name), "is missing"));
            return None;
        };
        read(&value, problems)
    }

    /// Reads a field that may be absent; answers nothing only when it is there and wrong.
    pub(crate) fn optional<T>(
        &mut self,
        name: &str,
        problems: &mut Problems,
        read: impl FnOnce(&Value<'a>, &mut Problems) -> Option<T>,
    ) -> Option<Option<T>> {
        match self.fields.remove(name) {
            Some(value) => read(&value, problems).map(Some),
            None => Some(None),
        }
    }

    /// Refuses what was not read: the contract does not know it.
    pub(crate) fn end(self, problems: &mut Problems) {
        for value in self.fields.into_values() {
            value.refuse("is not a field of the contract", problems);
        }
    }

    fn place(&self, name: &str) -> String {
        format!("{}/{}", self.pointer, name.replace('~', "~0").replace('/', "~1"))
    }
}

/// An object's fields as they stand, with those given twice.
struct Entries<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntriesVisitor)
    }
}

struct EntriesVisitor;

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = Entries<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Entries(entries))
    }
}
