//! Seeded choices: [`Dice`].

use fastrand::Rng;

/// A small generator of random choices. The same seed gives the same choices, for one version of the generator.
#[derive(Debug)]
pub(super) struct Dice(Rng);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(Rng::with_seed(seed))
    }

    /// From 0 to `end`, without `end`.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.0.u64(0..end.max(1))
    }

    /// From `from` to `to`, both included.
    pub(super) fn between(&mut self, from: usize, to: usize) -> usize {
        self.0.usize(from..=to.max(from))
    }

    pub(super) fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }

    /// One of these.
    #[expect(clippy::expect_used, reason = "nobody chooses from nothing")]
    pub(super) fn pick<T>(&mut self, choices: impl IntoIterator<Item = T>) -> T {
        let choices: Vec<T> = choices.into_iter().collect();
        self.0.choice(choices).expect("a list of choices is not empty")
    }

    /// One of these, if there is any.
    pub(super) fn pick_any<T>(&mut self, choices: impl IntoIterator<Item = T>) -> Option<T> {
        let choices: Vec<T> = choices.into_iter().collect();
        self.0.choice(choices)
    }
}

/// What the generator makes of its own constants.
#[expect(clippy::expect_used, reason = "the names and subjects of the generator are constants")]
pub(super) fn valid<T>(made: pubsub_core::Result<T>) -> T {
    made.expect("the generator uses legal names and subjects")
}
