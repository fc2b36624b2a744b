//! When a schedule fires next.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pubsub_core::config::timestamp;
use pubsub_core::{Schedule, ScheduleTime};

use super::cron::Cron;
use super::zone::Zone;

/// Why a schedule has no next time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    Pattern,
    TimeZone,
}

/// The next time after `after`, at which the schedule fired or was stored. As a server, it does not make up for what
/// was to be before `now`.
pub(super) fn next(schedule: &Schedule, after: SystemTime, now: SystemTime) -> Result<SystemTime, Fault> {
    let zone = zone(schedule)?;
    match &schedule.when {
        _ if zone.is_some() && !matches!(schedule.when, ScheduleTime::Cron(_)) => Err(Fault::Pattern),
        ScheduleTime::At(time) => Ok(*time),
        ScheduleTime::Every(interval) => {
            let next = rounded(after).checked_add(*interval).ok_or(Fault::Pattern)?;
            if next >= now { Ok(next) } else { rounded(now).checked_add(*interval).ok_or(Fault::Pattern) }
        }
        ScheduleTime::Cron(expression) => {
            let (cron, zone) = (Cron::read(expression).ok_or(Fault::Pattern)?, zone.unwrap_or(Zone::UTC));
            let next = |after: SystemTime| {
                let next = cron.next(seconds(after)?, &zone)?;
                UNIX_EPOCH.checked_add(Duration::from_secs(u64::try_from(next).ok()?))
            };
            let first = next(after).ok_or(Fault::Pattern)?;
            if first >= now { Ok(first) } else { next(rounded(now)).ok_or(Fault::Pattern) }
        }
        _ => Err(Fault::Pattern),
    }
}

/// Whether a schedule fires more than once.
pub(super) fn recurs(schedule: &Schedule) -> bool {
    !matches!(schedule.when, ScheduleTime::At(_))
}

/// A time as the header of a produced message has it: RFC 3339, in the zone of the schedule.
pub(super) fn written(time: SystemTime, schedule: &Schedule) -> String {
    let zone = zone(schedule).ok().flatten().unwrap_or(Zone::UTC);
    let offset = seconds(time).map_or(0, |at| zone.offset(at));
    let shift = Duration::from_secs(offset.unsigned_abs());
    let local = if offset < 0 { time.checked_sub(shift) } else { time.checked_add(shift) };
    let text = local.and_then(timestamp::format).unwrap_or_default();
    if zone == Zone::UTC {
        return text;
    }
    let (sign, minutes) = (if offset < 0 { '-' } else { '+' }, offset.unsigned_abs() / 60);
    format!("{}{sign}{:02}:{:02}", text.trim_end_matches('Z'), minutes / 60, minutes % 60)
}

/// `None` if none is given.
fn zone(schedule: &Schedule) -> Result<Option<Zone>, Fault> {
    let named = |name: &String| Zone::named(name).ok_or(Fault::TimeZone);
    schedule.time_zone.as_ref().map(named).transpose()
}

/// The nearest whole second.
fn rounded(time: SystemTime) -> SystemTime {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let up = if since.subsec_nanos() >= 500_000_000 { 1 } else { 0 };
    UNIX_EPOCH + Duration::from_secs(since.as_secs() + up)
}

fn seconds(time: SystemTime) -> Option<i64> {
    i64::try_from(time.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn at(millis: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(1_787_302_800_000 + millis)
    }

    #[test]
    fn intervals_are_counted_from_whole_seconds() {
        let every = Schedule::every(SECOND, "t").unwrap();
        assert_eq!(next(&every, at(169), at(169)), Ok(at(1_000)));
        assert_eq!(next(&every, at(569), at(569)), Ok(at(2_000)));
        assert_eq!(next(&every, at(1_000), at(7_700)), Ok(at(9_000)));
    }

    #[test]
    fn what_was_missed_is_not_made_up_for() {
        let cron = Schedule::cron("*/10 * * * * *", "t").unwrap();
        assert_eq!(next(&cron, at(0), at(0)), Ok(at(10_000)));
        assert_eq!(next(&cron, at(10_000), at(57_000)), Ok(at(60_000)));
    }

    #[test]
    fn only_a_cron_schedule_has_a_zone() {
        for schedule in [Schedule::at(at(0), "t").unwrap(), Schedule::every(SECOND, "t").unwrap()] {
            assert_eq!(next(&schedule.with_time_zone("UTC"), at(0), at(0)), Err(Fault::Pattern));
        }
        let cron = Schedule::cron("* * * * * *", "t").unwrap();
        assert_eq!(next(&cron.clone().with_time_zone("UTC"), at(0), at(0)), Ok(at(1_000)));
        for name in ["", "Nowhere/X", "../UTC"] {
            assert_eq!(
                next(&cron.clone().with_time_zone(name), at(0), at(0)),
                Err(Fault::TimeZone),
                "{name}"
            );
        }
    }

    #[test]
    fn times_are_written_in_their_zone() {
        let cron = Schedule::cron("* * * * * *", "t").unwrap();
        assert_eq!(written(at(0), &cron), "2026-08-21T09:00:00Z");
        #[cfg(feature = "time-zones")]
        for (name, text) in [
            ("Europe/Berlin", "2026-08-21T11:00:00+02:00"),
            ("America/St_Johns", "2026-08-21T06:30:00-02:30"),
        ] {
            assert_eq!(written(at(0), &cron.clone().with_time_zone(name)), text);
        }
    }
}
