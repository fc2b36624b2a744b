//! What a server does not allow, which it tells in words and not in answer to anything.
//!
//! The protocol has no codes for it. This is the one place where words are read; nothing else is decided by text.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How many refused subjects are remembered, and for how long: one round of a consumer's heartbeats.
const MAX_REMEMBERED: usize = 64;
const REMEMBERED_FOR: Duration = Duration::from_secs(15);
/// How many subjects may be in doubt at a time.
const MAX_DOUBTS: usize = 1024;

/// A server's refusal of one subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Violation {
    Publish(String),
    Subscribe(String),
}

impl Violation {
    /// Reads what nats-server 2.10 to 2.15 say: `Permissions Violation for Publish to "a.b"`, and for a subscription
    /// perhaps a queue group or an id after it.
    pub(super) fn read(text: &str) -> Option<Self> {
        let what = text.strip_prefix("Permissions Violation for ")?;
        if let Some(subject) = what.strip_prefix("Publish to ") {
            return quoted(subject).map(Self::Publish);
        }
        quoted(what.strip_prefix("Subscription to ")?).map(Self::Subscribe)
    }
}

/// The first text in quotes, as Go writes it (`%q`).
fn quoted(text: &str) -> Option<String> {
    let mut characters = text.strip_prefix('"')?.chars();
    let mut subject = String::new();
    loop {
        match characters.next()? {
            '"' => return Some(subject),
            '\\' => subject.push(escaped(&mut characters)?),
            character => subject.push(character),
        }
    }
}

fn escaped(characters: &mut std::str::Chars<'_>) -> Option<char> {
    let digits = match characters.next()? {
        plain @ ('"' | '\\' | '\'') => return Some(plain),
        'u' => 4,
        'U' => 8,
        // Control characters and bytes that are not UTF-8: no subject of this library has them.
        _ => return None,
    };
    let number = (0..digits)
        .try_fold(0_u32, |number, _| Some(number.checked_mul(16)? + characters.next()?.to_digit(16)?))?;
    char::from_u32(number)
}

/// The refusals of one connection.
#[derive(Debug, Default)]
pub(super) struct Denials(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    publish: Remembered,
    subscribe: Remembered,
    /// Refusals that more than one waiter may have caused, with their number.
    doubts: HashMap<String, usize>,
}

#[derive(Debug, Default)]
struct Remembered(VecDeque<(String, Instant)>);

impl Denials {
    /// Remembers a refusal; `false` if it is remembered already.
    pub(super) fn remember(&self, violation: &Violation) -> bool {
        let mut state = self.lock();
        match violation {
            Violation::Publish(subject) => state.publish.add(subject),
            Violation::Subscribe(subject) => state.subscribe.add(subject),
        }
    }

    /// Whether the server said lately that this client may not publish there. Permissions can change, so it is forgotten.
    pub(super) fn forbids_publish(&self, subject: &str) -> bool {
        self.lock().publish.has(subject)
    }

    /// Whether the server said lately that this client may not subscribe there.
    pub(super) fn forbids_subscribe(&self, subject: &str) -> bool {
        self.lock().subscribe.has(subject)
    }

    /// Forgets all: another connection may have other permissions.
    pub(super) fn forget(&self) {
        let mut state = self.lock();
        state.publish.0.clear();
        state.subscribe.0.clear();
    }

    /// Counts a refusal that is to be judged later; `true` for the first of its subject.
    pub(super) fn doubt(&self, subject: &str) -> bool {
        let mut state = self.lock();
        if let Some(count) = state.doubts.get_mut(subject) {
            *count += 1;
            return false;
        }
        if state.doubts.len() >= MAX_DOUBTS {
            return false;
        }
        state.doubts.insert(subject.to_owned(), 1);
        true
    }

    /// How many refusals of the subject were counted; they are not counted again.
    pub(super) fn judge(&self, subject: &str) -> usize {
        self.lock().doubts.remove(subject).unwrap_or(0)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Remembered {
    fn add(&mut self, subject: &str) -> bool {
        let is_new = !self.has(subject);
        self.0.retain(|(known, _)| known != subject);
        if self.0.len() >= MAX_REMEMBERED {
            self.0.pop_front();
        }
        self.0.push_back((subject.to_owned(), Instant::now()));
        is_new
    }

    fn has(&self, subject: &str) -> bool {
        self.0.iter().any(|(known, when)| known == subject && when.elapsed() < REMEMBERED_FOR)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn publish(subject: &str) -> Option<Violation> {
        Some(Violation::Publish(subject.to_owned()))
    }

    fn subscribe(subject: &str) -> Option<Violation> {
        Some(Violation::Subscribe(subject.to_owned()))
    }

    #[test]
    fn the_subject_of_a_refusal_is_found() {
        for (text, violation) in [
            (r#"Permissions Violation for Publish to "ride.pickup""#, publish("ride.pickup")),
            (r#"Permissions Violation for Publish to "ride.\"x\"\\""#, publish("ride.\"x\"\\")),
            (
                r#"Permissions Violation for Publish to "ride.ü.\u200d\U0001f600""#,
                publish("ride.ü.\u{200d}😀"),
            ),
            (r#"Permissions Violation for Subscription to "_INBOX.a.*""#, subscribe("_INBOX.a.*")),
            (r#"Permissions Violation for Subscription to "a" using queue "b""#, subscribe("a")),
            (r#"Permissions Violation for Subscription to "a" (sid "3")"#, subscribe("a")),
        ] {
            assert_eq!(Violation::read(text), violation, "{text}");
        }
    }

    #[test]
    fn anything_else_is_none() {
        for text in [
            "",
            "Permissions Violation",
            "Permissions Violation for Publish to ",
            "Permissions Violation for Publish to \"",
            "Permissions Violation for Publish to \"a",
            "Permissions Violation for Publish to \"a\\",
            "Permissions Violation for Publish to \"a\\u12\"",
            "Permissions Violation for Publish to \"a\\Uffffffff\"",
            "Permissions Violation for Publish to \"a\\n\"",
            "Permissions Violation for Publish with Reply of \"a\"",
            "permissions violation for publish to \"a\"",
            "User Authentication Revoked",
        ] {
            assert_eq!(Violation::read(text), None, "{text}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_is_remembered_for_a_while() {
        let denials = Denials::default();
        assert!(denials.remember(&Violation::Publish("a".to_owned())));
        assert!(!denials.remember(&Violation::Publish("a".to_owned())));
        assert!(denials.forbids_publish("a") && !denials.forbids_subscribe("a"));
        tokio::time::advance(REMEMBERED_FOR).await;
        assert!(!denials.forbids_publish("a"));
    }

    #[test]
    fn memory_is_bounded() {
        let denials = Denials::default();
        for n in 0..10 * MAX_DOUBTS {
            denials.remember(&Violation::Publish(n.to_string()));
            denials.doubt(&n.to_string());
        }
        assert!(denials.forbids_publish("10239") && !denials.forbids_publish("0"));
        assert_eq!(denials.lock().doubts.len(), MAX_DOUBTS);
    }

    #[test]
    fn refusals_in_doubt_are_counted_once() {
        let denials = Denials::default();
        assert!(denials.doubt("a") && !denials.doubt("a") && denials.doubt("b"));
        assert_eq!((denials.judge("a"), denials.judge("a")), (2, 0));
    }
}
