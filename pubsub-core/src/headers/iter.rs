//! The headers one after another: [`HeadersIter`].

use std::fmt::{self, Debug, Formatter};
use std::iter::FusedIterator;
use std::slice;

use super::{HeaderName, HeaderValue, Headers};

/// Each name with each of its values, in the order they were added. Made by [`Headers::iter`].
#[derive(Clone)]
pub struct HeadersIter<'a>(pub(super) slice::Iter<'a, (HeaderName, HeaderValue)>);

impl<'a> Iterator for HeadersIter<'a> {
    type Item = (&'a HeaderName, &'a HeaderValue);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(name, value)| (name, value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl ExactSizeIterator for HeadersIter<'_> {}

impl FusedIterator for HeadersIter<'_> {}

/// Names, and the lengths of values.
impl Debug for HeadersIter<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.clone()).finish()
    }
}

impl<'a> IntoIterator for &'a Headers {
    type Item = (&'a HeaderName, &'a HeaderValue);
    type IntoIter = HeadersIter<'a>;

    fn into_iter(self) -> HeadersIter<'a> {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers() -> Headers {
        let mut headers = Headers::new();
        headers.append("tag", "a").unwrap();
        headers.append("tag", "b").unwrap();
        headers
    }

    #[test]
    fn a_reference_is_iterated_like_the_headers() {
        let headers = headers();
        let mut seen = Vec::new();
        for (name, value) in &headers {
            seen.push((name.as_str(), value.as_str()));
        }
        assert_eq!(seen, [("tag", "a"), ("tag", "b")]);
    }

    #[test]
    fn it_knows_how_many_are_left() {
        let headers = headers();
        let mut iter = headers.iter();
        assert_eq!(iter.len(), 2);
        iter.next();
        assert_eq!(iter.len(), 1);
    }

    #[test]
    fn debug_does_not_show_values() {
        let text = format!("{:?}", headers().iter());
        assert!(text.contains("tag") && !text.contains("\"a\""), "{text}");
    }
}
