//! Schedule expressions: `rate(5 minutes)` and `cron(0 8 ? * MON-FRI *)`, and when they come next.
//!
//! Source: "Schedule types in EventBridge Scheduler", Amazon EventBridge Scheduler User Guide. In a time zone that changes its
//! clocks, a time that a day does not have is left out, and one that it has twice counts once. `at(…)` is not here.

use std::collections::BTreeSet;

use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, ToSpan};

/// When something is to happen, again and again.
#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    /// Every so many seconds.
    Rate(i64),
    /// At the minutes of a calendar.
    Cron(Box<Cron>),
}

/// The minutes that a cron expression names, in a time zone.
#[derive(Debug, Clone, PartialEq)]
pub struct Cron {
    minutes: BTreeSet<i16>,
    hours: BTreeSet<i16>,
    days: Days,
    months: BTreeSet<i16>,
    years: BTreeSet<i16>,
    zone: TimeZone,
}

#[derive(Debug, Clone, PartialEq)]
enum Days {
    OfMonth(BTreeSet<i16>),
    LastOfMonth,
    /// `15W`: the weekday (Monday to Friday) of the month that is nearest to the day.
    NearestWeekday(i16),
    OfWeek(BTreeSet<i16>),
    /// `6L`: the last Friday.
    LastOfWeek(i16),
    /// `6#3`: the third Friday.
    NthOfWeek(i16, i16),
}

/// Why a text is no expression, in words.
pub type Malformed = String;

const MONTHS: &[&str] = &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: &[&str] = &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const YEARS: (i16, i16) = (1970, 2199);
/// A date that comes at all comes within so many days: the 29th of February, over a century's end.
const DAYS_AHEAD_MAX: usize = 366 * 8 + 2;

impl Expression {
    /// Reads an expression, in UTC unless a time zone is given.
    ///
    /// # Errors
    /// When it is none, or there is no such time zone; the reason in words.
    pub fn parse(text: &str, zone: Option<&str>) -> Result<Self, Malformed> {
        let arguments = |name: &str| text.trim().strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')');
        if let Some(rate) = arguments("rate") {
            return seconds(rate).map(Self::Rate).ok_or_else(|| format!("{text} is no rate"));
        }
        let cron = arguments("cron").ok_or_else(|| format!("{text} is neither rate nor cron"))?;
        let zone =
            zone.map_or(Ok(TimeZone::UTC), |it| TimeZone::get(it).map_err(|error| error.to_string()))?;
        Cron::parse(cron, zone)
            .map(|it| Self::Cron(Box::new(it)))
            .ok_or_else(|| format!("{text} is no cron expression"))
    }

    /// The first time after `after`; `None` when there is none any more.
    #[must_use]
    pub fn next(&self, after: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Rate(seconds) => after.checked_add(seconds.seconds()).ok(),
            Self::Cron(cron) => cron.next(after),
        }
    }
}

/// `5 minutes`, and `1 hour` but not `1 hours`.
fn seconds(rate: &str) -> Option<i64> {
    let (count, unit) = rate.trim().split_once(' ')?;
    let count: i64 = count.parse().ok().filter(|it| *it > 0)?;
    let unit = unit.trim();
    let singular = unit.strip_suffix('s').unwrap_or(unit);
    if (count == 1) != (singular == unit) {
        return None;
    }
    let seconds = match singular {
        "minute" => 60,
        "hour" => 3_600,
        "day" => 86_400,
        _ => return None,
    };
    count.checked_mul(seconds)
}

impl Cron {
    fn parse(text: &str, zone: TimeZone) -> Option<Self> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minutes, hours, of_month, months, of_week, years] = fields.as_slice() else { return None };
        Some(Self {
            minutes: set(minutes, (0, 59), &[], 0)?,
            hours: set(hours, (0, 23), &[], 0)?,
            days: days(of_month, of_week)?,
            months: set(months, (1, 12), MONTHS, 1)?,
            years: set(years, YEARS, &[], 0)?,
            zone,
        })
    }

    fn next(&self, after: Timestamp) -> Option<Timestamp> {
        let mut date = self.zone.to_datetime(after).date();
        for _ in 0..DAYS_AHEAD_MAX {
            if self.has(date) {
                let times = self
                    .hours
                    .iter()
                    .flat_map(|hour| self.minutes.iter().map(move |minute| (*hour, *minute)));
                let at = times.filter_map(|(hour, minute)| self.at(date.at(hour as i8, minute as i8, 0, 0)));
                if let Some(next) = at.filter(|it| *it > after).min() {
                    return Some(next);
                }
            }
            date = self.following(date)?;
        }
        None
    }

    /// The day after, or the first of the next year that is meant when this one is not.
    fn following(&self, date: Date) -> Option<Date> {
        if self.years.contains(&date.year()) {
            return date.tomorrow().ok();
        }
        let year = self.years.iter().find(|it| **it > date.year())?;
        Date::new(*year, 1, 1).ok()
    }

    fn has(&self, date: Date) -> bool {
        self.years.contains(&date.year()) && self.months.contains(&date.month().into()) && self.days.has(date)
    }

    /// The instant of a time on the clock: none when the clock skips it, the first when it shows it twice.
    fn at(&self, time: DateTime) -> Option<Timestamp> {
        let ambiguous = self.zone.to_ambiguous_timestamp(time);
        match ambiguous.offset() {
            AmbiguousOffset::Gap { .. } => None,
            AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => ambiguous.compatible().ok(),
        }
    }
}

/// Exactly one of the two fields is `?`, or both name days by `*`.
fn days(of_month: &str, of_week: &str) -> Option<Days> {
    if of_month == "?" {
        return days_of_week(of_week);
    }
    if of_week != "?" && !(of_month == "*" && of_week == "*") {
        return None;
    }
    if of_month == "L" {
        return Some(Days::LastOfMonth);
    }
    match of_month.strip_suffix('W') {
        Some(day) => day.parse().ok().filter(|it| (1..=31).contains(it)).map(Days::NearestWeekday),
        None => set(of_month, (1, 31), &[], 0).map(Days::OfMonth),
    }
}

fn days_of_week(field: &str) -> Option<Days> {
    let one = |text: &str| set(text, (1, 7), WEEKDAYS, 1).filter(|it| it.len() == 1)?.first().copied();
    if field == "L" {
        return Some(Days::OfWeek(BTreeSet::from([7])));
    }
    if let Some(day) = field.strip_suffix('L') {
        return one(day).map(Days::LastOfWeek);
    }
    match field.split_once('#') {
        Some((day, nth)) => {
            Some(Days::NthOfWeek(one(day)?, nth.parse().ok().filter(|it| (1..=5).contains(it))?))
        }
        None => set(field, (1, 7), WEEKDAYS, 1).map(Days::OfWeek),
    }
}

/// `*`, `5`, `1-5`, `MON-FRI`, `0/15`, `*/2`, and lists of these. `first` is the number of the first name.
fn set(field: &str, (low, high): (i16, i16), names: &[&str], first: i16) -> Option<BTreeSet<i16>> {
    let number = |text: &str| {
        let named =
            names.iter().position(|it| it.eq_ignore_ascii_case(text)).and_then(|it| i16::try_from(it).ok());
        let number = named.map(|it| it + first).or_else(|| text.parse().ok())?;
        (low..=high).contains(&number).then_some(number)
    };
    let mut set = BTreeSet::new();
    for part in field.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, step.parse::<usize>().ok().filter(|it| *it > 0)?),
            None => (part, 1),
        };
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (low, high),
            Some((from, to)) => (number(from)?, number(to)?),
            None if part.contains('/') => (number(range)?, high),
            None => (number(range)?, number(range)?),
        };
        if from > to {
            return None;
        }
        set.extend((from..=to).step_by(step));
    }
    Some(set)
}

impl Days {
    fn has(&self, date: Date) -> bool {
        let (day, weekday) = (i16::from(date.day()), number_of(date.weekday()));
        let last = i16::from(date.days_in_month());
        match self {
            Self::OfMonth(days) => days.contains(&day),
            Self::LastOfMonth => day == last,
            Self::NearestWeekday(wanted) => nearest_weekday(date, *wanted) == Some(day),
            Self::OfWeek(days) => days.contains(&weekday),
            Self::LastOfWeek(wanted) => weekday == *wanted && day + 7 > last,
            Self::NthOfWeek(wanted, nth) => weekday == *wanted && (day - 1) / 7 + 1 == *nth,
        }
    }
}

/// Without leaving the month: a Saturday goes back a day, a Sunday on, unless that is another month.
fn nearest_weekday(month: Date, wanted: i16) -> Option<i16> {
    let last = i16::from(month.days_in_month());
    let date = Date::new(month.year(), month.month(), i8::try_from(wanted).ok()?).ok()?;
    Some(match date.weekday() {
        Weekday::Saturday if wanted == 1 => 3,
        Weekday::Saturday => wanted - 1,
        Weekday::Sunday if wanted == last => wanted - 2,
        Weekday::Sunday => wanted + 1,
        _ => wanted,
    })
}

fn number_of(weekday: Weekday) -> i16 {
    i16::from(weekday.to_sunday_zero_offset()) + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_comes_again_after_its_time() {
        assert_eq!(
            times("rate(5 minutes)", None, "2026-11-20T10:00:30Z", 2),
            ["2026-11-20T10:05:30Z", "2026-11-20T10:10:30Z"]
        );
        assert_eq!(times("rate(1 day)", None, "2026-11-20T10:00:00Z", 1), ["2026-11-21T10:00:00Z"]);
    }

    #[test]
    fn cron_names_minutes_of_a_calendar() {
        let cases = [
            ("cron(15 10 * * ? *)", "2026-11-20T10:15:00Z", "2026-11-21T10:15:00Z"),
            ("cron(0/20 * * * ? *)", "2026-11-20T10:15:00Z", "2026-11-20T10:20:00Z"),
            ("cron(0 8 ? * MON-FRI *)", "2026-11-20T08:00:00Z", "2026-11-23T08:00:00Z"),
            ("cron(0 0 1 JAN ? *)", "2026-11-20T08:00:00Z", "2027-01-01T00:00:00Z"),
            ("cron(0 0 29 2 ? *)", "2026-11-20T08:00:00Z", "2028-02-29T00:00:00Z"),
            ("cron(0 0 L * ? *)", "2026-11-30T00:00:00Z", "2026-12-31T00:00:00Z"),
            ("cron(0 0 1W * ? *)", "2026-11-20T00:00:00Z", "2026-12-01T00:00:00Z"),
            ("cron(0 0 1W 8 ? *)", "2026-07-20T00:00:00Z", "2026-08-03T00:00:00Z"),
            ("cron(0 0 ? * 6L *)", "2026-11-20T00:00:00Z", "2026-11-27T00:00:00Z"),
            ("cron(0 0 ? * FRI#3 *)", "2026-11-20T00:00:00Z", "2026-12-18T00:00:00Z"),
            ("cron(0 0 1 1 ? 2040)", "2026-11-20T00:00:00Z", "2040-01-01T00:00:00Z"),
            ("cron(5,50 9-10 * * ? *)", "2026-11-20T09:50:00Z", "2026-11-20T10:05:00Z"),
        ];
        for (expression, after, next) in cases {
            assert_eq!(times(expression, None, after, 1), [next], "{expression}");
        }
    }

    #[test]
    fn a_year_that_is_over_never_comes() {
        let after: Timestamp = "2026-11-20T00:00:00Z".parse().unwrap();
        assert_eq!(Expression::parse("cron(0 0 1 1 ? 2020)", None).unwrap().next(after), None);
        assert_eq!(Expression::parse("cron(0 0 31 2 ? *)", None).unwrap().next(after), None);
    }

    #[test]
    fn a_time_zone_moves_with_its_clocks() {
        let berlin = Some("Europe/Berlin");
        let found = times("cron(30 8 * * ? *)", berlin, "2026-10-23T12:00:00Z", 2);
        assert_eq!(found, ["2026-10-24T06:30:00Z", "2026-10-25T07:30:00Z"]);
    }

    #[test]
    fn a_time_that_the_clock_skips_is_left_out_and_one_it_shows_twice_counts_once() {
        let berlin = Some("Europe/Berlin");
        let spring = times("cron(30 2 * * ? *)", berlin, "2026-03-28T12:00:00Z", 1);
        assert_eq!(spring, ["2026-03-30T00:30:00Z"]);
        let autumn = times("cron(30 2 * * ? *)", berlin, "2026-10-24T12:00:00Z", 2);
        assert_eq!(autumn, ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]);
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        let broken = [
            "",
            "5 minutes",
            "rate(0 minutes)",
            "rate(1 minutes)",
            "rate(5 minute)",
            "rate(5 years)",
            "cron(* * * * *)",
            "cron(60 * * * ? *)",
            "cron(0 0 ? * ? *)",
            "cron(0 0 1 * MON *)",
            "cron(0 0 * FOO ? *)",
            "cron(9-5 * * * ? *)",
            "cron(*/0 * * * ? *)",
            "cron(0 0 ? * 8 *)",
        ];
        for broken in broken {
            assert!(Expression::parse(broken, None).is_err(), "{broken}");
        }
        assert!(Expression::parse("cron(0 0 * * ? *)", Some("Mars/Olympus")).is_err());
    }

    fn times(expression: &str, zone: Option<&str>, after: &str, count: usize) -> Vec<String> {
        let expression = Expression::parse(expression, zone).unwrap();
        let first = expression.next(after.parse().unwrap());
        std::iter::successors(first, |it| expression.next(*it)).take(count).map(|it| it.to_string()).collect()
    }
}
