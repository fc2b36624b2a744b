//! Days, hours and weekdays of a local clock, without zones.

/// Seconds of a day.
pub(super) const DAY: i64 = 86_400;

/// What a local clock and its calendar show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Civil {
    pub(super) year: i64,
    pub(super) month: u32,
    pub(super) day: u32,
    pub(super) hour: u32,
    pub(super) minute: u32,
    pub(super) second: u32,
    /// Sunday is 0.
    pub(super) weekday: u32,
}

impl Civil {
    /// Of a local clock's seconds since 1970 began on it. By Howard Hinnant's `civil_from_days`, in years that begin with
    /// March.
    pub(super) fn of(local: i64) -> Self {
        let (days, second) = (local.div_euclid(DAY), local.rem_euclid(DAY));
        let shifted = days + 719_468;
        let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        Self {
            year: year_of_era + era * 400 + i64::from(month <= 2),
            month: small(month),
            day: small(day),
            hour: small(second / 3_600),
            minute: small(second / 60 % 60),
            second: small(second % 60),
            weekday: small((days + 4).rem_euclid(7)),
        }
    }

    /// When the next day begins on the same clock.
    pub(super) fn next_day(local: i64) -> i64 {
        (local.div_euclid(DAY) + 1) * DAY
    }

    /// When the next month begins on the same clock.
    pub(super) fn next_month(local: i64) -> i64 {
        // The first of a month is at most 31 days ahead.
        let mut day = Self::next_day(local);
        while Self::of(day).day != 1 {
            day += DAY;
        }
        day
    }
}

/// A number that is known to be small and positive.
fn small(number: i64) -> u32 {
    u32::try_from(number).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(local: i64) -> (i64, u32, u32, u32, u32, u32, u32) {
        let civil = Civil::of(local);
        (civil.year, civil.month, civil.day, civil.hour, civil.minute, civil.second, civil.weekday)
    }

    #[test]
    fn seconds_become_dates() {
        assert_eq!(shown(0), (1970, 1, 1, 0, 0, 0, 4));
        assert_eq!(shown(-1), (1969, 12, 31, 23, 59, 59, 3));
        assert_eq!(shown(951_782_400), (2000, 2, 29, 0, 0, 0, 2));
        assert_eq!(shown(1_787_306_461), (2026, 8, 21, 10, 1, 1, 5));
        assert_eq!(shown(4_107_542_399), (2100, 2, 28, 23, 59, 59, 0));
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let mut before = Civil::of(0);
        for day in 1..200_000 {
            let civil = Civil::of(day * DAY);
            assert_eq!(civil.weekday, (before.weekday + 1) % 7);
            let is_next = civil.day == before.day + 1 && civil.month == before.month;
            let is_first = civil.day == 1 && civil.month == before.month % 12 + 1 && before.day >= 28;
            assert!(is_next || is_first, "{before:?} {civil:?}");
            before = civil;
        }
    }

    #[test]
    fn months_end_where_the_next_begins() {
        assert_eq!(shown(Civil::next_month(951_782_401)), (2000, 3, 1, 0, 0, 0, 3));
        assert_eq!(shown(Civil::next_day(951_782_401)), (2000, 3, 1, 0, 0, 0, 3));
    }
}
