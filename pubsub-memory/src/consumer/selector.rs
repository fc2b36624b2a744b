//! Which messages of its stream a consumer sees.

use pubsub_core::{ConsumerConfig, SubjectFilter};

/// A consumer's filters, in the form that is cheapest to apply.
#[derive(Debug, Clone)]
pub(crate) enum Selector {
    /// Every message.
    All,
    /// Those on these subjects.
    Literals(Vec<SubjectFilter>),
    /// Those that one of these filters matches.
    Wildcards(Vec<SubjectFilter>),
}

impl Selector {
    pub(crate) fn of(config: &ConsumerConfig) -> Self {
        let filters = &config.filters;
        if filters.is_empty() || filters.iter().any(|filter| filter.as_str() == ">") {
            Self::All
        } else if filters.iter().all(SubjectFilter::is_literal) {
            Self::Literals(filters.clone())
        } else {
            Self::Wildcards(filters.clone())
        }
    }

    /// What one filter selects.
    pub(crate) fn only(filter: &SubjectFilter) -> Self {
        match filter {
            all if all.as_str() == ">" => Self::All,
            literal if literal.is_literal() => Self::Literals(vec![literal.clone()]),
            filter => Self::Wildcards(vec![filter.clone()]),
        }
    }

    pub(crate) fn matches(&self, subject: &str) -> bool {
        match self {
            Self::All => true,
            Self::Literals(subjects) => subjects.iter().any(|literal| *literal == *subject),
            Self::Wildcards(filters) => filters.iter().any(|filter| filter.matches(subject)),
        }
    }

    /// Whether some subject is seen by both.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        match (self.filters(), other.filters()) {
            (Some(mine), Some(theirs)) => {
                mine.iter().any(|one| theirs.iter().any(|other| one.overlaps(other)))
            }
            _ => true,
        }
    }

    /// Whether nothing is seen but what `filter` matches.
    pub(crate) fn is_within(&self, filter: &SubjectFilter) -> bool {
        self.filters().is_some_and(|filters| filters.iter().all(|mine| filter.covers(mine)))
    }

    /// Whether one of the filters sees nothing but what `filter` matches.
    pub(crate) fn is_partly_within(&self, filter: &SubjectFilter) -> bool {
        self.filters().is_some_and(|filters| filters.iter().any(|mine| filter.covers(mine)))
    }

    /// Whether everything is seen that `filter` matches.
    pub(crate) fn covers(&self, filter: &SubjectFilter) -> bool {
        self.filters().is_none_or(|filters| filters.iter().any(|mine| mine.covers(filter)))
    }

    /// Whether one of the filters is wider or narrower than `filter`, and does not only overlap it.
    pub(crate) fn is_comparable(&self, filter: &SubjectFilter) -> bool {
        self.filters()
            .is_none_or(|filters| filters.iter().any(|mine| mine.covers(filter) || filter.covers(mine)))
    }

    /// The filters, unless everything is seen.
    pub(crate) fn filters(&self) -> Option<&[SubjectFilter]> {
        match self {
            Self::All => None,
            Self::Literals(filters) | Self::Wildcards(filters) => Some(filters),
        }
    }
}
