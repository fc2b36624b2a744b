//! Which stream stores a subject, where nobody has said it.

use pubsub::{Error, ErrorKind, Result, StreamAdmin, StreamName, SubjectFilter};

/// The one stream that stores what one of the filters matches.
///
/// # Errors
/// `NotFound` if there is none, `InvalidInput` if there are several.
pub(super) async fn stream(admin: &dyn StreamAdmin, filters: &[SubjectFilter]) -> Result<StreamName> {
    let stores = |subjects: &[SubjectFilter]| {
        subjects.iter().any(|subject| filters.iter().any(|filter| filter.overlaps(subject)))
    };
    let streams = admin.list_streams().await?;
    let mut found = streams.into_iter().map(|info| info.config).filter(|config| stores(&config.subjects));
    let listed = || filters.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let Some(first) = found.next() else {
        return Err(Error::new(ErrorKind::NotFound, "no stream stores such subjects")
            .with_context("subjects", listed())
            .with_remedy("see `pubsub streams list`"));
    };
    let others: Vec<String> = found.map(|config| config.name.to_string()).collect();
    if others.is_empty() {
        return Ok(first.name);
    }
    Err(Error::invalid_input("stream", "several streams store such subjects")
        .with_context("subjects", listed())
        .with_context("streams", format!("{}, {}", first.name, others.join(", ")))
        .with_remedy("name one by `--stream`"))
}
