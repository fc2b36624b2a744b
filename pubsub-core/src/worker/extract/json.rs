//! The payload, read as JSON: [`Json`].

use serde::de::DeserializeOwned;

use super::{FromMessage, Incoming};
use crate::worker::Failure;

/// The payload, read as JSON. What cannot be read is rejected: it goes to the dead letters with the place of the fault,
/// and never loops. `#[serde(deny_unknown_fields)]` on `T` makes it strict.
///
/// It is read where messages are taken, one message after the other. A payload that takes more than a millisecond should be taken as
/// [`Bytes`](bytes::Bytes) and read in `tokio::task::spawn_blocking`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Json<T>(pub T);

impl<S, T: DeserializeOwned + Send + 'static> FromMessage<S> for Json<T> {
    fn from_message(incoming: &Incoming<'_>, _state: &S) -> Result<Self, Failure> {
        let mut deserializer = serde_json::Deserializer::from_slice(incoming.message().payload());
        let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
            // Not the cause's own text, which quotes the payload.
            let (path, cause) = (error.path().to_string(), error.inner());
            let category = match cause.classify() {
                serde_json::error::Category::Data => "a value of another type or a field too many or missing",
                serde_json::error::Category::Eof => "it ends too early",
                _ => "it is no JSON",
            };
            let place = format!("line {} column {}", cause.line(), cause.column());
            Failure::reject(format!("the payload cannot be read at `{path}` ({place}): {category}"))
        })?;
        deserializer
            .end()
            .map_err(|_| Failure::reject("the payload cannot be read: something follows its JSON"))?;
        Ok(Self(value))
    }
}
