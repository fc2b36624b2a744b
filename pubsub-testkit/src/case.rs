//! One case of the catalogue: [`Case`].

use futures::future::BoxFuture;
use pubsub_core::Capability;

use crate::check::CaseResult;
use crate::trial::Trial;

/// A case of the catalogue: what it is called, what it needs, and how it runs.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    pub(crate) id: &'static str,
    pub(crate) test: &'static str,
    pub(crate) needs: &'static [Capability],
    pub(crate) run: for<'t> fn(&'t Trial) -> BoxFuture<'t, CaseResult>,
}

impl Case {
    /// The id in the catalogue, such as `A1`.
    #[must_use]
    pub const fn id(&self) -> &'static str {
        self.id
    }

    /// What it proves, as an identifier.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.test.split_once('_').map_or(self.test, |(_, name)| name)
    }

    /// The name of its test function: the id and the name.
    #[must_use]
    pub const fn test(&self) -> &'static str {
        self.test
    }

    /// The capabilities without which it does not run; then the negative twin of the first that is missing runs.
    #[must_use]
    pub const fn needs(&self) -> &'static [Capability] {
        self.needs
    }

    /// All cases, in the order of the catalogue.
    #[must_use]
    pub fn all() -> &'static [Self] {
        crate::cases::CASES
    }
}
