//! What travels beside a payload: [`Headers`], made of [`HeaderName`] and [`HeaderValue`].

mod iter;
mod name;
pub(crate) mod value;

use std::fmt::{self, Debug, Formatter};

pub use iter::HeadersIter;
pub use name::HeaderName;
pub use value::HeaderValue;

use crate::{Error, Result};

/// The lines around the headers on the wire.
const FRAME_LEN: usize = "NATS/1.0\r\n".len() + "\r\n".len();
/// What the wire puts between a name and its value, and after the value.
const LINE_LEN: usize = ": ".len() + "\r\n".len();

/// The headers of a message: names with one value or more, in the order they were added.
///
/// Neither a name nor a value can be illegal, so whatever is in here is published and arrives as it is.
/// Every backend keeps the order of one name's values. Between names it need not: async-nats does not, and two
/// sets of headers are equal when each name has the same values in the same order.
///
/// Names that begin with `Nats-` only come from a broker (through
/// [`append_received`](Self::append_received)) and are not published: take them out with
/// [`without_reserved`](Self::without_reserved) before publishing what was received, or they would repeat another
/// publisher's instructions. `Debug` shows names and the lengths of values. Without any header nothing is
/// allocated.
///
/// ```
/// use pubsub_core::Headers;
///
/// let mut headers = Headers::new();
/// headers.insert("correlation-id", "c-4711")?;
/// headers.append("tag", "night")?;
/// headers.append("tag", "airport")?;
///
/// assert_eq!(headers.get("correlation-id"), Some("c-4711"));
/// assert_eq!(headers.get_all("tag").collect::<Vec<_>>(), ["night", "airport"]);
/// assert!(headers.insert("Nats-Msg-Id", "17").is_err());
/// # Ok::<(), pubsub_core::Error>(())
/// ```
#[derive(Clone, Default, Eq)]
pub struct Headers {
    lines: Vec<(HeaderName, HeaderValue)>,
}

impl Headers {
    /// The most bytes that the headers of one message may take on the wire, message id and other options
    /// included: 65,535. nats-server keeps the length in 16 bits and refuses more (`server/stream.go`, error 10097,
    /// which says 64k).
    pub const MAX_WIRE_LEN: usize = 65_535;

    /// No headers. Allocates nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { lines: Vec::new() }
    }

    /// Gives the name this one value, in place of all it had.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if the name or the value is illegal, or the name is
    /// reserved; nothing has changed then.
    pub fn insert(
        &mut self,
        name: impl TryInto<HeaderName, Error: Into<Error>>,
        value: impl TryInto<HeaderValue, Error: Into<Error>>,
    ) -> Result<()> {
        let (name, value) = checked(name, value)?;
        match self.lines.iter().position(|(known, _)| *known == name) {
            None => self.lines.push((name, value)),
            Some(first) => {
                let mut at = 0;
                self.lines.retain(|(known, _)| {
                    let keep = *known != name || at == first;
                    at += 1;
                    keep
                });
                if let Some(line) = self.lines.get_mut(first) {
                    line.1 = value;
                }
            }
        }
        Ok(())
    }

    /// Gives the name one more value, after those it has.
    ///
    /// # Errors
    /// As [`insert`](Self::insert).
    pub fn append(
        &mut self,
        name: impl TryInto<HeaderName, Error: Into<Error>>,
        value: impl TryInto<HeaderValue, Error: Into<Error>>,
    ) -> Result<()> {
        self.lines.push(checked(name, value)?);
        Ok(())
    }

    /// Adds a header that came from a broker: the name may be reserved, and the value may hold control characters
    /// that other publishers sent ([`HeaderName::received`], [`HeaderValue::received`]). For backends.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if it could not be sent again as it is; nothing
    /// has changed then. Leave such a header out and say so in a log: the message itself is sound.
    pub fn append_received(&mut self, name: &str, value: &str) -> Result<()> {
        let name = HeaderName::received(name)?;
        let value = HeaderValue::received(value).map_err(|error| error.with_context("header", &name))?;
        self.lines.push((name, value));
        Ok(())
    }

    /// The first value of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.lines.iter().find(|(known, _)| *known == *name).map(|(_, value)| value.as_str())
    }

    /// All values of this name, in the order they were added. They outlive the name that was asked for.
    pub fn get_all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        // From its first line on, the name is compared with our own copy of it: the caller's need not stay.
        let first = self.lines.iter().position(|(known, _)| *known == *name);
        let lines = first.and_then(|first| self.lines.get(first..)).unwrap_or_default();
        let wanted = lines.first().map(|(name, _)| name);
        lines.iter().filter(move |(known, _)| Some(known) == wanted).map(|(_, value)| value.as_str())
    }

    /// Whether this name has a value.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Removes all values of this name. Returns whether there was one.
    pub fn remove(&mut self, name: &str) -> bool {
        let before = self.lines.len();
        self.lines.retain(|(known, _)| *known != *name);
        self.lines.len() < before
    }

    /// Each name with each of its values, in the order they were added.
    #[must_use]
    pub fn iter(&self) -> HeadersIter<'_> {
        HeadersIter(self.lines.iter())
    }

    /// How many values there are, over all names.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there is no header.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The bytes that these headers take on the wire: `NATS/1.0\r\n`, a line `name: value\r\n` each, and `\r\n`.
    /// A message without any header is sent without that frame.
    #[must_use]
    pub fn wire_len(&self) -> usize {
        let line =
            |(name, value): &(HeaderName, HeaderValue)| name.as_str().len() + value.as_str().len() + LINE_LEN;
        FRAME_LEN + self.lines.iter().map(line).sum::<usize>()
    }

    /// The names among these that are reserved, once per value.
    pub fn reserved(&self) -> impl Iterator<Item = &HeaderName> {
        self.lines.iter().map(|(name, _)| name).filter(|name| name.is_reserved())
    }

    /// The headers whose names are not reserved: what may be published again.
    #[must_use]
    pub fn without_reserved(mut self) -> Self {
        self.lines.retain(|(name, _)| !name.is_reserved());
        self
    }
}

fn checked(
    name: impl TryInto<HeaderName, Error: Into<Error>>,
    value: impl TryInto<HeaderValue, Error: Into<Error>>,
) -> Result<(HeaderName, HeaderValue)> {
    let name = name.try_into().map_err(Into::into)?;
    let value = value.try_into().map_err(|error| error.into().with_context("header", &name))?;
    Ok((name, value))
}

/// Equal if each name has the same values in the same order; the order between names does not count.
impl PartialEq for Headers {
    fn eq(&self, other: &Self) -> bool {
        // With equal counts, a name that only `other` has would leave one of ours short.
        self.len() == other.len()
            && self.iter().all(|(name, _)| {
                let name = name.as_str();
                self.get_all(name).eq(other.get_all(name))
            })
    }
}

impl Debug for Headers {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let lines = self.lines.iter().map(|(name, value)| (name.as_str(), value));
        f.debug_map().entries(lines).finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ErrorKind;

    fn headers(lines: &[(&str, &str)]) -> Headers {
        let mut headers = Headers::new();
        for (name, value) in lines {
            headers.append_received(name, value).unwrap();
        }
        headers
    }

    fn lines(headers: &Headers) -> Vec<(&str, &str)> {
        headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    #[test]
    fn values_of_one_name_keep_their_order() {
        let headers = headers(&[("tag", "b"), ("other", "x"), ("tag", "a"), ("tag", "b")]);
        assert_eq!(headers.get_all("tag").collect::<Vec<_>>(), ["b", "a", "b"]);
        assert_eq!(headers.get("tag"), Some("b"));
        assert_eq!(headers.len(), 4);
    }

    #[test]
    fn values_outlive_the_name_that_was_asked_for() {
        let headers = headers(&[("tag", "a"), ("x", "0"), ("tag", "b")]);
        let values = {
            let name = String::from("tag");
            headers.get_all(&name)
        };
        assert_eq!(values.collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(headers.get_all("none").count(), 0);
    }

    #[test]
    fn insert_replaces_all_values_in_the_place_of_the_first() {
        let mut headers = headers(&[("x", "0"), ("tag", "1"), ("y", "2"), ("tag", "3")]);
        headers.insert("tag", "new").unwrap();
        assert_eq!(lines(&headers), [("x", "0"), ("tag", "new"), ("y", "2")]);
        headers.insert("z", "last").unwrap();
        assert_eq!(lines(&headers).last(), Some(&("z", "last")));
    }

    #[test]
    fn remove_takes_all_values() {
        let mut headers = headers(&[("tag", "1"), ("y", "2"), ("tag", "3")]);
        assert!(headers.remove("tag"));
        assert!(!headers.remove("tag"));
        assert_eq!(lines(&headers), [("y", "2")]);
        assert!(!headers.contains("tag"));
    }

    #[test]
    fn names_differ_by_case() {
        let headers = headers(&[("Trace", "1")]);
        assert_eq!(headers.get("trace"), None);
    }

    #[test]
    fn a_refused_header_changes_nothing_and_is_named() {
        let mut headers = headers(&[("tag", "1")]);
        let before = headers.clone();
        let error = headers.insert("tag", "two\nlines").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert_eq!(error.context("header"), Some("tag"));
        assert!(headers.append("Nats-Rollup", "all").is_err());
        assert!(headers.append_received("bad name", "x").is_err());
        assert_eq!(headers.append_received("tag", "a\rb").unwrap_err().context("header"), Some("tag"));
        assert_eq!(headers, before);
    }

    #[test]
    fn names_and_values_that_are_checked_already_are_taken() {
        let mut headers = Headers::new();
        let (name, value) = (HeaderName::new("a").unwrap(), HeaderValue::new("1").unwrap());
        headers.append(&name, &value).unwrap();
        headers.append(name, value).unwrap();
        headers.append(String::from("a"), String::from("2")).unwrap();
        assert_eq!(headers.get_all("a").collect::<Vec<_>>(), ["1", "1", "2"]);
    }

    #[test]
    fn reserved_headers_are_found_and_left_out() {
        let received = headers(&[("Nats-Msg-Id", "7"), ("tag", "1"), ("nats-ttl", "5s")]);
        assert_eq!(
            received.reserved().map(HeaderName::as_str).collect::<Vec<_>>(),
            ["Nats-Msg-Id", "nats-ttl"]
        );
        assert_eq!(lines(&received.without_reserved()), [("tag", "1")]);
    }

    #[test]
    fn the_order_between_names_does_not_count_for_equality() {
        assert_eq!(headers(&[("a", "1"), ("b", "2")]), headers(&[("b", "2"), ("a", "1")]));
        assert_ne!(headers(&[("a", "1"), ("a", "2")]), headers(&[("a", "2"), ("a", "1")]));
        assert_ne!(headers(&[("a", "1"), ("a", "1")]), headers(&[("a", "1"), ("b", "1")]));
        assert_ne!(headers(&[("a", "1")]), Headers::new());
    }

    #[test]
    fn debug_shows_names_and_lengths() {
        let headers = headers(&[("authorization", "secret")]);
        assert_eq!(format!("{headers:?}"), r#"{"authorization": HeaderValue(6 bytes)}"#);
    }

    #[test]
    fn no_headers_allocate_nothing() {
        assert_eq!(Headers::new().lines.capacity(), 0);
        assert_eq!(Headers::default().clone().lines.capacity(), 0);
    }

    proptest! {
        #[test]
        fn the_wire_length_is_that_of_the_text(
            given in prop::collection::vec(("[a-z]{1,9}", "[a-z\u{fc}]{0,9}"), 0..6)
        ) {
            let mut headers = Headers::new();
            let mut wire = String::from("NATS/1.0\r\n");
            for (name, value) in &given {
                headers.append(name, value).unwrap();
                wire += &format!("{name}: {value}\r\n");
            }
            wire += "\r\n";
            prop_assert_eq!(headers.wire_len(), wire.len());
        }
    }
}
