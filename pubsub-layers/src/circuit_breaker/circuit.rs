//! The states of a circuit, and when it goes from one to another: [`Circuit`].

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// What a circuit does with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CircuitState {
    /// Calls pass.
    Closed,
    /// Calls are refused at once.
    Open {
        /// For how long yet.
        remaining: Duration,
    },
    /// One call at a time passes, to see whether it succeeds.
    HalfOpen,
}

impl CircuitState {
    /// The state in one word, as logs and metrics say it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open { .. } => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// How many failures in a row open the circuit.
    pub(super) failures: u32,
    /// For how long it is open the first time.
    pub(super) open_for: Duration,
    /// Each probe that fails doubles it, up to this.
    pub(super) open_at_most: Duration,
}

#[derive(Debug)]
enum Phase {
    Closed {
        failures: u32,
    },
    Open {
        until: Instant,
        span: Duration,
    },
    HalfOpen {
        /// Since when a probe is under way. One that nobody waits for holds up others for one span only.
        probing: Option<Instant>,
        span: Duration,
    },
}

/// The machine. Calls that were let in before the circuit opened do not count for what comes later.
#[derive(Debug)]
pub(super) struct Circuit {
    limits: Limits,
    machine: Mutex<Machine>,
}

#[derive(Debug)]
struct Machine {
    phase: Phase,
    /// How often the phase has changed.
    turn: u64,
}

/// The right to make one call, to be given back with its outcome.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    turn: u64,
}

impl Circuit {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, machine: Mutex::new(Machine { phase: Phase::Closed { failures: 0 }, turn: 0 }) }
    }

    fn with<T>(&self, run: impl FnOnce(&mut Machine, Instant) -> T) -> T {
        let mut machine = self.machine.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        // What time alone changes has changed already.
        if let Phase::Open { until, span } = machine.phase
            && now >= until
        {
            machine.turn_to(Phase::HalfOpen { probing: None, span });
        }
        run(&mut machine, now)
    }

    pub(super) fn state(&self) -> CircuitState {
        self.with(|machine, now| machine.state(now))
    }

    /// Lets a call in, or says for how long none is.
    pub(super) fn enter(&self) -> Result<Entry, Duration> {
        self.with(|machine, now| match &mut machine.phase {
            Phase::Closed { .. } => Ok(Entry { turn: machine.turn }),
            Phase::Open { until, .. } => Err(until.saturating_duration_since(now)),
            Phase::HalfOpen { probing: Some(since), span } if now < *since + *span => {
                Err((*since + *span).saturating_duration_since(now))
            }
            Phase::HalfOpen { probing, .. } => {
                *probing = Some(now);
                Ok(Entry { turn: machine.turn })
            }
        })
    }

    /// Takes the outcome of a call; `None` if it was dropped, which says nothing. Returns the state if it has changed.
    pub(super) fn leave(&self, entry: Entry, succeeded: Option<bool>) -> Option<CircuitState> {
        let limits = self.limits;
        self.with(|machine, now| {
            if entry.turn != machine.turn {
                return None;
            }
            let turned = match (&mut machine.phase, succeeded) {
                (Phase::Closed { failures }, Some(true)) => {
                    *failures = 0;
                    None
                }
                (Phase::Closed { failures }, Some(false)) => {
                    *failures += 1;
                    (*failures >= limits.failures).then(|| Phase::open(now, limits.open_for))
                }
                (Phase::HalfOpen { .. }, Some(true)) => Some(Phase::Closed { failures: 0 }),
                (Phase::HalfOpen { span, .. }, Some(false)) => {
                    Some(Phase::open(now, span.saturating_mul(2).min(limits.open_at_most)))
                }
                (Phase::HalfOpen { probing, .. }, None) => {
                    *probing = None;
                    None
                }
                (Phase::Closed { .. }, None) | (Phase::Open { .. }, _) => None,
            };
            machine.turn_to(turned?);
            Some(machine.state(now))
        })
    }
}

impl Phase {
    fn open(now: Instant, span: Duration) -> Self {
        Self::Open { until: now + span, span }
    }
}

impl Machine {
    fn turn_to(&mut self, phase: Phase) {
        self.phase = phase;
        self.turn += 1;
    }

    fn state(&self, now: Instant) -> CircuitState {
        match self.phase {
            Phase::Closed { .. } => CircuitState::Closed,
            Phase::Open { until, .. } => {
                CircuitState::Open { remaining: until.saturating_duration_since(now) }
            }
            Phase::HalfOpen { .. } => CircuitState::HalfOpen,
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn circuit() -> Circuit {
        Circuit::new(Limits { failures: 2, open_for: SECOND, open_at_most: SECOND * 3 })
    }

    fn call(circuit: &Circuit, succeeded: bool) -> Option<CircuitState> {
        circuit.leave(circuit.enter().unwrap(), Some(succeeded))
    }

    fn opened(circuit: &Circuit) {
        assert_eq!(call(circuit, false), None);
        assert_eq!(call(circuit, false), Some(CircuitState::Open { remaining: SECOND }));
    }

    #[tokio::test(start_paused = true)]
    async fn failures_in_a_row_open_it() {
        let circuit = circuit();
        assert_eq!(call(&circuit, false), None);
        assert_eq!(call(&circuit, true), None);
        opened(&circuit);
        assert_eq!(circuit.enter().unwrap_err(), SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn one_probe_at_a_time_closes_it() {
        let circuit = circuit();
        opened(&circuit);
        advance(SECOND).await;
        assert_eq!(circuit.state(), CircuitState::HalfOpen);
        let probe = circuit.enter().unwrap();
        assert!(circuit.enter().is_err());
        assert_eq!(circuit.leave(probe, Some(true)), Some(CircuitState::Closed));
        circuit.enter().unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_fails_opens_it_for_longer() {
        let circuit = circuit();
        opened(&circuit);
        for remaining in [2, 3, 3] {
            advance(SECOND * 3).await;
            assert_eq!(call(&circuit, false), Some(CircuitState::Open { remaining: SECOND * remaining }));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_was_dropped_makes_place_for_another() {
        let circuit = circuit();
        opened(&circuit);
        advance(SECOND).await;
        let probe = circuit.enter().unwrap();
        assert_eq!(circuit.leave(probe, None), None);
        circuit.enter().unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_nobody_waits_for_holds_up_others_for_one_span() {
        let circuit = circuit();
        opened(&circuit);
        advance(SECOND).await;
        let forgotten = circuit.enter().unwrap();
        advance(SECOND).await;
        let probe = circuit.enter().unwrap();
        assert_eq!(circuit.leave(probe, Some(true)), Some(CircuitState::Closed));
        assert_eq!(circuit.leave(forgotten, Some(false)), None);
    }

    #[tokio::test(start_paused = true)]
    async fn late_outcomes_of_earlier_calls_do_not_count() {
        let circuit = circuit();
        let early: Vec<_> = (0..3).map(|_| circuit.enter().unwrap()).collect();
        opened(&circuit);
        advance(SECOND).await;
        for entry in early {
            assert_eq!(circuit.leave(entry, Some(false)), None);
        }
        assert_eq!(circuit.state(), CircuitState::HalfOpen);
    }
}
