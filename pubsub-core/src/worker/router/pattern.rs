//! Subjects with names for their parts: [`Pattern`].

use crate::subject::SubjectFilter;
use crate::{Error, Result};

/// A filter whose wildcards may have names: `ride.{ride_id}.completed`, `log.{rest..}`.
#[derive(Debug, Clone)]
pub(crate) struct Pattern {
    filter: SubjectFilter,
    /// Which tokens have names, in order. The name of the last may stand for the rest of the subject.
    names: Vec<Name>,
}

#[derive(Debug, Clone)]
struct Name {
    token: usize,
    name: Box<str>,
    is_rest: bool,
}

impl Pattern {
    /// Reads a pattern. `{name}` is `*` with a name, `{name..}` at the end is `>` with a name.
    pub(crate) fn new(text: &str) -> Result<Self> {
        let mut names = Vec::new();
        // The dots of `{rest..}` separate nothing.
        let (head, rest) = match text
            .strip_suffix("..}")
            .map(|text| text.rfind('{').map(|at| text.split_at(at)))
        {
            Some(Some((head, name))) => (head.strip_suffix('.').unwrap_or(head), Some(format!("{name}..}}"))),
            _ => (text, None),
        };
        let mut tokens: Vec<String> = Vec::new();
        if rest.is_none() || !head.is_empty() {
            tokens.extend(head.split('.').map(str::to_owned));
        }
        tokens.extend(rest);
        let count = tokens.len();
        let mut filter = String::with_capacity(text.len());
        for (token, part) in tokens.iter().enumerate() {
            if token > 0 {
                filter.push('.');
            }
            let Some(inner) = part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) else {
                if part.contains(['{', '}']) {
                    return Err(refused(text, "a brace is not around a whole token"));
                }
                filter.push_str(part);
                continue;
            };
            let (name, is_rest) = match inner.strip_suffix("..") {
                Some(name) => (name, true),
                None => (inner, false),
            };
            if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
                return Err(refused(text, "a name has letters, digits and `_`, at least one of them"));
            }
            if is_rest && token + 1 != count {
                return Err(refused(text, "only the last name can stand for the rest"));
            }
            if names.iter().any(|known: &Name| &*known.name == name) {
                return Err(refused(text, "a name is there twice"));
            }
            names.push(Name { token, name: name.into(), is_rest });
            filter.push(if is_rest { '>' } else { '*' });
        }
        Ok(Self { filter: SubjectFilter::new(filter)?, names })
    }

    /// The same pattern under a prefix of its own.
    pub(crate) fn under(&self, prefix: &Self) -> Result<Self> {
        if prefix.filter.as_str().ends_with('>') {
            return Err(refused(prefix.filter.as_str(), "nothing can come after the rest of a subject"));
        }
        let offset = prefix.filter.tokens().count();
        let mut names = prefix.names.clone();
        for name in &self.names {
            if names.iter().any(|known| known.name == name.name) {
                return Err(refused(self.filter.as_str(), "a name is there twice"));
            }
            names.push(Name { token: name.token + offset, ..name.clone() });
        }
        let filter = SubjectFilter::new(format!("{}.{}", prefix.filter, self.filter))?;
        Ok(Self { filter, names })
    }

    /// The subjects that it takes.
    pub(crate) fn filter(&self) -> &SubjectFilter {
        &self.filter
    }

    /// What the names stand for in a subject that the filter matches.
    pub(crate) fn parameters<'a>(&'a self, subject: &'a str) -> Parameters<'a> {
        Parameters { names: &self.names, subject }
    }
}

fn refused(pattern: &str, message: &'static str) -> Error {
    Error::invalid_input("pattern", message)
        .with_context("pattern", pattern)
        .with_remedy("write such as `ride.{ride_id}.completed`, or `log.{rest..}` at the end")
}

/// What the names of a pattern stand for in one subject. Nothing is copied.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parameters<'a> {
    names: &'a [Name],
    subject: &'a str,
}

impl<'a> Parameters<'a> {
    /// Each name with its text, in the order of the pattern.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let subject = self.subject;
        self.names.iter().filter_map(move |name| {
            let text = if name.is_rest {
                subject.splitn(name.token + 1, '.').nth(name.token)
            } else {
                subject.split('.').nth(name.token)
            };
            Some((&*name.name, text?))
        })
    }

    pub(crate) fn get(&self, name: &str) -> Option<&'a str> {
        self.iter().find(|(known, _)| *known == name).map(|(_, text)| text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(pattern: &str, subject: &str) -> Vec<(String, String)> {
        let pattern = Pattern::new(pattern).unwrap();
        assert!(pattern.filter().matches(subject), "{pattern:?} {subject}");
        let owned = |(name, text): (&str, &str)| (name.to_owned(), text.to_owned());
        pattern.parameters(subject).iter().map(owned).collect()
    }

    fn pair(name: &str, text: &str) -> (String, String) {
        (name.to_owned(), text.to_owned())
    }

    #[test]
    fn names_stand_for_tokens_and_for_the_rest() {
        assert_eq!(parameters("ride.{id}.done", "ride.r-17.done"), [pair("id", "r-17")]);
        assert_eq!(
            parameters("log.{level}.{rest..}", "log.warn.a.b"),
            [pair("level", "warn"), pair("rest", "a.b")]
        );
        assert_eq!(parameters("ride.*.{what}", "ride.x.done"), [pair("what", "done")]);
        assert_eq!(parameters("{rest..}", "a.b"), [pair("rest", "a.b")]);
        assert!(parameters("ride.>", "ride.x.done").is_empty());
    }

    #[test]
    fn a_prefix_moves_the_names() {
        let pattern =
            Pattern::new("{id}.done").unwrap().under(&Pattern::new("{city}.ride").unwrap()).unwrap();
        let parameters = pattern.parameters("oslo.ride.17.done");
        assert_eq!((parameters.get("city"), parameters.get("id")), (Some("oslo"), Some("17")));
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for text in
            ["ride.{}", "ride.{a b}", "ride.x{id}", "{rest..}.done", "{a}.{a}", "ride..x", "", "ride.{id"]
        {
            assert!(Pattern::new(text).is_err(), "{text}");
        }
        let rest = Pattern::new("{rest..}").unwrap();
        assert!(Pattern::new("x").unwrap().under(&rest).is_err());
    }
}
