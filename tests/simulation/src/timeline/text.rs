//! A timeline as text, in columns of a terminal.

use std::fmt::Write as _;

use super::overview::span;
use super::{Entry, Table, Told};

/// How wide it is where it can be.
const WIDTH: usize = 100;
/// How wide the columns are that come before what happened.
const SINCE: usize = 10;
const CLOCK: usize = 15;
const WHO: usize = 23;
/// Where what happened begins.
const MARGIN: usize = SINCE + CLOCK + WHO + 6;
/// Where begins what else is known of it.
const DETAILS: usize = SINCE + CLOCK + 6;

/// From so long on it is said how much later something happens.
const PAUSE_S: f64 = 1.0;

/// The timeline, for a terminal.
#[must_use]
pub fn text(told: &Told<'_>) -> String {
    let mut text = head(told);
    line(&mut text, &format!("{:>SINCE$}  {:<CLOCK$}  {:<WHO$}  what", "seconds", "day and clock", "who"));
    let mut before = None;
    for entry in &told.timeline.entries {
        let pause = before.map(|it| entry.at.duration_since(it).as_secs_f64()).filter(|it| *it >= PAUSE_S);
        if let Some(pause) = pause {
            line(&mut text, &format!("{:>SINCE$}  {} later", "…", span(pause)));
        }
        before = Some(entry.at);
        row(&mut text, told, entry);
    }
    ledger(&mut text, told);
    told.timeline.tables.iter().for_each(|it| table(&mut text, it));
    text
}

fn ledger(text: &mut String, told: &Told<'_>) {
    if !told.timeline.commits.is_empty() {
        line(text, "\nIts ledger at the end");
    }
    for commit in &told.timeline.commits {
        let (since, number) = (told.since(commit.at), commit.number);
        line(text, &format!("{since:>SINCE$}  commit {number}, by {}", commit.actor));
        for event in &commit.events {
            let says = if event.says.is_empty() { String::new() } else { format!(": {}", event.says) };
            let words = format!("{} {} → {}{says}", event.sequence, event.kind, event.status);
            wrapped(text, SINCE + 4, &words);
        }
    }
}

/// In columns, if they fit; else row by row, each cell with its column's name.
fn table(text: &mut String, table: &Table) {
    line(text, &format!("\n{}", table.title));
    let width = |at: usize| {
        let cells = table.rows.iter().map(|it| it[at].chars().count());
        cells.chain([table.columns[at].chars().count()]).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..table.columns.len()).map(width).collect();
    if widths.iter().map(|it| it + 2).sum::<usize>() <= WIDTH {
        for row in [&table.columns].into_iter().chain(&table.rows) {
            let cells = row.iter().zip(&widths).map(|(cell, width)| format!("  {cell:<width$}"));
            line(text, &cells.collect::<String>());
        }
        return;
    }
    for row in &table.rows {
        let cells = table.columns.iter().zip(row).filter(|(_, cell)| !cell.is_empty());
        wrapped(text, 2, &cells.map(|(name, cell)| format!("{name} {cell}")).collect::<Vec<_>>().join(", "));
    }
}

fn head(told: &Told<'_>) -> String {
    let mut text = String::new();
    let of = Some(&*told.timeline.tenant)
        .filter(|it| !it.is_empty())
        .map(|it| format!(" of {it}"))
        .unwrap_or_default();
    line(&mut text, &format!("order {}{of}: seed {}, {} lives", told.order, told.plan.seed, told.plan.lives));
    line(&mut text, &format!("again: {}", told.command()));
    line(&mut text, "");
    let (broken, elsewhere) = told.broken();
    for (invariant, what) in broken {
        line(&mut text, &format!("BROKEN: {invariant}"));
        what.into_iter().for_each(|it| wrapped(&mut text, 2, it));
    }
    if elsewhere > 0 {
        line(&mut text, &format!("broken in this run, but not of this order: {elsewhere} more"));
    }
    line(&mut text, "");
    line(&mut text, "The weather of the seed, and how likely each of it is:");
    for (words, likely) in told.plan.weather().told() {
        line(&mut text, &format!("  {likely:.3}  {words}"));
    }
    line(&mut text, "");
    text
}

fn row(text: &mut String, told: &Told<'_>, entry: &Entry) {
    let clock = entry.at.strftime("%d %H:%M:%S%.3f").to_string();
    let mark = if entry.is_bad { "!" } else { " " };
    write!(text, "{:>SINCE$}  {clock:<CLOCK$} {mark}{:<WHO$}  ", told.since(entry.at), entry.who)
        .expect(WRITABLE);
    let mut words = entry.what.clone();
    if !entry.outcome.is_empty() {
        write!(words, " → {}", entry.outcome).expect(WRITABLE);
    }
    if entry.times > 1 {
        write!(words, ", {} times", entry.times).expect(WRITABLE);
    }
    if let Some(until) = entry.until.filter(|it| *it > entry.at) {
        write!(words, " (until {})", told.since(until)).expect(WRITABLE);
    }
    let rest = wrap(&words, WIDTH - MARGIN);
    line(text, &rest.join(&format!("\n{:MARGIN$}", "")));
    for detail in entry.details.iter().flat_map(|it| it.lines()) {
        wrapped(text, DETAILS, detail);
    }
}

/// Words in lines that begin at a column.
fn wrapped(text: &mut String, column: usize, words: &str) {
    for words in wrap(words, WIDTH - column) {
        line(text, &format!("{:column$}{words}", ""));
    }
}

/// Lines of so many characters at most, unless a word is longer.
fn wrap(words: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in words.split(' ') {
        let last = lines.last_mut().expect("there is a first line");
        if !last.is_empty() && last.chars().count() + 1 + word.chars().count() > width {
            lines.push(word.to_owned());
        } else {
            if !last.is_empty() {
                last.push(' ');
            }
            last.push_str(word);
        }
    }
    lines
}

const WRITABLE: &str = "a string can be written to";

fn line(text: &mut String, words: &str) {
    writeln!(text, "{}", words.trim_end()).expect(WRITABLE);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_put_into_lines_and_a_long_one_stays_whole() {
        assert_eq!(wrap("a bb ccc dddd", 6), ["a bb", "ccc", "dddd"]);
        assert_eq!(wrap("abcdefghij k", 4), ["abcdefghij", "k"]);
    }
}
