//! How far a local clock is ahead of UTC: [`Zone`].

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The time zone of a schedule.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Zone(TimeZone);

impl Zone {
    pub(super) const UTC: Self = Self(TimeZone::UTC);

    /// By its name in the IANA database; `None` if there is none of that name. Without the feature `time-zones` there is
    /// only UTC.
    pub(super) fn named(name: &str) -> Option<Self> {
        if name == "UTC" { Some(Self::UTC) } else { TimeZone::get(name).ok().map(Self) }
    }

    /// What the local clock shows at this time; both in seconds since 1970.
    pub(super) fn local(&self, at: i64) -> i64 {
        at + self.offset(at)
    }

    /// When the local clock shows this, after `now`; if it leaves that out, when it goes on.
    pub(super) fn at(&self, local: i64, now: i64) -> i64 {
        let guess = local - self.offset(now);
        let corrected = local - self.offset(guess);
        let at = if self.local(corrected) == local { corrected } else { guess };
        at.max(now + 1)
    }

    /// In seconds, east of Greenwich positive.
    pub(super) fn offset(&self, at: i64) -> i64 {
        Timestamp::from_second(at).map_or(0, |at| self.0.to_offset(at).seconds().into())
    }
}
