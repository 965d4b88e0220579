//! A timeline as a picture: a lane for each kind of actor, and an axis on which nothing takes no place.

use jiff::Timestamp;

use super::{Entry, Lane, Told};

/// How wide the picture is: so much for each moment, within limits.
const WIDTH_A_MOMENT: f64 = 7.0;
const WIDTH_MIN: f64 = 1_160.0;
const WIDTH_MAX: f64 = 3_200.0;
/// Left of the axis stand the lanes' names.
const LEFT: f64 = 84.0;
/// Right of the axis there is place for the last time.
const RIGHT: f64 = 84.0;
/// Above the lanes stands the time.
const TOP: f64 = 26.0;
/// How long nothing may happen before it is cut out of the axis.
const BREAK_S: f64 = 5.0;
const BREAK_WIDTH: f64 = 58.0;
/// Of shorter times the picture shows the logarithm, from this one on.
const MOMENT_S: f64 = 0.005;
/// How far times stand apart that are written on it.
const TICKS_APART: f64 = 84.0;
/// What is shown of something that takes no time.
const MARK_WIDTH: f64 = 7.0;
const TRACK_HEIGHT: f64 = 13.0;
const TRACKS_MAX: usize = 9;

/// The picture.
pub(super) struct Overview {
    pub(super) width: u64,
    pub(super) height: u64,
    pub(super) lanes: Vec<Band>,
    pub(super) marks: Vec<Mark>,
    pub(super) ticks: Vec<Label>,
    pub(super) breaks: Vec<Label>,
}

/// A lane.
pub(super) struct Band {
    pub(super) name: &'static str,
    pub(super) top: u64,
    pub(super) height: u64,
}

/// Something that happened.
pub(super) struct Mark {
    /// Which entry it is.
    pub(super) row: usize,
    pub(super) lane: &'static str,
    pub(super) is_bad: bool,
    pub(super) left: u64,
    pub(super) top: u64,
    pub(super) width: u64,
    pub(super) title: String,
}

/// A time, or how long nothing happened.
pub(super) struct Label {
    pub(super) left: u64,
    pub(super) width: u64,
    pub(super) words: String,
}

/// Draws a timeline.
pub(super) fn draw(told: &Told<'_>) -> Overview {
    let entries = &told.timeline.entries;
    let axis = Axis::of(entries);
    let mut top = TOP;
    let (mut lanes, mut marks) = (vec![], vec![]);
    for lane in Lane::ALL {
        let (placed, tracks) = place(&axis, entries, lane);
        marks.extend(placed.into_iter().map(|it| mark(told, it, top)));
        let height = tracks.max(1) as f64 * TRACK_HEIGHT + 9.0;
        lanes.push(Band { name: lane.name(), top: whole(top), height: whole(height) });
        top += height;
    }
    marks.sort_by_key(|it| it.row);
    let (ticks, breaks) = axis.labels(told);
    Overview { width: whole(axis.width() + RIGHT), height: whole(top), lanes, marks, ticks, breaks }
}

/// An entry with its place: left, width, track.
type Placed = (usize, f64, f64, usize);

/// Puts what overlaps into tracks below each other; how many there are.
fn place(axis: &Axis, entries: &[Entry], lane: Lane) -> (Vec<Placed>, usize) {
    let mut ends: Vec<f64> = vec![];
    let mut placed = vec![];
    for (row, entry) in entries.iter().enumerate().filter(|(_, it)| it.lane == lane) {
        let left = axis.x(entry.at);
        let width = (axis.x(entry.until.unwrap_or(entry.at)) - left).max(MARK_WIDTH);
        let free = ends.iter().position(|end| *end <= left);
        let track = free.unwrap_or(if ends.len() < TRACKS_MAX { ends.len() } else { row % TRACKS_MAX });
        if track == ends.len() {
            ends.push(0.0);
        }
        ends[track] = left + width + 1.0;
        placed.push((row, left, width, track));
    }
    (placed, ends.len())
}

fn mark(told: &Told<'_>, (row, left, width, track): Placed, top: f64) -> Mark {
    let entry = &told.timeline.entries[row];
    let outcome = if entry.outcome.is_empty() { String::new() } else { format!(" → {}", entry.outcome) };
    Mark {
        row,
        lane: entry.lane.name(),
        is_bad: entry.is_bad,
        left: whole(left),
        top: whole(top + 5.0 + track as f64 * TRACK_HEIGHT),
        width: whole(width).max(1),
        title: format!("{} s · {}: {}{outcome}", told.since(entry.at), entry.who, entry.what),
    }
}

/// Where each moment is.
struct Axis(Vec<(Timestamp, f64)>);

impl Axis {
    fn of(entries: &[Entry]) -> Self {
        let mut moments: Vec<Timestamp> =
            entries.iter().flat_map(|it| [Some(it.at), it.until]).flatten().collect();
        moments.sort_unstable();
        moments.dedup();
        let gaps: Vec<f64> = moments.windows(2).map(|it| seconds(it[0], it[1])).collect();
        let (long, short): (Vec<f64>, Vec<f64>) = gaps.iter().partition(|it| **it > BREAK_S);
        let wanted = (moments.len() as f64 * WIDTH_A_MOMENT).clamp(WIDTH_MIN, WIDTH_MAX) - LEFT - RIGHT;
        let left = (wanted - long.len() as f64 * BREAK_WIDTH).max(wanted / 3.0);
        let scale = left / short.iter().map(|it| length(*it)).sum::<f64>().max(1.0);
        let mut x = LEFT;
        let mut places = vec![];
        for (at, moment) in moments.into_iter().enumerate() {
            places.push((moment, x));
            x += gaps.get(at).map_or(0.0, |it| if *it > BREAK_S { BREAK_WIDTH } else { length(*it) * scale });
        }
        Self(places)
    }

    fn x(&self, moment: Timestamp) -> f64 {
        let at = self.0.binary_search_by_key(&moment, |it| it.0);
        self.0[at.expect("every moment has its place")].1
    }

    fn width(&self) -> f64 {
        self.0.last().map_or(LEFT, |it| it.1)
    }

    /// The times that are written on it, and the stretches that are cut out.
    fn labels(&self, told: &Told<'_>) -> (Vec<Label>, Vec<Label>) {
        let (mut ticks, mut breaks): (Vec<Label>, Vec<Label>) = (vec![], vec![]);
        let mut free = 0.0;
        for (at, (moment, x)) in self.0.iter().enumerate() {
            if *x >= free {
                ticks.push(Label { left: whole(*x), width: 0, words: format!("{} s", told.since(*moment)) });
                free = x + TICKS_APART;
            }
            let next = self.0.get(at + 1).map(|it| (seconds(*moment, it.0), it.1));
            if let Some((gap, to)) = next.filter(|(gap, _)| *gap > BREAK_S) {
                breaks.push(Label { left: whole(*x), width: whole(to - x), words: span(gap) });
            }
        }
        (ticks, breaks)
    }
}

fn length(seconds: f64) -> f64 {
    (1.0 + seconds / MOMENT_S).ln()
}

fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64()
}

/// A length of time in words: `12 ms`, `3.4 s`, `29 min 12 s`, `5 h 3 min`.
pub(super) fn span(seconds: f64) -> String {
    let whole = whole(seconds);
    match seconds {
        it if it < 1.0 => format!("{:.0} ms", it * 1_000.0),
        it if it < 60.0 => format!("{it:.1} s"),
        it if it < 3_600.0 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3_600, whole % 3_600 / 60),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "pixels and seconds are small and not negative"
)]
fn whole(number: f64) -> u64 {
    number.max(0.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_time_in_which_nothing_happens_takes_little_place() {
        let at = |ms: i64| Entry {
            at: Timestamp::from_millisecond(ms).unwrap(),
            ..Entry::now(Lane::Order, "a", "b")
        };
        let axis = Axis::of(&[at(0), at(10), at(2_000), at(1_802_000), at(1_802_010)]);
        let xs: Vec<f64> = axis.0.iter().map(|it| it.1).collect();
        assert!(xs.is_sorted(), "{xs:?}");
        assert!((xs[3] - xs[2] - BREAK_WIDTH).abs() < 0.1, "half an hour is a break: {xs:?}");
        assert!(xs[2] - xs[1] > xs[1] - xs[0], "two seconds are longer than ten milliseconds: {xs:?}");
    }

    #[test]
    fn what_overlaps_stands_below_each_other() {
        let at = |ms: i64, until: i64| Entry {
            at: Timestamp::from_millisecond(ms).unwrap(),
            until: Timestamp::from_millisecond(until).ok(),
            ..Entry::now(Lane::Functions, "a", "b")
        };
        let entries = [at(0, 500), at(100, 200), at(900, 990)];
        let (placed, tracks) = place(&Axis::of(&entries), &entries, Lane::Functions);
        assert_eq!(placed.iter().map(|it| it.3).collect::<Vec<_>>(), [0, 1, 0]);
        assert_eq!(tracks, 2);
    }

    #[test]
    fn a_span_is_told_in_fitting_units() {
        let told: Vec<_> = [0.012, 3.44, 1_752.0, 18_180.0].into_iter().map(span).collect();
        assert_eq!(told, ["12 ms", "3.4 s", "29 min 12 s", "5 h 3 min"]);
    }
}
