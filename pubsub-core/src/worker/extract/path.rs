//! What a route's pattern takes from the subject: [`Path`].

use serde::de::DeserializeOwned;

use super::{FromMessage, Incoming, path_de};
use crate::worker::Failure;

/// What the names in the route's pattern stand for: one value for one name, a tuple in their order, or a struct or a map
/// by their names.
///
/// ```
/// use pubsub_core::worker::{Path, Router};
///
/// async fn moved(Path((city, ride)): Path<(String, u64)>) {
///     println!("ride {ride} in {city}");
/// }
///
/// let router: Router = Router::new().route("ride.{city}.{ride_id}.moved", moved)?;
/// # Ok::<(), pubsub_core::Error>(())
/// ```
///
/// A subject that does not fit, such as a word for the number above, is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Path<T>(pub T);

impl<S, T: DeserializeOwned + Send + 'static> FromMessage<S> for Path<T> {
    fn from_message(incoming: &Incoming<'_>, _state: &S) -> Result<Self, Failure> {
        path_de::from_parameters(&incoming.parameters)
            .map(Self)
            .map_err(|fault| Failure::reject(format!("the subject does not fit the handler: {fault}")))
    }
}
