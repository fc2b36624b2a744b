//! Under which subject a stream stores a message: [`stored_subject`].

use std::borrow::Cow;

use super::records::{Publish, Records};

/// What the stream's transform makes of the subject; the subject itself without one that speaks of it.
pub(super) fn stored_subject<'a>(records: &Records<'a>, publish: &Publish<'a>) -> Cow<'a, str> {
    let stream = publish.stream.and_then(|life| records.streams.get(life)).and_then(|stream| stream.config);
    let subject = publish.message.subject.as_str();
    let transform = stream.and_then(|config| config.subject_transform.as_ref());
    let mapping = transform.and_then(|transform| transform.prepare().ok());
    mapping.and_then(|mapping| mapping.apply(subject)).map_or(Cow::Borrowed(subject), Cow::Owned)
}
