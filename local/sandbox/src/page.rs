//! Books as plain pages for a browser. What is on them came from outside: all of it is escaped, and nothing may run.

use axum::response::{Html, IntoResponse as _, Response};
use http::{HeaderMap, HeaderName, header};
use serde_json::Value;

/// A page with one table.
pub(crate) struct Page<'a> {
    pub(crate) title: String,
    pub(crate) note: String,
    pub(crate) columns: &'a [&'a str],
}

const POLICY: (HeaderName, &str) = (
    header::CONTENT_SECURITY_POLICY,
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
);
const STYLE: &str = "body{font:15px/1.5 system-ui;margin:2rem}table{border-collapse:collapse}\
    td,th{border:1px solid #ccc;padding:.3rem .6rem;text-align:left;vertical-align:top;white-space:pre-wrap}";

impl Page<'_> {
    /// The page with these rows of texts.
    pub(crate) fn of(&self, rows: &[Vec<String>]) -> Response {
        let title = escaped(&self.title);
        let head: String = self.columns.iter().map(|it| format!("<th>{}</th>", escaped(it))).collect();
        let body: String = rows.iter().map(|row| format!("<tr>{}</tr>", cells(row))).collect();
        let note = escaped(&self.note);
        let html = format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title><style>{STYLE}</style>\
             <h1>{title}</h1><p>{note}</p><table><tr>{head}</tr>{body}</table></html>"
        );
        ([POLICY], Html(html)).into_response()
    }
}

fn cells(row: &[String]) -> String {
    row.iter().map(|it| format!("<td>{}</td>", escaped(it))).collect()
}

/// Whether a browser asks, and not a program.
pub(crate) fn wanted(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|it| it.to_str().ok());
    accept.is_some_and(|it| it.contains("text/html"))
}

/// A value as text: a text as it is, nothing as nothing, the rest as JSON.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            other => out.push(other),
        }
    }
    out
}
