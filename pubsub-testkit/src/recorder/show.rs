//! What a failed assertion prints.

use std::fmt::Write as _;
use std::time::Duration;

use super::expectation::{Expectation, Wanted};
use super::seen::Seen;
use crate::history::timeline;

/// How many of a kind are shown.
const SHOWN: usize = 10;

/// How much of a payload is shown.
const PAYLOAD: usize = 60;

pub(super) fn failure(
    expectation: &Expectation,
    wanted: Wanted,
    count: usize,
    within: Option<Duration>,
) -> String {
    let (filter, deed) = (expectation.filter.as_str(), expectation.deed.word());
    let narrowed =
        expectation.narrowed.iter().map(|(words, _)| words.as_str()).collect::<Vec<_>>().join(" and ");
    let narrowed = if narrowed.is_empty() { narrowed } else { format!(" with {narrowed}") };
    let within = within.map_or_else(String::new, |time| format!(" within {time:?}"));
    // Writing to a string cannot fail.
    let mut text = format!(
        "expected `{filter}` to be {deed} {}{narrowed}{within}, and saw {}\n",
        wanted.words(),
        match count {
            0 => "none".to_owned(),
            1 => "one".to_owned(),
            more => more.to_string(),
        }
    );
    let on_the_subject = expectation.on_the_subject();
    if on_the_subject.is_empty() {
        let _ = writeln!(text, "nothing on a matching subject was {deed}");
    } else {
        let _ = writeln!(text, "{deed} on matching subjects:");
    }
    for seen in on_the_subject.iter().take(SHOWN) {
        let missed = expectation.misses(seen);
        let verdict = missed.map_or_else(|| "counts".to_owned(), |words| format!("not {words}"));
        let _ = writeln!(text, "    {}  ({verdict})", line(seen));
    }
    if let Some(more) = on_the_subject.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        let _ = writeln!(text, "    and {more} more");
    }
    let events = expectation.history().events();
    if events.is_empty() {
        text.push_str("nothing was recorded at all: is the client the one that `Recorder::over` gave?\n");
    } else {
        let _ = write!(text, "the last events:\n{}", timeline::last(&events));
    }
    text
}

fn line(seen: &Seen) -> String {
    let mut line = format!(
        "#{:<5} {:>9.3} s  `{}` {}",
        seen.order,
        seen.at.as_secs_f64(),
        seen.subject,
        payload(&seen.payload)
    );
    if let Some(id) = &seen.id {
        let _ = write!(line, " id `{id}`");
    }
    if let Some(sequence) = seen.stream_sequence {
        let _ = write!(line, " sequence {sequence}");
    }
    if let Some(attempt) = seen.attempt {
        let _ = write!(line, " attempt {attempt}");
    }
    if let Some(settlement) = &seen.settlement {
        let _ = write!(line, " {}", timeline::settlement(settlement));
    }
    line
}

/// The beginning of a payload, in quotes and with everything odd escaped. A test's own payloads are no secret.
pub(super) fn payload(payload: &[u8]) -> String {
    let shown = payload.get(..PAYLOAD.min(payload.len())).unwrap_or_default();
    let rest = if payload.len() > PAYLOAD { format!("... ({} bytes)", payload.len()) } else { String::new() };
    format!("\"{}\"{rest}", shown.escape_ascii())
}
