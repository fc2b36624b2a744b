//! `pubsub top`.

mod draw;
mod model;

use std::io::{self, IsTerminal as _};
use std::sync::Arc;
use std::time::Instant;

use pubsub::{ErrorKind, StreamAdmin, StreamName};
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

use crate::arguments::TopArguments;
use crate::connect::Connection;
use crate::failure::{Ending, Failure, Outcome};
use draw::Colours;
use model::{Look, Model};

pub(super) async fn run(connection: &Connection, arguments: &TopArguments, is_json: bool) -> Outcome {
    if is_json || !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Err(Failure::usage(
            "`top` draws on a terminal; for programs there are `streams list --json` and `consumers list --json`",
        ));
    }
    let admin = connection.admin()?;
    if let Some(stream) = &arguments.stream {
        admin.stream_info(stream).await?;
    }
    let stop = pubsub::stop_signal()?;
    let mut terminal = ratatui::try_init().map_err(Failure::Output)?;
    let outcome = tokio::select! {
        outcome = watch(&mut terminal, admin, arguments) => outcome,
        () = stop => Ok(Ending::Done),
    };
    ratatui::try_restore().map_err(Failure::Output)?;
    outcome
}

async fn watch(
    terminal: &mut DefaultTerminal,
    admin: Arc<dyn StreamAdmin>,
    arguments: &TopArguments,
) -> Outcome {
    let colours = Colours(std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()));
    let (mut looks, mut events) = (looks(admin, arguments), events());
    let mut model = Model::default();
    loop {
        terminal.draw(|frame| draw::draw(frame, &model, colours)).map_err(Failure::Output)?;
        tokio::select! {
            look = looks.recv() => match look {
                Some(look) => model.see(look.map_err(|error| error.to_string())),
                None => return Ok(Ending::Done),
            },
            event = events.recv() => match event {
                Some(Event::Key(key)) if key.kind == KeyEventKind::Press => match key.code {
                    KeyCode::Char('q') | KeyCode::Esc => return Ok(Ending::Done),
                    KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => return Ok(Ending::Done),
                    KeyCode::Char(' ') => model.is_held = !model.is_held,
                    KeyCode::Char('s') => model.sort_otherwise(),
                    _ => {}
                },
                // Whatever else, a new size for example, is drawn anew.
                Some(_) => {}
                None => return Ok(Ending::Done),
            },
        }
    }
}

/// What the broker says, again and again. A broker that does not answer keeps no key waiting.
fn looks(admin: Arc<dyn StreamAdmin>, arguments: &TopArguments) -> mpsc::Receiver<pubsub::Result<Look>> {
    let (sender, looks) = mpsc::channel(1);
    let (only, mut ticks) = (arguments.stream.clone(), interval(arguments.interval));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tokio::spawn(async move {
        loop {
            ticks.tick().await;
            if sender.send(look(admin.as_ref(), only.as_ref()).await).await.is_err() {
                break;
            }
        }
    });
    looks
}

async fn look(admin: &dyn StreamAdmin, only: Option<&StreamName>) -> pubsub::Result<Look> {
    let streams = match only {
        Some(stream) => vec![admin.stream_info(stream).await?],
        None => admin.list_streams().await?,
    };
    let mut consumers = Vec::new();
    for info in streams.iter().filter(|info| info.consumers > 0) {
        match admin.list_consumers(&info.config.name).await {
            Ok(found) => consumers.extend(found),
            // Gone since the streams were listed.
            Err(error) if only.is_none() && error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Look { at: Instant::now(), streams, consumers })
}

/// Keys, read by a thread of its own, which ends with the process.
fn events() -> mpsc::Receiver<Event> {
    let (sender, events) = mpsc::channel(16);
    std::thread::spawn(move || {
        while let Ok(event) = event::read() {
            if sender.blocking_send(event).is_err() {
                break;
            }
        }
    });
    events
}
