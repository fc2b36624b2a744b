//! One backend in step with the other: [`Side`].

use std::sync::Arc;
use std::time::Duration;

use pubsub_core::{Error, ErrorKind, Result};
use tokio::runtime::{Builder, Runtime};
use tokio::time::{Instant, sleep, sleep_until};

use super::grid::{APART, TICK, until_phase, until_same_second};
use super::observation::Observation;
use super::operation::{Operation, Pace};
use super::world::World;
use crate::harness::{Clock, Harness};

/// A world on its own clock, at a point of the grid.
#[derive(Debug)]
pub(super) struct Side {
    // Before its runtime, which it needs to end.
    world: World,
    runtime: Runtime,
    began: Instant,
    point: u32,
    /// When the last operation that starts a timer had ended.
    started: Option<Instant>,
}

/// A runtime on the clock of a harness.
pub(super) fn runtime(harness: &dyn Harness) -> Result<Runtime> {
    let runtime = match harness.clock() {
        Clock::Virtual => Builder::new_current_thread().enable_all().start_paused(true).build(),
        Clock::Real => Builder::new_multi_thread().worker_threads(1).enable_all().build(),
    };
    runtime.map_err(|error| Error::new(ErrorKind::Unavailable, "no runtime for a side").with_source(error))
}

impl Side {
    /// Connects and stands at the first point; on virtual time, in the same second of a minute as the side that began
    /// before it.
    pub(super) fn begin(harness: &Arc<dyn Harness>, before: Option<&Self>) -> Result<Self> {
        let runtime = runtime(harness.as_ref())?;
        let (mut world, wall) = runtime.block_on(World::open(Arc::clone(harness)))?;
        let wait = match before {
            Some(before) if harness.clock() == Clock::Virtual => until_same_second(wall, before.world.began),
            _ => until_phase(wall),
        };
        world.began = wall + wait;
        let began = runtime.block_on(async {
            let began = Instant::now() + wait;
            sleep_until(began).await;
            began
        });
        Ok(Self { world, runtime, began, point: 0, started: None })
    }

    /// How long ago the point was.
    pub(super) fn since_point(&self) -> Duration {
        let now = self.runtime.block_on(async { Instant::now() });
        now.saturating_duration_since(self.began + TICK * self.point)
    }

    /// Waits for a point.
    pub(super) fn go_to(&mut self, point: u32) {
        if point > self.point {
            self.point = point;
            let at = self.began + TICK * point;
            self.runtime.block_on(async { sleep_until(at).await });
        }
    }

    pub(super) fn apply(&mut self, operation: &dyn Operation) -> Observation {
        let starts = !matches!(operation.pace(), Pace::Free | Pace::Reads);
        let apart = self.started.filter(|_| starts).map(|started| started + APART);
        let world = &mut self.world;
        let (observation, now) = self.runtime.block_on(async {
            if let Some(apart) = apart {
                sleep_until(apart).await;
            }
            (operation.apply(world).await, Instant::now())
        });
        if starts {
            self.started = Some(now);
        }
        observation
    }

    pub(super) fn pause(&self, pause: Duration) {
        self.runtime.block_on(async { sleep(pause).await });
    }

    /// Leaves an empty store.
    pub(super) fn end(self) -> Result<()> {
        let Self { world, runtime, .. } = self;
        let ended = runtime.block_on(world.close());
        runtime.shutdown_background();
        ended
    }
}
