//! `pubsub dead-letters`.

use std::time::SystemTime;

use futures::FutureExt as _;
use pubsub::config::timestamp;
use pubsub::worker::{DeadLetter, DeadLetterStore, DeadLetters};
use pubsub::{ConsumerName, Error, ErrorKind, StreamName};
use serde::Serialize;
use serde_json::{Value, json};

use crate::arguments::{
    Chosen, DeadLettersArguments, DeadLettersCommand, ListDeadLetters, RedriveDeadLetters,
};
use crate::confirm;
use crate::connect::Connection;
use crate::failure::{self, Ending, Failure, Outcome};
use crate::output::message::{self, Content};
use crate::output::{self, Align, Output, Progress, Table, words};

/// How many letters are looked up at a time.
const PAGE: usize = 100;

pub(super) async fn run(
    connection: &Connection,
    arguments: &DeadLettersArguments,
    output: &mut Output,
) -> Outcome {
    let letters = Letters::open(connection, &arguments.letters).await?;
    match &arguments.command {
        DeadLettersCommand::List(arguments) => letters.list(arguments, output).await,
        DeadLettersCommand::Show { sequence } => letters.show(*sequence, output).await,
        DeadLettersCommand::Redrive(arguments) => letters.redrive(arguments, output).await,
        DeadLettersCommand::Discard(chosen) => letters.discard(chosen, output).await,
    }
}

/// A dead letter without its content, for machines.
#[derive(Serialize)]
struct Shown<'a> {
    sequence: u64,
    #[serde(with = "timestamp")]
    kept_at: SystemTime,
    stream: &'a StreamName,
    consumer: &'a ConsumerName,
    subject: &'a str,
    origin_sequence: u64,
    #[serde(with = "timestamp::option")]
    published_at: Option<SystemTime>,
    message_id: Option<&'a str>,
    attempts: u64,
    reason: &'a str,
    truncated: bool,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    content: Option<Content<'a>>,
}

impl<'a> Shown<'a> {
    fn of(letter: &'a DeadLetter) -> Self {
        Self {
            sequence: letter.sequence,
            kept_at: letter.kept_at,
            stream: &letter.stream,
            consumer: &letter.consumer,
            subject: &letter.subject,
            origin_sequence: letter.origin_sequence,
            published_at: letter.published_at,
            message_id: letter.message_id.as_deref(),
            attempts: letter.attempts,
            reason: &letter.reason,
            truncated: letter.is_truncated,
            content: None,
        }
    }

    fn whole(letter: &'a DeadLetter) -> Self {
        Self { content: Some(Content::new(&letter.headers, &letter.payload)), ..Self::of(letter) }
    }
}

/// The dead letters of one stream.
struct Letters<'a> {
    connection: &'a Connection,
    store: DeadLetterStore,
    stream: &'a StreamName,
}

impl<'a> Letters<'a> {
    /// Their subjects are those of the stream as it is, not as a worker would make it.
    async fn open(connection: &'a Connection, stream: &'a StreamName) -> Result<Self, Failure> {
        let info = connection.admin()?.stream_info(stream).await.map_err(|error| match error.kind() {
            ErrorKind::NotFound => Failure::Error(
                error.with_remedy("name the stream that keeps the dead letters by `--letters`"),
            ),
            _ => error.into(),
        })?;
        let letters = DeadLetters::with_stream(info.config)?;
        let store = DeadLetterStore::open(connection.client(), &letters).await?;
        Ok(Self { connection, store, stream })
    }

    fn of(&self, consumer: Option<&(StreamName, ConsumerName)>) -> pubsub::Result<DeadLetterStore> {
        let store = self.store.clone();
        consumer.map_or(Ok(store.clone()), |(stream, consumer)| store.only(stream, consumer))
    }

    async fn list(&self, arguments: &ListDeadLetters, output: &mut Output) -> Outcome {
        let letters = self.of(arguments.of.as_ref())?.page(arguments.from, arguments.count).await?;
        if output.is_json() {
            output.json(&letters.iter().map(Shown::of).collect::<Vec<_>>())?;
            return Ok(Ending::Done);
        }
        let (left, right) = (Align::Left, Align::Right);
        let mut table = Table::new(&[
            ("SEQUENCE", right),
            ("KEPT AT", left),
            ("CONSUMER", left),
            ("SUBJECT", left),
            ("ATTEMPTS", right),
            ("REASON", left),
        ]);
        for letter in &letters {
            table.row([
                letter.sequence.to_string(),
                words::time(letter.kept_at),
                format!("{}/{}", letter.stream, letter.consumer),
                letter.subject.clone(),
                letter.attempts.to_string(),
                letter.reason.clone(),
            ]);
        }
        output.table(&table)?;
        if let Some(last) = letters.last().filter(|_| letters.len() == arguments.count) {
            output::note(&format!("there may be more: `--from {}`", last.sequence + 1));
        }
        Ok(Ending::Done)
    }

    async fn show(&self, sequence: u64, output: &mut Output) -> Outcome {
        let letter = self.store.get(sequence).await?;
        if output.is_json() {
            output.json(&Shown::whole(&letter))?;
            return Ok(Ending::Done);
        }
        let none = || "none".to_owned();
        let facts = [
            ("dead letter", letter.sequence.to_string()),
            ("kept at", words::time(letter.kept_at)),
            ("given up by", format!("{}/{}", letter.stream, letter.consumer)),
            ("after attempts", letter.attempts.to_string()),
            ("reason", letter.reason.clone()),
            ("subject", letter.subject.clone()),
            ("original", format!("sequence {} of {}", letter.origin_sequence, letter.stream)),
            ("published at", letter.published_at.map_or_else(none, words::time)),
            ("message id", letter.message_id.clone().unwrap_or_else(none)),
            (
                "truncated",
                if letter.is_truncated { "yes, the original was too large" } else { "no" }.to_owned(),
            ),
        ];
        output.table(&Table::of_facts(facts.map(|(name, value)| (name.to_owned(), value))))?;
        output.text(&format!("\n{}", message::content(&letter.headers, &letter.payload)))?;
        Ok(Ending::Done)
    }

    async fn redrive(&self, arguments: &RedriveDeadLetters, output: &mut Output) -> Outcome {
        let chosen = &arguments.chosen;
        if chosen.all {
            let what = format!("publish {} again", self.all_in_words(chosen));
            confirm::ask(&what, chosen.agreement.yes).await?;
        }
        let deed = if arguments.for_all { Deed::RedriveForAll } else { Deed::Redrive };
        self.each(chosen, deed, output).await
    }

    async fn discard(&self, chosen: &Chosen, output: &mut Output) -> Outcome {
        let what = if chosen.all {
            self.all_in_words(chosen)
        } else {
            words::count(chosen.sequences.len() as u64, "dead letter")
        };
        confirm::ask(&format!("delete {what}"), chosen.agreement.yes).await?;
        self.each(chosen, Deed::Discard, output).await
    }

    fn all_in_words(&self, chosen: &Chosen) -> String {
        match &chosen.of {
            Some((stream, consumer)) => format!("all dead letters of {stream}/{consumer} in {}", self.stream),
            None => format!("all dead letters in {}", self.stream),
        }
    }

    /// Does it to each of those that are chosen. What fails is told, and stops no other; nor does it that nobody listens any
    /// more. It can be interrupted between two.
    async fn each(&self, chosen: &Chosen, deed: Deed, output: &mut Output) -> Outcome {
        self.connection.will_change();
        let (mut done, mut failed, mut unheard) = (0_u64, 0_u64, None);
        let mut stop = Box::pin(pubsub::stop_signal()?);
        let mut choice = Choice::of(self, chosen).await?;
        let progress = choice.progress();
        while let Some(sequence) = choice.next().await? {
            match self.one(deed, sequence).await {
                Ok((value, line)) => {
                    done += 1;
                    let is_json = output.is_json();
                    if unheard.is_none() {
                        let printed = progress
                            .aside(|| if is_json { output.json_line(&value) } else { output.line(&line) });
                        unheard = printed.err();
                    }
                }
                Err(error) => {
                    failed += 1;
                    progress.aside(|| failure::tell(&error.with_context("dead_letter", sequence)));
                }
            }
            progress.at(done + failed);
            if stop.as_mut().now_or_never().is_some() {
                drop(progress);
                let all = words::count(done, "dead letter");
                return Err(Failure::partly(format!("interrupted; {all} dealt with, {failed} failed")));
            }
        }
        drop(progress);
        if failed > 0 {
            let all = words::count(done + failed, "dead letter");
            return Err(Failure::partly(format!("{failed} of {all} could not be dealt with")));
        }
        unheard.map_or(Ok(Ending::Done), Err)
    }

    /// What is told of it, for machines and for people.
    async fn one(&self, deed: Deed, sequence: u64) -> pubsub::Result<(Value, String)> {
        let receipt = match deed {
            Deed::Redrive => self.store.redrive(sequence).await.map_err(in_words_of_the_command)?,
            Deed::RedriveForAll => self.store.redrive_for_all(sequence).await?,
            Deed::Discard => {
                // What is no dead letter is somebody's message.
                self.store.get(sequence).await?;
                self.store.discard(sequence).await?;
                return Ok((
                    json!({ "dead_letter": sequence }),
                    format!("dead letter {sequence} is deleted"),
                ));
            }
        };
        let (stream, stored) = (receipt.stream.as_str(), receipt.sequence);
        let at = stored.map_or_else(String::new, |sequence| format!(" {sequence}"));
        let value = json!({ "dead_letter": sequence, "stream": stream, "sequence": stored });
        Ok((value, format!("dead letter {sequence} is published again: {stream}{at}")))
    }
}

/// What is done to a letter.
#[derive(Debug, Clone, Copy)]
enum Deed {
    Redrive,
    RedriveForAll,
    Discard,
}

/// Which letters, one after the other. What dies again meanwhile is not among all.
struct Choice {
    store: DeadLetterStore,
    known: std::vec::IntoIter<u64>,
    /// From where on more are looked up, and up to where.
    more: Option<(u64, u64)>,
    total: Option<u64>,
}

impl Choice {
    async fn of(letters: &Letters<'_>, chosen: &Chosen) -> pubsub::Result<Self> {
        let store = letters.of(chosen.of.as_ref())?;
        if !chosen.all {
            let total = Some(chosen.sequences.len() as u64);
            return Ok(Self { store, known: chosen.sequences.clone().into_iter(), more: None, total });
        }
        let info = letters.connection.admin()?.stream_info(letters.stream).await?;
        let total = chosen.of.is_none().then_some(info.messages);
        Ok(Self { store, known: Vec::new().into_iter(), more: Some((0, info.last_sequence)), total })
    }

    fn progress(&self) -> Progress {
        match self.total {
            Some(0 | 1) => Progress::none(),
            total => Progress::over(total, "dead letters"),
        }
    }

    async fn next(&mut self) -> pubsub::Result<Option<u64>> {
        loop {
            if let Some(sequence) = self.known.next() {
                return Ok(Some(sequence));
            }
            let Some((from, last)) = self.more.filter(|(from, last)| from <= last) else { return Ok(None) };
            let page = self.store.page(from, PAGE).await?;
            let sequences: Vec<u64> =
                page.iter().map(|letter| letter.sequence).filter(|one| *one <= last).collect();
            self.more = page.last().map(|newest| (newest.sequence + 1, last));
            self.known = sequences.into_iter();
        }
    }
}

/// The library says what to call; here it is a flag.
fn in_words_of_the_command(error: Error) -> Error {
    if error.kind() == ErrorKind::NotFound && error.context("dead_letter").is_some() {
        return error.with_remedy("make the consumer, or publish the message for all by `--for-all`");
    }
    error
}
