//! A strict reader of JSON bodies that gathers everything that is wrong, not only the first.
//!
//! It keeps each value's own text until its type is known, so that a number never becomes a float on the way. It is
//! not a deserialiser: serde stops at the first problem, and knows no pointers.

mod value;

use serde_json::value::RawValue;

use crate::problem::{Code, Detail, Problem};

pub(crate) use value::Value;

/// The largest body that is read.
pub const BODY_BYTES_MAX: usize = 1024 * 1024;

/// The deepest nesting that is read; what the contract knows is at most four deep.
const DEPTH_MAX: usize = 64;

/// Everything found wrong in a body.
pub(crate) type Problems = Vec<Detail>;

/// Reads a body with `read`, which adds what is wrong to the problems and answers nothing when it cannot go on.
///
/// # Errors
/// `body-too-large`, `malformed-json`, or `validation-failed` with all that is wrong.
pub(crate) fn read<T>(
    body: &[u8],
    read: impl FnOnce(&Value<'_>, &mut Problems) -> Option<T>,
) -> Result<T, Problem> {
    let text = well_formed(body)?;
    let mut problems = Problems::new();
    let result = read(&Value::whole(text), &mut problems);
    result.filter(|_| problems.is_empty()).ok_or_else(|| Problem::validation(problems))
}

/// Reads a body whose every field is optional: an empty one is an empty object.
pub(crate) fn read_or_empty<T>(
    body: &[u8],
    of: impl FnOnce(&Value<'_>, &mut Problems) -> Option<T>,
) -> Result<T, Problem> {
    read(or_empty_object(body), of)
}

/// The body, or `{}` for an empty one.
pub(crate) fn or_empty_object(body: &[u8]) -> &[u8] {
    if body.trim_ascii().is_empty() { b"{}" } else { body }
}

/// The text of a body that is JSON, neither too large nor nested too deeply.
pub(crate) fn well_formed(body: &[u8]) -> Result<&str, Problem> {
    if body.len() > BODY_BYTES_MAX {
        return Err(Problem::body_too_large());
    }
    let text = serde_json::from_slice::<&RawValue>(body).map_err(malformed)?.get();
    if depth(text) > DEPTH_MAX {
        let sentence = format!("The body is nested deeper than {DEPTH_MAX} levels.");
        return Err(Problem::new(Code::MalformedJson, sentence));
    }
    Ok(text)
}

/// The parser's words name the line and the column.
fn malformed(error: serde_json::Error) -> Problem {
    Problem::new(Code::MalformedJson, format!("The body is not JSON: {error}."))
}

/// How deep objects and arrays are nested in a well-formed text.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => depth -= 1,
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

#[cfg(test)]
mod tests;
