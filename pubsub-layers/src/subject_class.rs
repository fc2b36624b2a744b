//! Few names for many subjects: [`SubjectClass`].

use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;

type Classify = dyn Fn(&str) -> String + Send + Sync;

/// How subjects are named where only few names may be: in labels and in names of spans. By default the first token, with `.>` if there are
/// more.
#[derive(Clone)]
pub(crate) struct SubjectClass(Option<Arc<Classify>>);

impl SubjectClass {
    pub(crate) const fn first_token() -> Self {
        Self(None)
    }

    pub(crate) fn by(classify: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(classify)))
    }

    pub(crate) fn of(&self, subject: &str) -> String {
        match (&self.0, subject.split_once('.')) {
            (Some(classify), _) => classify(subject),
            (None, Some((first, _))) => format!("{first}.>"),
            (None, None) => subject.to_owned(),
        }
    }
}

impl Debug for SubjectClass {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("SubjectClass")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_default_only_the_first_token_counts() {
        let class = SubjectClass::first_token();
        assert_eq!(class.of("ride"), "ride");
        assert_eq!(class.of("ride.r-17.pickup"), "ride.>");
        assert_eq!(SubjectClass::by(str::to_uppercase).of("ride.x"), "RIDE.X");
    }
}
