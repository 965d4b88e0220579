//! A timeline as a page: one file that needs no other, and in which nothing runs. All that is on it is escaped.

use std::collections::BTreeMap;

use askama::Template;
use jiff::{SignedDuration, Timestamp};

use super::overview::{self, Overview, span};
use super::{Commit, Entry, Lane, Table, Told};

/// From so long on it is said how much later something happens.
const PAUSE_S: f64 = 1.0;
/// What stands in one line happened within so long a time.
const LINE_MAX: SignedDuration = SignedDuration::from_millis(50);

#[derive(Template)]
#[template(path = "timeline.html")]
struct Page<'a> {
    order: String,
    tenant: &'a str,
    seed: u64,
    lives: usize,
    command: String,
    /// What the plan plants, if it does.
    planted: Option<(&'static str, &'static str)>,
    /// What does not hold of this order, and how much else does not.
    broken: BTreeMap<&'a str, Vec<&'a str>>,
    elsewhere: usize,
    weather: Vec<(String, &'static str)>,
    overview: Overview,
    lanes: Vec<&'static str>,
    rows: Vec<Row<'a>>,
    commits: Vec<(String, &'a Commit)>,
    tables: &'a [Table],
}

/// An entry with what is said beside it.
struct Row<'a> {
    entry: &'a Entry,
    lane: &'static str,
    since: String,
    clock: String,
    took: Option<String>,
    pause: Option<String>,
    /// Whether it stands in the same line as the one before.
    is_beside: bool,
}

/// The timeline, for a browser.
///
/// # Panics
/// Never: the template is compiled, and a string can be written to.
#[must_use]
pub fn page(told: &Told<'_>) -> String {
    let (broken, elsewhere) = told.broken();
    let weather = told.plan.weather().told().into_iter();
    let page = Page {
        order: told.order.to_string(),
        tenant: &told.timeline.tenant,
        seed: told.plan.seed,
        lives: told.plan.lives,
        command: told.command(),
        planted: told.plan.planted.map(|it| (it.name(), it.words().trim())),
        broken,
        elsewhere,
        weather: weather.map(|(words, likely)| (format!("{likely:.3}"), words)).collect(),
        overview: overview::draw(told),
        lanes: Lane::ALL.map(Lane::name).to_vec(),
        rows: rows(told),
        commits: told.timeline.commits.iter().map(|it| (told.since(it.at), it)).collect(),
        tables: &told.timeline.tables,
    };
    page.render().expect("a string can be written to")
}

fn rows<'a>(told: &Told<'a>) -> Vec<Row<'a>> {
    let (mut before, mut line) = (None, None);
    let row = |entry: &'a Entry| {
        let pause = before.map(|it| entry.at.duration_since(it).as_secs_f64()).filter(|it| *it >= PAUSE_S);
        before = Some(entry.at);
        let is_beside = line.is_some_and(|(began, lane)| is_beside(entry, began, lane));
        line = Some((line.filter(|_| is_beside).map_or(entry.at, |it| it.0), entry.lane));
        let took = entry.until.map(|it| it.duration_since(entry.at).as_secs_f64()).filter(|it| *it > 0.0);
        Row {
            entry,
            lane: entry.lane.name(),
            since: told.since(entry.at),
            clock: entry.at.strftime("%F %H:%M:%S%.3f").to_string(),
            took: took.map(span),
            pause: pause.map(span),
            is_beside,
        }
    };
    told.timeline.entries.iter().map(row).collect()
}

/// Whether an entry fits right of what came before it, in the same line.
fn is_beside(entry: &Entry, began: Timestamp, lane: Lane) -> bool {
    entry.lane > lane && entry.at.duration_since(began) < LINE_MAX
}

#[cfg(test)]
mod tests {
    use penstock_domain::OrderId;

    use super::*;
    use crate::invariants::Violation;
    use crate::run::{Outcome, Plan};
    use crate::timeline::{Event, Timeline};

    const NASTY: &str = "<script>alert(1)</script> & \"quoted\"";
    /// Tags that have no end.
    const VOID: [&str; 2] = ["meta", "br"];

    #[test]
    fn nothing_on_the_page_is_more_than_text() {
        let page = shown(NASTY);
        assert!(!page.contains("<script"), "{page}");
        assert!(page.contains("&#60;script&#62;alert(1)&#60;/script&#62; &#38; &#34;quoted&#34;"), "{page}");
        for outside in ["http:", "https:", "src=", "url(", "@import"] {
            assert!(!page.contains(outside), "it asks for {outside}");
        }
    }

    #[test]
    fn the_page_says_what_is_broken_and_how_to_see_it_again() {
        let page = shown("sold 2, sent 3");
        assert!(page.contains("Broken: stock balances."), "{page}");
        assert!(page.contains("sold 2, sent 3"), "{page}");
        assert!(page.contains("cargo xtask simulate --seed 7 --lives 3 --order 13423f01"), "{page}");
        assert!(!page.contains("Of this order, all holds"), "{page}");
    }

    #[test]
    fn every_tag_of_the_page_ends() {
        let page = shown(NASTY);
        let body = page.split_once("</style>").expect("it has a style").1;
        let mut open = vec!["html", "head"];
        for tag in body.split('<').skip(1).map(|it| it.split_once('>').expect("a tag ends").0) {
            let name = tag.split([' ', '\n']).next().unwrap_or_default();
            match name.strip_prefix('/') {
                Some(name) => assert_eq!(open.pop(), Some(name), "in {tag}"),
                None if tag.ends_with('/') || VOID.contains(&name) => {}
                None => open.push(name),
            }
        }
        assert_eq!(open, [""; 0]);
    }

    #[test]
    fn what_happens_at_once_stands_in_one_line_from_left_to_right() {
        let mut function = Entry::now(Lane::Functions, "a", "b");
        let commit = Entry { lane: Lane::Order, ..function.clone() };
        function.at += SignedDuration::from_millis(10);
        assert!(is_beside(&commit, commit.at, Lane::Clients));
        assert!(!is_beside(&function, commit.at, Lane::Order), "it would stand left of what came first");
        function.at += SignedDuration::from_secs(1);
        assert!(!is_beside(&function, commit.at, Lane::Clients), "it is later");
    }

    /// A page on which every text is this one.
    fn shown(words: &str) -> String {
        let order: OrderId = "13423f01-b4f1-5b6b-8ec2-9dd015e7a04f".parse().unwrap();
        let event = Event { sequence: 1, kind: words.into(), says: words.into(), status: words.into() };
        let entry = Entry { outcome: words.into(), times: 2, ..Entry::now(Lane::Faults, words, words) };
        let until = Some(entry.at + SignedDuration::from_secs(9));
        let timeline = Timeline {
            tenant: words.into(),
            commits: vec![super::super::Commit {
                number: 1,
                at: entry.at,
                actor: words.into(),
                events: vec![event],
            }],
            entries: vec![entry.clone().with(words), Entry { until, ..entry }],
            tables: vec![Table {
                title: words.into(),
                columns: vec![words.into()],
                rows: vec![vec![words.into()]],
            }],
        };
        let violations =
            vec![Violation::of("stock balances", order, words), Violation::new("elsewhere", words)];
        let outcome = Outcome { violations, ..Outcome::default() };
        let plan = Plan { order: Some(order), ..Plan::new(7, 3) };
        page(&Told { plan: &plan, order, outcome: &outcome, timeline: &timeline })
    }
}
