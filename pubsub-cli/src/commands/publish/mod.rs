//! `pubsub publish`.

mod input;
mod making;
mod pace;

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::Arc;

use pubsub::{Error, PendingReceipt, PublishOptions, Publisher, Receipt};
use serde::Serialize;

use crate::arguments::PublishArguments;
use crate::connect::Connection;
use crate::failure::{Ending, Failure, Outcome};
use crate::output::{self, Output, Progress, words};
use input::{Input, Piece};
use making::{Made, Making};
use pace::Pace;

/// The most messages that are published and not confirmed at a time.
const WINDOW: usize = 256;

pub(super) async fn run(
    connection: &Connection,
    arguments: &PublishArguments,
    output: &mut Output,
) -> Outcome {
    let limit = connection.client().capabilities().max_payload();
    let input = Input::open(arguments, limit)?;
    let making = Making::open(connection, arguments, input.has_many()).await?;
    let progress = match input.size() {
        Some(size) if input.has_many() => Progress::over(Some(size), "bytes"),
        _ => Progress::none(),
    };
    connection.will_change();
    let run = Run {
        publisher: connection.client().publisher(),
        making,
        pace: Pace::new(arguments.rate),
        unconfirmed: VecDeque::new(),
        told: Told {
            progress,
            is_quiet: arguments.quiet,
            has_many: input.has_many(),
            stored: 0,
            duplicates: 0,
            unheard: None,
        },
    };
    run.finish(input, output).await
}

/// A publish under way.
struct Run {
    publisher: Arc<dyn Publisher>,
    making: Making,
    pace: Pace,
    /// In the order of their lines.
    unconfirmed: VecDeque<(Line, PendingReceipt)>,
    told: Told,
}

/// Which line a message was, and how much was read with it.
#[derive(Debug, Clone, Copy)]
struct Line {
    number: u64,
    read: u64,
}

impl Run {
    /// At the first failure, and when it is interrupted, nothing more is read, and what is on its way is waited for.
    async fn finish(mut self, mut input: Input, output: &mut Output) -> Outcome {
        let (mut has_ended, mut is_interrupted, mut failures) = (false, false, Failures::default());
        let mut stop = pin!(pubsub::stop_signal()?);
        loop {
            let reads = !has_ended && failures.is_empty() && self.unconfirmed.len() < WINDOW;
            if !reads && self.unconfirmed.is_empty() {
                break;
            }
            tokio::select! {
                biased;
                confirmed = first(&mut self.unconfirmed), if !self.unconfirmed.is_empty() => {
                    let Some((line, outcome)) = confirmed else { continue };
                    match outcome {
                        Ok(receipt) => self.told.receipt(line, &receipt, output),
                        Err(error) => failures.add(line.number, self.told.failed(line, error)),
                    }
                }
                () = &mut stop, if !is_interrupted => {
                    is_interrupted = true;
                    failures.add(LAST, Failure::partly("interrupted"));
                }
                piece = next(&mut input, &self.pace), if reads => match piece {
                    None => has_ended = true,
                    Some(Err(refused)) => failures.add(LAST, refused),
                    Some(Ok(piece)) => {
                        self.pace.count();
                        let number = piece.number;
                        if let Err(error) = self.publish(piece).await {
                            failures.add(number, error);
                        }
                    }
                },
            }
        }
        self.told.end(failures.first.map(|(_, failure)| failure), output)
    }

    async fn publish(&mut self, piece: Piece) -> Result<(), Failure> {
        let line = Line { number: piece.number, read: piece.read };
        let pending = match self.making.make(piece).await {
            Ok(Made::Message(message)) => {
                self.publisher.publish_with(*message, PublishOptions::default()).await
            }
            Ok(Made::Planned(receipt)) => Ok(PendingReceipt::ready(Ok(receipt))),
            Err(error) => Err(error),
        };
        self.unconfirmed.push_back((line, pending.map_err(|error| self.told.failed(line, error))?));
        Ok(())
    }
}

/// Dropped before completion, nothing is lost.
async fn next(input: &mut Input, pace: &Pace) -> Option<Result<Piece, Failure>> {
    pace.wait().await;
    input.next().await
}

/// Waits for the oldest receipt, and takes it out. Dropped before completion, nothing is lost.
async fn first(
    unconfirmed: &mut VecDeque<(Line, PendingReceipt)>,
) -> Option<(Line, pubsub::Result<Receipt>)> {
    let (_, receipt) = unconfirmed.front_mut()?;
    let outcome = receipt.await;
    let (line, _) = unconfirmed.pop_front()?;
    Some((line, outcome))
}

/// After every line.
const LAST: u64 = u64::MAX;

/// What failed: the first line of them is where to go on, and each of the others is told at once.
#[derive(Default)]
struct Failures {
    first: Option<(u64, Failure)>,
}

impl Failures {
    const fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    fn add(&mut self, line: u64, failure: Failure) {
        let later = match self.first.take() {
            Some((first, earlier)) if first <= line => {
                self.first = Some((first, earlier));
                Some(failure)
            }
            earlier => {
                self.first = Some((line, failure));
                earlier.map(|(_, failure)| failure)
            }
        };
        if let Some(later) = later {
            later.tell();
        }
    }
}

/// What is told of it.
struct Told {
    progress: Progress,
    is_quiet: bool,
    has_many: bool,
    stored: u64,
    duplicates: u64,
    /// Why receipts are not printed any more. What was begun goes on without a listener.
    unheard: Option<Failure>,
}

/// A receipt, for machines.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    stream: &'a str,
    sequence: Option<u64>,
    duplicate: Option<bool>,
}

impl Told {
    fn receipt(&mut self, line: Line, receipt: &Receipt, output: &mut Output) {
        self.stored += 1;
        self.duplicates += u64::from(receipt.is_duplicate());
        self.progress.at(line.read);
        if self.is_quiet || self.unheard.is_some() {
            return;
        }
        let shown = Shown {
            line: self.has_many.then_some(line.number),
            stream: receipt.stream.as_str(),
            sequence: receipt.sequence,
            duplicate: receipt.duplicate,
        };
        let printed = self
            .progress
            .aside(|| if output.is_json() { output.json_line(&shown) } else { output.line(&shown.text()) });
        self.unheard = printed.err();
    }

    fn failed(&self, line: Line, error: Error) -> Failure {
        Failure::Error(if self.has_many { error.with_context("line", line.number) } else { error })
    }

    fn end(self, failure: Option<Failure>, output: &Output) -> Outcome {
        drop(self.progress);
        if self.has_many && !output.is_json() {
            let was = if failure.is_some() { "stopped" } else { "done" };
            let stored = words::count(self.stored, "message");
            output::note(&format!("{was}: {stored} confirmed, {} of them duplicates", self.duplicates));
        }
        failure.or(self.unheard).map_or(Ok(Ending::Done), Err)
    }
}

impl Shown<'_> {
    /// `RIDE 17`, and whether it was there already.
    fn text(&self) -> String {
        let sequence = self.sequence.map_or_else(String::new, |sequence| format!(" {sequence}"));
        let duplicate = if self.duplicate == Some(true) { " duplicate" } else { "" };
        format!("{}{sequence}{duplicate}", self.stream)
    }
}
