//! Plans out of seeds: [`generate`].

use std::time::Duration;

use fastrand::Rng;
use pubsub_core::{Capabilities, Capability};

use super::command::{Command, How, Removal};
use super::setup::{Keeps, SUBJECTS, Setup};
use super::{Plan, Round};
use crate::harness::{Clock, StoreFault};

/// What a case wants of its plans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// One client, one thing after the other.
    Alone,
    /// Several clients, several things at the same time.
    Together,
    /// The same, on streams that let messages go.
    Retained,
    /// The same, while things happen to the store.
    Faulted,
}

/// The plan of a seed. The same seed gives the same plan, for one version of the kit and the same capabilities.
pub(in crate::model) fn generate(
    seed: u64,
    profile: Profile,
    capabilities: Capabilities,
    clock: Clock,
    faults: &[StoreFault],
) -> Plan {
    let mut maker = Maker { rng: Rng::with_seed(seed), profile, capabilities, setup: Setup::plain(1) };
    maker.setup = maker.some_setup();
    // A real clock has less time for each.
    let rounds = match (clock, profile) {
        (Clock::Virtual, _) => 12..=24,
        (Clock::Real, Profile::Faulted) => 7..=9,
        (Clock::Real, _) => 9..=12,
    };
    let rounds = maker.rng.usize(rounds);
    let mut plan = Plan { setup: maker.setup.clone(), rounds: Vec::new() };
    for number in 0..rounds {
        // A plan begins with something to do.
        let round = if number < 2 { maker.publishes() } else { maker.round(faults) };
        plan.rounds.push(round);
    }
    plan
}

struct Maker {
    rng: Rng,
    profile: Profile,
    capabilities: Capabilities,
    setup: Setup,
}

impl Maker {
    fn has(&self, capability: Capability) -> bool {
        self.capabilities.has(capability)
    }

    fn percent(&mut self, chance: u32) -> bool {
        self.rng.u32(0..100) < chance
    }

    fn some_setup(&mut self) -> Setup {
        let clients = if self.profile == Profile::Alone { 1 } else { self.rng.usize(2..=3) };
        let keeps = self.some_keeps();
        let consumers = self.rng.usize(1..=2);
        let filtered = self.percent(30) || keeps == Keeps::Work && consumers > 1;
        let most = self.rng.u32(1..=3);
        let bounded = self.has(Capability::MaxAckPending) && self.percent(30);
        Setup {
            keeps,
            clients,
            consumers,
            filtered,
            max_deliver: self.percent(35).then_some(most),
            max_ack_pending: bounded.then(|| self.rng.u32(1..=3)),
        }
    }

    fn some_keeps(&mut self) -> Keeps {
        if self.profile != Profile::Retained {
            return Keeps::Everything;
        }
        let most = self.rng.u64(2..=5);
        match self.rng.u32(0..4) {
            0 if self.has(Capability::StreamLimits) => Keeps::Newest(most),
            1 if self.has(Capability::DiscardNew) && self.has(Capability::StreamLimits) => {
                Keeps::Oldest(most)
            }
            2 if self.has(Capability::InterestRetention) => Keeps::Interest,
            _ if self.has(Capability::WorkQueueRetention) => Keeps::Work,
            _ => Keeps::Everything,
        }
    }

    /// How many things are done at the same time.
    fn at_once(&mut self) -> usize {
        if self.profile == Profile::Alone { 1 } else { self.rng.usize(1..=4) }
    }

    fn publishes(&mut self) -> Round {
        let commands = (0..self.at_once()).map(|_| self.publish()).collect();
        Round { fault: None, commands }
    }

    fn round(&mut self, faults: &[StoreFault]) -> Round {
        let first = self.command();
        if first.is_alone() {
            return Round { fault: None, commands: vec![first] };
        }
        let mut commands = vec![first];
        for _ in 1..self.at_once() {
            let next = self.command();
            if !next.is_alone() {
                commands.push(next);
            }
        }
        let fault = if self.percent(25) { self.rng.choice(faults).copied() } else { None };
        Round { fault, commands }
    }

    fn client(&mut self) -> usize {
        self.rng.usize(0..self.setup.clients)
    }

    fn publish(&mut self) -> Command {
        let id = (self.has(Capability::MessageId) && self.percent(50)).then(|| self.rng.usize(0..4));
        Command::Publish { client: self.client(), subject: self.rng.usize(0..SUBJECTS), id }
    }

    fn command(&mut self) -> Command {
        let client = self.client();
        let consumer = self.rng.usize(0..self.setup.consumers);
        match self.rng.u32(0..100) {
            0..24 => self.publish(),
            24..48 => {
                let tenths = if self.percent(70) { 0 } else { self.rng.u32(1..=4) };
                Command::Fetch { client, consumer, most: self.rng.usize(1..=3), tenths }
            }
            48..51 => {
                Command::Cancel { client, consumer, most: self.rng.usize(1..=2), tenths: self.rng.u32(0..=2) }
            }
            51..80 => self.settlement(),
            80..91 => Command::Pass { tenths: self.rng.u32(1..=14) },
            91..95 => self.removal(),
            95..97 => Command::Recreate { consumer },
            _ => Command::Restart { client },
        }
    }

    fn settlement(&mut self) -> Command {
        let how = match self.rng.u32(0..100) {
            0..40 => How::Ack,
            40..58 => How::Nak,
            58..70 if self.has(Capability::NakDelay) => How::NakAfter(self.rng.u32(1..=12)),
            70..80 if self.has(Capability::Term) => How::Term,
            80..88 if self.has(Capability::Extend) => How::Extend,
            _ => How::Drop,
        };
        let confirmed = self.has(Capability::ConfirmedSettlement) && self.percent(75);
        Command::Settle { delivery: self.rng.usize(0..8), how, confirmed }
    }

    fn removal(&mut self) -> Command {
        let one = self.has(Capability::GetMessage) && self.percent(40);
        // Under interest retention a server may keep what a purge has left behind and a deleted consumer was to have.
        if self.setup.keeps == Keeps::Interest || !one && !self.has(Capability::Purge) {
            return self.publish();
        }
        let most = self.rng.u64(0..3);
        Command::Remove(match self.rng.u32(0..4) {
            _ if one => Removal::One(self.rng.u64(0..=10)),
            0 => Removal::All,
            1 => Removal::Subject(self.rng.usize(0..SUBJECTS)),
            2 => Removal::AllBut(most),
            _ => Removal::OlderHalf,
        })
    }
}

/// The faults that plans know, if the harness can do them.
pub(in crate::model) const FAULTS: [StoreFault; 4] = [
    StoreFault::Reset,
    StoreFault::AnswersLost,
    StoreFault::Cut,
    StoreFault::Slow(Duration::from_millis(20)),
];
