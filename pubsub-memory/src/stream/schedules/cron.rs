//! Cron expressions of six fields, read and applied as nats-server does it (`server/cron.go`): [`Cron`].

use jiff::civil::DateTime;
use jiff::tz::Offset;
use jiff::{Timestamp, ToSpan};

use super::zone::Zone;

/// Says that a field was given as `*` or `?`.
const ANY: u64 = 1 << 63;

/// For how many years a time is looked for.
const YEARS: i16 = 5;

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// When it fires: one bit for each second, minute and so on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cron {
    second: u64,
    minute: u64,
    hour: u64,
    day: u64,
    month: u64,
    weekday: u64,
}

impl Cron {
    /// `None` for what is no such expression.
    pub(super) fn read(expression: &str) -> Option<Self> {
        let expression = match expression {
            "@yearly" | "@annually" => "0 0 0 1 1 *",
            "@monthly" => "0 0 0 1 * *",
            "@weekly" => "0 0 0 * * 0",
            "@daily" | "@midnight" => "0 0 0 * * *",
            "@hourly" => "0 0 * * * *",
            other => other,
        };
        let mut fields = expression.split_whitespace();
        let mut field =
            |least, most, names: &[&str], first| read_field(fields.next()?, least, most, names, first);
        let cron = Self {
            second: field(0, 59, &[], 0)?,
            minute: field(0, 59, &[], 0)?,
            hour: field(0, 23, &[], 0)?,
            day: field(1, 31, &[], 0)?,
            month: field(1, 12, &MONTHS, 1)?,
            weekday: field(0, 6, &WEEKDAYS, 0)?,
        };
        fields.next().is_none().then_some(cron)
    }

    /// The first time after this one, both as seconds since 1970; `None` if there is none within five years.
    ///
    /// It fires whenever the local clock shows such a time: not at all for one that the clock leaves out in spring, and
    /// twice for one that it shows twice in autumn.
    pub(super) fn next(&self, after: i64, zone: &Zone) -> Option<i64> {
        // A field of commas alone allows nothing, and a search for nothing would be long.
        if [self.second, self.minute, self.hour, self.month].contains(&0) {
            return None;
        }
        let mut at = after.checked_add(1)?;
        let last_year = shown(zone.local(at))?.year() + YEARS;
        loop {
            let local = shown(zone.local(at))?;
            let (minute, second) = (i64::from(local.minute()), i64::from(local.second()));
            if local.year() > last_year {
                return None;
            }
            at = if !has(self.month, local.month()) {
                let next = local.date().first_of_month().checked_add(1.month()).ok()?;
                zone.at(seconds(next.into())?, at)
            } else if !self.fires_on(local) {
                zone.at(seconds(local.date().tomorrow().ok()?.into())?, at)
            } else if !has(self.hour, local.hour()) {
                at + 3_600 - minute * 60 - second
            } else if !has(self.minute, local.minute()) {
                at + 60 - second
            } else if !has(self.second, local.second()) {
                at + 1
            } else {
                return Some(at);
            };
        }
    }

    /// Days of the month and of the week: one of both is enough where both are given.
    fn fires_on(&self, local: DateTime) -> bool {
        let (day, weekday) =
            (has(self.day, local.day()), has(self.weekday, local.weekday().to_sunday_zero_offset()));
        if (self.day | self.weekday) & ANY != 0 { day && weekday } else { day || weekday }
    }
}

/// What a local clock shows, so many of its seconds after 1970 began on it; `None` after the year 9999.
fn shown(local: i64) -> Option<DateTime> {
    Timestamp::from_second(local).ok().map(|local| Offset::UTC.to_datetime(local))
}

/// The reverse.
fn seconds(local: DateTime) -> Option<i64> {
    Offset::UTC.to_timestamp(local).ok().map(Timestamp::as_second)
}

fn has(bits: u64, number: i8) -> bool {
    bits & (1 << number) != 0
}

/// Ranges with commas between.
fn read_field(text: &str, least: u32, most: u32, names: &[&str], first: u32) -> Option<u64> {
    let number = |text: &str| {
        let named = names.iter().zip(first..).find(|(name, _)| name.eq_ignore_ascii_case(text));
        named.map_or_else(|| text.parse::<u32>().ok(), |(_, number)| Some(number))
    };
    let mut bits = 0;
    for range in text.split(',').filter(|range| !range.is_empty()) {
        let (span, step) = match range.split_once('/') {
            Some((span, step)) => (span, Some(step.parse::<u32>().ok().filter(|step| *step > 0)?)),
            None => (range, None),
        };
        let (low, high, any) = match span.split_once('-') {
            Some((low, high)) if !matches!(low, "*" | "?") => (number(low)?, number(high)?, 0),
            None if !matches!(span, "*" | "?") => {
                let low = number(span)?;
                (low, if step.is_some() { most } else { low }, 0)
            }
            _ => (least, most, if step.unwrap_or(1) > 1 { 0 } else { ANY }),
        };
        if low < least || high > most || low > high {
            return None;
        }
        let step = usize::try_from(step.unwrap_or(1)).ok()?;
        bits = (low..=high).step_by(step).fold(bits | any, |bits, number| bits | 1 << number);
    }
    Some(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-08-21T09:00:00Z, a Friday.
    const FRIDAY: i64 = 1_787_302_800;

    fn next(expression: &str, after: i64) -> Option<i64> {
        Cron::read(expression).unwrap().next(after, &Zone::UTC)
    }

    #[test]
    fn times_are_found() {
        for (expression, ahead) in [
            ("* * * * * *", 1),
            ("*/2 * * * * *", 2),
            ("30 * * * * *", 30),
            ("0 0 * * * *", 3_600),
            ("@hourly", 3_600),
            ("0 30 2 * * *", 15 * 3_600 + 1_800 + 2 * 3_600),
            ("@daily", 15 * 3_600),
            ("@weekly", (15 + 24) * 3_600),
            ("@monthly", 15 * 3_600 + 10 * 86_400),
            ("@yearly", 15 * 3_600 + (10 + 30 + 31 + 30 + 31) * 86_400),
            ("0 0 9 * * mon-wed", 3 * 86_400),
            ("0 0 9 ? * MON", 3 * 86_400),
            ("0 0 9 22 * mon", 86_400),
            ("0 0 9 24 * *", 3 * 86_400),
            ("10,20-22/2 0 9 21 AUG *", 10),
            ("0 5/10 * * * *", 300),
        ] {
            assert_eq!(next(expression, FRIDAY), Some(FRIDAY + ahead), "{expression}");
        }
    }

    #[test]
    fn a_leap_day_is_found_and_an_impossible_one_is_not() {
        assert_eq!(next("0 0 0 29 2 *", FRIDAY), Some(1_835_395_200));
        assert_eq!(next("0 0 0 31 2 *", FRIDAY), None);
        assert_eq!(next(", * * * * *", FRIDAY), None);
    }

    #[test]
    fn the_end_of_the_calendar_ends_the_search() {
        // 9999-12-30T00:00:00Z.
        assert_eq!(next("0 0 0 1 1 *", 253_402_128_000), None);
        assert_eq!(next("* * * * * *", i64::MAX), None);
    }

    #[test]
    fn what_a_server_refuses_is_refused() {
        for expression in [
            "",
            "* * * * *",
            "* * * * * * *",
            "60 * * * * *",
            "* 60 * * * *",
            "* * 24 * * *",
            "* * * 0 * *",
            "* * * 32 * *",
            "* * * * 13 *",
            "* * * * 0 *",
            "* * * * * 7",
            "*/0 * * * * *",
            "5-3 * * * * *",
            "1-2-3 * * * * *",
            "1/2/3 * * * * *",
            "-1 * * * * *",
            "L * * * * *",
            "@reboot",
            "@every 1s",
        ] {
            assert_eq!(Cron::read(expression), None, "{expression:?}");
        }
    }

    #[test]
    fn it_agrees_with_a_search_second_by_second() {
        for expression in ["*/7 3,50 */5 * * *", "0 0/20 8-18 * * 1-5", "59 59 23 23,25 * sun"] {
            let cron = Cron::read(expression).unwrap();
            let mut at = FRIDAY;
            for _ in 0..3 {
                let found = cron.next(at, &Zone::UTC).unwrap();
                let fires = |time: &i64| {
                    let local = shown(*time).unwrap();
                    has(cron.second, local.second())
                        && has(cron.minute, local.minute())
                        && has(cron.hour, local.hour())
                        && has(cron.month, local.month())
                        && cron.fires_on(local)
                };
                assert_eq!(Some(found), (at + 1..at + 6 * 86_400).find(fires), "{expression}");
                at = found;
            }
        }
    }

    #[cfg(feature = "time-zones")]
    #[test]
    fn the_clocks_of_a_zone_may_leave_a_time_out_or_show_it_twice() {
        let (berlin, cron) = (Zone::named("Europe/Berlin").unwrap(), Cron::read("0 30 2 * * *").unwrap());
        // 2026-03-28T12:00:00Z: on the 29th there is no 02:30.
        assert_eq!(cron.next(1_774_699_200, &berlin), Some(1_774_830_600));
        // 2026-10-24T12:00:00Z: on the 25th there are two, at 00:30Z and 01:30Z.
        assert_eq!(cron.next(1_792_843_200, &berlin), Some(1_792_888_200));
        assert_eq!(cron.next(1_792_888_200, &berlin), Some(1_792_891_800));
        // 2026-08-21T09:00:00Z.
        let noon = Cron::read("0 0 12 * * *").unwrap();
        assert_eq!(noon.next(FRIDAY, &berlin), Some(FRIDAY + 3_600));
    }
}
