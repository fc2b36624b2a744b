//! Which cases to run: [`Filter`].

use pubsub_core::{Error, Result};

use crate::case::Case;

/// Which cases of the catalogue to run. Default: all.
///
/// ```
/// use pubsub_testkit::Filter;
///
/// let some = Filter::only(["A1", "b2"])?;
/// assert!(Filter::only(["A1", "Z9"]).is_err());
/// # drop(some);
/// # Ok::<(), pubsub_core::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    ids: Option<Vec<&'static str>>,
}

impl Filter {
    /// Every case.
    #[must_use]
    pub const fn all() -> Self {
        Self { ids: None }
    }

    /// The cases of these ids, in any letter case.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](pubsub_core::ErrorKind::InvalidInput) for an id that no case has.
    pub fn only<I>(ids: impl IntoIterator<Item = I>) -> Result<Self>
    where
        I: AsRef<str>,
    {
        let ids = ids.into_iter().map(|id| known(id.as_ref())).collect::<Result<_>>()?;
        Ok(Self { ids: Some(ids) })
    }

    /// Whether no case is left out.
    pub(crate) const fn is_all(&self) -> bool {
        self.ids.is_none()
    }

    /// The cases, in the order of the catalogue.
    pub(crate) fn cases(&self) -> impl Iterator<Item = &'static Case> + '_ {
        let wanted = |case: &&Case| self.ids.as_ref().is_none_or(|ids| ids.contains(&case.id));
        Case::all().iter().filter(wanted)
    }
}

fn known(id: &str) -> Result<&'static str> {
    let id = id.trim();
    Case::all().iter().map(Case::id).find(|known| known.eq_ignore_ascii_case(id)).ok_or_else(|| {
        Error::invalid_input("only", "no case has this id")
            .with_context("id", id)
            .with_remedy("the ids are those of the table that a run without `--only` prints, such as A1")
    })
}
