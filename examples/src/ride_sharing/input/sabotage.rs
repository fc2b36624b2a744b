//! Doing one thing wrong on purpose, to see that the proof notices.

use clap::ValueEnum;
use pubsub::{MessageId, Result};

use super::line::Line;

/// What is done wrong, with the first accepted match of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Sabotage {
    /// It is never published.
    Lose,
    /// It is published a second time under another id.
    Duplicate,
}

/// What to do with a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Act {
    Publish,
    Withhold,
    PublishAgainAs(MessageId),
}

/// Picks the victim.
#[derive(Debug)]
pub(super) struct Saboteur {
    sabotage: Option<Sabotage>,
    victim: Option<MessageId>,
}

impl Saboteur {
    pub(super) fn new(sabotage: Option<Sabotage>) -> Self {
        Self { sabotage, victim: None }
    }

    pub(super) fn act(&mut self, line: &Line) -> Result<Act> {
        let Some(sabotage) = self.sabotage else {
            return Ok(Act::Publish);
        };
        let first = self.victim.is_none() && line.subject == "match.accepted";
        if first {
            self.victim = Some(line.id.clone());
        }
        Ok(match sabotage {
            // The input may repeat the victim's line; all of them are lost.
            Sabotage::Lose if self.victim.as_ref() == Some(&line.id) => Act::Withhold,
            Sabotage::Duplicate if first => Act::PublishAgainAs(other_id(&line.id)?),
            _ => Act::Publish,
        })
    }

    /// Whether it was told to do something wrong and found nothing to do it with.
    pub(super) fn is_idle(&self) -> bool {
        self.sabotage.is_some() && self.victim.is_none()
    }
}

fn other_id(id: &MessageId) -> Result<MessageId> {
    MessageId::new(format!("{id}-again")).or_else(|_| MessageId::new("sabotage-again"))
}

#[cfg(test)]
mod tests {
    use super::super::line::parse;
    use super::*;

    fn line(subject: &str, id: &str) -> Line {
        parse(format!(r#"{{"subject":"{subject}","id":"{id}","payload":{{}}}}"#).as_bytes()).unwrap()
    }

    #[test]
    fn all_lines_of_the_first_accepted_match_are_lost() {
        let mut saboteur = Saboteur::new(Some(Sabotage::Lose));
        assert_eq!(saboteur.act(&line("match.found", "f-1")).unwrap(), Act::Publish);
        assert!(saboteur.is_idle());
        assert_eq!(saboteur.act(&line("match.accepted", "a-1")).unwrap(), Act::Withhold);
        assert_eq!(saboteur.act(&line("match.accepted", "a-2")).unwrap(), Act::Publish);
        assert_eq!(saboteur.act(&line("match.accepted", "a-1")).unwrap(), Act::Withhold);
        assert!(!saboteur.is_idle());
    }

    #[test]
    fn the_first_accepted_match_is_repeated_once_under_another_id() {
        let mut saboteur = Saboteur::new(Some(Sabotage::Duplicate));
        let again = MessageId::new("a-1-again").unwrap();
        assert_eq!(saboteur.act(&line("match.accepted", "a-1")).unwrap(), Act::PublishAgainAs(again));
        assert_eq!(saboteur.act(&line("match.accepted", "a-1")).unwrap(), Act::Publish);
    }
}
