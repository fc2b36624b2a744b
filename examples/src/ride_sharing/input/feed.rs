//! Publishes the input, and keeps account of what it makes due.

use futures::{StreamExt as _, TryStreamExt as _, stream};
use pubsub::{Client, Error, ErrorKind, Result};

use super::line::Line;
use super::sabotage::{Act, Saboteur};
use super::{Input, Numbered, Sabotage};
use crate::ride_sharing::console::Console;
use crate::ride_sharing::proof::Expected;
use crate::ride_sharing::report::{InputCounts, Progress};

/// How many publishes may wait for their confirmation.
const WINDOW: usize = 64;

/// From lines to messages.
pub(in crate::ride_sharing) struct Feed<'a> {
    client: &'a Client,
    progress: &'a Progress,
    console: &'a Console,
    sabotage: Option<Sabotage>,
}

/// What was fed, and what is due because of it.
#[derive(Debug, Default)]
pub(in crate::ride_sharing) struct Fed {
    pub(in crate::ride_sharing) counts: InputCounts,
    pub(in crate::ride_sharing) expected: Expected,
}

/// What became of a line.
enum Outcome {
    Published(Line),
    /// By sabotage; it is due all the same.
    Withheld(Line),
    Broken(String),
}

impl<'a> Feed<'a> {
    pub(in crate::ride_sharing) fn new(
        client: &'a Client,
        progress: &'a Progress,
        console: &'a Console,
        sabotage: Option<Sabotage>,
    ) -> Self {
        Self { client, progress, console, sabotage }
    }

    /// Publishes line after line, in their order, until the input ends.
    pub(in crate::ride_sharing) async fn run(&self, input: Input) -> Result<Fed> {
        let mut fed = Fed::default();
        let mut saboteur = Saboteur::new(self.sabotage);
        let lines = stream::unfold(input.into_lines(), |mut lines| async move {
            let line = lines.recv().await?;
            Some((line, lines))
        });
        // Not in the loop below: there, waiting would also keep the receipts under way from being looked at.
        let paced = lines.then(|line| async {
            self.progress.wait_for_services().await?;
            line
        });
        let planned = paced.map(|line| {
            let line = line?;
            let act = line.content.as_ref().map_or(Ok(Act::Publish), |content| saboteur.act(content))?;
            Ok((line, act))
        });
        let outcomes = planned.map_ok(|(line, act)| self.publish(line, act)).try_buffered(WINDOW);
        let mut outcomes = Box::pin(outcomes);
        while let Some((number, outcome)) = outcomes.try_next().await? {
            self.account(&mut fed, number, outcome);
        }
        drop(outcomes);
        if saboteur.is_idle() {
            return Err(Error::config("sabotage", "the input has no accepted match to lose or to repeat")
                .with_remedy("leave `--sabotage` out, or give an input with a `match.accepted` line"));
        }
        Ok(fed)
    }

    async fn publish(&self, line: Numbered, act: Act) -> Result<(u64, Outcome)> {
        let outcome = match line.content {
            Err(reason) => Outcome::Broken(reason),
            Ok(content) if act == Act::Withhold => Outcome::Withheld(content),
            Ok(content) => {
                let again = match act {
                    Act::PublishAgainAs(id) => Some(content.with_id(id)),
                    _ => None,
                };
                let outcome = self.publish_line(content).await?;
                if let Some(again) = again {
                    self.client.publish_message(again.message()?).await?;
                }
                outcome
            }
        };
        Ok((line.number, outcome))
    }

    /// What the broker refuses for the line's own sake is the line's fault; anything else ends the run.
    async fn publish_line(&self, line: Line) -> Result<Outcome> {
        match self.client.publish_message(line.message()?).await {
            Ok(_) => Ok(Outcome::Published(line)),
            Err(error) => match error.kind() {
                ErrorKind::InvalidInput | ErrorKind::PayloadTooLarge => {
                    Ok(Outcome::Broken(error.to_string()))
                }
                _ => Err(error),
            },
        }
    }

    fn account(&self, fed: &mut Fed, number: u64, outcome: Outcome) {
        fed.counts.lines += 1;
        match outcome {
            Outcome::Published(line) => {
                fed.counts.published += 1;
                self.progress.expect(fed.expected.add(&line.event()));
            }
            Outcome::Withheld(line) => self.progress.expect(fed.expected.add(&line.event())),
            Outcome::Broken(reason) => {
                fed.counts.broken += 1;
                self.console.broken_line(number, &reason);
            }
        }
    }
}
