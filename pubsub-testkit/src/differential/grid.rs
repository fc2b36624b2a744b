//! The grid of time on which both sides act.
//!
//! ```text
//!    point p            spans end here                     point p + 1
//!    |#### burst ....   200 ms |####| ........ 400 ms |####| ....  |####
//! ```
//! What begins in a burst and lasts n ticks and a third ends between 200 and 380 ms after a point, where no burst
//! is. What a waiting fetch received there begins anew and ends between 400 and 580 ms after a point; a third
//! generation could meet a burst, so that a sequence has at most one fetch that waits so long.

use std::time::Duration;

/// From one point of the grid to the next.
pub(super) const TICK: Duration = Duration::from_millis(600);

/// No operation begins later than this after its point; what is left then happens at the next point.
pub(super) const CALM: Duration = Duration::from_millis(70);

/// A sequence is judged only if every operation ends no later than this after its point.
pub(super) const BUDGET: Duration = Duration::from_millis(180);

/// Two operations that start timers are at least so far apart, so that their timers fire in their order on a server too.
pub(super) const APART: Duration = Duration::from_millis(8);

/// How long a fetch waits that is over within its burst.
pub(super) const MOMENT: Duration = Duration::from_millis(20);

/// How long a fetch waits that sees what becomes due before the next point.
pub(super) const LONG_WAIT: Duration = Duration::from_millis(500);

/// Never within a sequence.
pub(super) const NEVER: Duration = Duration::from_secs(3600);

/// A span that ends a third of a tick after the point that comes `ticks` later.
pub(super) const fn span(ticks: u32) -> Duration {
    TICK.saturating_mul(ticks).saturating_add(Duration::from_millis(200))
}
