//! A transform ready to be applied: [`SubjectMapping`].

use super::SubjectTransform;
use super::function::{Cut, Part};
use crate::subject::{Subject, SubjectFilter};
use crate::text::excerpt;
use crate::{Error, ErrorKind, Result};

const INVALID_DESTINATION: u16 = 10156;

/// A checked [`SubjectTransform`], which renames subjects. Made by [`SubjectTransform::prepare`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectMapping {
    source: SubjectFilter,
    /// Where in a subject the source has its wildcards.
    wildcards: Vec<usize>,
    parts: Vec<Part>,
    /// From which token on the rest of the subject is kept.
    rest: Option<usize>,
}

impl SubjectMapping {
    pub(super) fn new(transform: &SubjectTransform) -> Result<Self> {
        Self::read(transform).map_err(|reason| {
            Error::new(ErrorKind::Config, format!("the destination of the transform does not fit: {reason}"))
                .with_context("source", &transform.source)
                .with_context("destination", excerpt(&transform.destination))
                .with_broker_code(INVALID_DESTINATION)
                .with_remedy("write tokens such as {{wildcard(1)}}, {{partition(8,1)}} or text, with `>` last if the source ends so")
        })
    }

    fn read(transform: &SubjectTransform) -> Result<Self, String> {
        let source: Vec<&str> = transform.source.tokens().collect();
        let is_open = |tokens: &[&str]| tokens.last() == Some(&">");
        let mut tokens: Vec<&str> = transform.destination.split('.').collect();
        if is_open(&source) != is_open(&tokens) {
            return Err("`>` is at the end of only one of source and destination".to_owned());
        }
        let rest = is_open(&tokens).then(|| source.len() - 1);
        if rest.is_some() {
            tokens.pop();
        }
        let parts = tokens.iter().map(|token| Part::read(token)).collect::<Result<Vec<_>, _>>()?;
        let wildcards: Vec<usize> =
            source.iter().enumerate().filter(|(_, token)| **token == "*").map(|(at, _)| at).collect();
        let missing = parts.iter().flat_map(Part::wildcards).find(|index| **index >= wildcards.len());
        if let Some(index) = missing {
            let (number, count) = (index + 1, wildcards.len());
            return Err(format!("wildcard {number} is named, and the source has {count}"));
        }
        check_literals(&parts, rest.is_some())?;
        Ok(Self { source: transform.source.clone(), wildcards, parts, rest })
    }

    /// A filter that matches whatever may come out.
    pub(crate) fn produces(&self) -> Result<SubjectFilter> {
        let is_fixed = |part: &&Part| {
            matches!(
                part,
                Part::Literal(_)
                    | Part::Wildcard(_)
                    | Part::Partition { .. }
                    | Part::Cut { cut: Cut::Left | Cut::Right, .. }
            )
        };
        let fixed = self.parts.iter().take_while(is_fixed);
        let mut tokens: Vec<&str> =
            fixed.map(|part| if let Part::Literal(text) = part { text } else { "*" }).collect();
        // What is cut may become any number of tokens.
        if self.rest.is_some() || tokens.len() < self.parts.len() {
            tokens.push(">");
        }
        SubjectFilter::new(tokens.join("."))
    }

    /// What the subject becomes; `None` if it does not match the source.
    ///
    /// What comes out may break the rules of [`Subject`] although what goes in does not: `{{split(1,-)}}` leaves nothing
    /// of the token `--`.
    #[must_use]
    pub fn apply(&self, subject: &str) -> Option<String> {
        if !self.source.matches(subject) {
            return None;
        }
        let tokens: Vec<&str> = subject.split('.').collect();
        let matched = |index: usize| {
            self.wildcards.get(index).and_then(|at| tokens.get(*at)).copied().unwrap_or_default()
        };
        let mut renamed = Vec::with_capacity(self.parts.len() + 1);
        for part in &self.parts {
            renamed.push(match part {
                Part::Literal(text) => text.to_string(),
                Part::Wildcard(index) => matched(*index).to_owned(),
                Part::Partition { buckets, wildcards } if wildcards.is_empty() => {
                    partition(std::iter::once(subject), *buckets)
                }
                Part::Partition { buckets, wildcards } => {
                    partition(wildcards.iter().map(|index| matched(*index)), *buckets)
                }
                Part::Split { wildcard, at } => split(matched(*wildcard), at),
                Part::Cut { wildcard, cut, size } => cut_token(matched(*wildcard), *cut, *size),
            });
        }
        let rest = self.rest.and_then(|rest| tokens.get(rest..)).unwrap_or_default();
        renamed.extend(rest.iter().map(ToString::to_string));
        Some(renamed.join("."))
    }
}

/// Whether a subject can come out: with `x` for what a function makes.
fn check_literals(parts: &[Part], is_open: bool) -> Result<(), String> {
    let mut tokens: Vec<&str> = parts
        .iter()
        .map(|part| match part {
            Part::Literal(text) => text,
            _ => "x",
        })
        .collect();
    if is_open {
        tokens.push("x");
    }
    Subject::new(tokens.join(".")).map(drop).map_err(|error| error.message().to_owned())
}

/// FNV-1a of 32 bits, as nats-server partitions.
fn partition<'a>(keys: impl Iterator<Item = &'a str>, buckets: u32) -> String {
    let bytes = keys.flat_map(str::bytes);
    let hash = bytes.fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash.checked_rem(buckets).unwrap_or_default().to_string()
}

/// Nothing is left of what lies between two delimiters, before the first or after the last.
fn split(token: &str, at: &str) -> String {
    token.split(at).filter(|piece| !piece.is_empty()).collect::<Vec<_>>().join(".")
}

fn cut_token(token: &str, cut: Cut, size: usize) -> String {
    let whole = || token.to_owned();
    if size >= token.len() {
        return whole();
    }
    let from_right = token.len() - size;
    match cut {
        Cut::SplitFromLeft => at(token, &[size]).unwrap_or_else(whole),
        Cut::SplitFromRight => at(token, &[from_right]).unwrap_or_else(whole),
        Cut::SliceFromLeft => {
            let places: Vec<usize> = (size..token.len()).step_by(size).collect();
            at(token, &places).unwrap_or_else(whole)
        }
        Cut::SliceFromRight => {
            let places: Vec<usize> =
                (token.len() % size..token.len()).step_by(size).filter(|place| *place > 0).collect();
            at(token, &places).unwrap_or_else(whole)
        }
        Cut::Left => token.get(..size).map_or_else(whole, ToOwned::to_owned),
        Cut::Right => token.get(from_right..).map_or_else(whole, ToOwned::to_owned),
    }
}

/// The token with a `.` at each of these places; `None` if one is within a character.
fn at(token: &str, places: &[usize]) -> Option<String> {
    let mut pieces = Vec::with_capacity(places.len() + 1);
    let mut begin = 0;
    for place in places.iter().chain(std::iter::once(&token.len())) {
        pieces.push(token.get(begin..*place)?);
        begin = *place;
    }
    Some(pieces.join("."))
}
