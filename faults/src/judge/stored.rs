//! What the stream holds when all is over: [`read`].

use futures::{StreamExt as _, TryStreamExt as _, stream as futures_stream};
use pubsub_core::{ErrorKind, MessageSelector, StreamAdmin};

use crate::Result;
use crate::load::Id;
use crate::site::stream;

/// How many messages are read at a time.
const AT_ONCE: usize = 64;

/// The messages of the load, in the order of the stream.
pub(crate) async fn read(admin: &dyn StreamAdmin) -> Result<Vec<Id>> {
    let last = admin.stream_info(&stream()).await?.last_sequence;
    let name = stream();
    let reading = futures_stream::iter(1..=last).map(|sequence| {
        let name = &name;
        async move {
            match admin.get_message(name, MessageSelector::Sequence(sequence)).await {
                Ok(message) => Ok(Id::parse(&message.payload)),
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
                Err(error) => Err(error),
            }
        }
    });
    let messages: Vec<Option<Id>> = reading.buffered(AT_ONCE).try_collect().await?;
    Ok(messages.into_iter().flatten().collect())
}
