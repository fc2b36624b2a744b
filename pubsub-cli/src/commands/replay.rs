//! `pubsub replay`.

use std::time::SystemTime;

use futures::StreamExt as _;
use pubsub::config::{duration, timestamp};
use pubsub::worker::{Pace, Replay, ReplayProgress, Replaying};
use pubsub::{Error, ReadOptions, SubjectTransform};
use serde::Serialize;

use crate::arguments::ReplayArguments;
use crate::connect::Connection;
use crate::failure::{Ending, Failure, Outcome};
use crate::output::{Output, Progress, words};

pub(super) async fn run(
    connection: &Connection,
    arguments: &ReplayArguments,
    output: &mut Output,
) -> Outcome {
    let stop = pubsub::stop_signal()?;
    let replay = configured(arguments)?;
    if !arguments.dry_run {
        connection.will_change();
    }
    let mut replaying = replay.start(connection.client().clone()).await.map_err(in_words_of_the_command)?;
    let progress = Progress::over(Some(replaying.progress().remaining), "messages");
    let ended = tokio::select! {
        ended = follow(&mut replaying, &progress) => Some(ended),
        () = stop => None,
    };
    drop(progress);
    let last = replaying.progress();
    match ended {
        Some(Ok(())) => {}
        Some(Err(error)) => return Err(Failure::Error(error)),
        None => {
            return Err(Failure::partly(interrupted(last.sequence, arguments.dry_run)));
        }
    }
    output.tell(&Shown::of(&last, arguments.dry_run), &told(&last, arguments.dry_run))?;
    Ok(if last.failed > 0 { Ending::Findings } else { Ending::Done })
}

/// What to do after an interruption; 0 is before the first message.
fn interrupted(sequence: u64, is_dry_run: bool) -> String {
    let next = sequence + 1;
    match sequence {
        _ if is_dry_run => "interrupted; nothing was published".to_owned(),
        0 => "interrupted before the first message was dealt with; say the same again".to_owned(),
        _ => format!(
            "interrupted after sequence {sequence}; go on with `--from {next}`; what was on its way may be stored, \
             unless `--run-name` keeps it from being stored twice"
        ),
    }
}

fn configured(arguments: &ReplayArguments) -> pubsub::Result<Replay> {
    let transform = SubjectTransform::new(arguments.source.clone(), arguments.destination.clone())?;
    let read = ReadOptions::default().with_from(arguments.from).with_filter(arguments.source.clone())?;
    let pace = match (arguments.rate, arguments.speed) {
        (Some(rate), _) => Pace::PerSecond(rate),
        (None, Some(factor)) => Pace::Original(factor),
        (None, None) => Pace::Instant,
    };
    let mut replay = Replay::to_subjects(arguments.stream.clone(), &transform)?
        .with_read(read)
        .with_pace(pace)
        .with_end(arguments.until);
    if let Some(name) = &arguments.run_name {
        replay = replay.with_run_name(name.clone())?;
    }
    if arguments.skip_failures {
        replay = replay.with_failures_skipped();
    }
    if arguments.into_source {
        replay = replay.with_source_allowed();
    }
    Ok(if arguments.dry_run { replay.with_dry_run() } else { replay })
}

/// The library says what to call; here it is a flag.
fn in_words_of_the_command(error: Error) -> Error {
    if error.context("destination").is_some() {
        return error.with_remedy("replay to subjects of another stream, or allow it by `--into-source`");
    }
    error
}

async fn follow(replaying: &mut Replaying, progress: &Progress) -> pubsub::Result<()> {
    while let Some(step) = replaying.next().await {
        let step = step?;
        let dealt_with = step.replayed + step.skipped + step.failed;
        progress.of(dealt_with, dealt_with.saturating_add(step.remaining));
        if step.failed > 0 {
            progress.say(format!("{} failed", step.failed));
        }
    }
    Ok(())
}

/// How a replay went, for machines.
#[derive(Serialize)]
struct Shown {
    dry_run: bool,
    replayed: u64,
    skipped: u64,
    failed: u64,
    /// The last message that was dealt with.
    sequence: u64,
    #[serde(with = "timestamp::option")]
    published_at: Option<SystemTime>,
    #[serde(with = "duration")]
    elapsed: std::time::Duration,
}

impl Shown {
    fn of(progress: &ReplayProgress, dry_run: bool) -> Self {
        Self {
            dry_run,
            replayed: progress.replayed,
            skipped: progress.skipped,
            failed: progress.failed,
            sequence: progress.sequence,
            published_at: progress.published_at,
            elapsed: progress.elapsed,
        }
    }
}

fn told(progress: &ReplayProgress, dry_run: bool) -> String {
    let verb = if dry_run { "would be replayed" } else { "replayed" };
    let up_to = match progress.sequence {
        0 => String::new(),
        sequence => format!(", up to sequence {sequence}"),
    };
    format!(
        "{} {verb}, {} skipped, {} failed{up_to}, in {}",
        words::count(progress.replayed, "message"),
        progress.skipped,
        progress.failed,
        words::lasting(progress.elapsed)
    )
}
