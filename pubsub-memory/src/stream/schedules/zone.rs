//! How far a local clock is ahead of UTC: [`Zone`].

/// The time zone of a schedule.
#[derive(Debug, Clone)]
pub(super) enum Zone {
    Utc,
    #[cfg(feature = "time-zones")]
    Named(jiff::tz::TimeZone),
}

impl Zone {
    /// By its name in the IANA database; `None` if there is none of that name. Without the feature `time-zones` there is
    /// only UTC.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "UTC" => Some(Self::Utc),
            #[cfg(feature = "time-zones")]
            _ => jiff::tz::TimeZone::get(name).ok().map(Self::Named),
            #[cfg(not(feature = "time-zones"))]
            _ => None,
        }
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
    #[cfg_attr(not(feature = "time-zones"), expect(clippy::unused_self, reason = "there is only UTC"))]
    pub(super) fn offset(&self, at: i64) -> i64 {
        #[cfg(feature = "time-zones")]
        if let Self::Named(zone) = self
            && let Ok(at) = jiff::Timestamp::from_second(at)
        {
            return zone.to_offset(at).seconds().into();
        }
        #[cfg(not(feature = "time-zones"))]
        let _ = at;
        0
    }
}
