//! Settlements that the server confirms: [`confirm`].

use std::time::Duration;

use async_nats::Subject;
use bytes::Bytes;
use pubsub_core::{ConsumerName, Error, ErrorKind, Result, StreamName};
use tokio::time::{Instant, sleep, timeout};

use super::settle::{self, Confirmation};
use crate::api;
use crate::connection::Connection;

/// The first pause after nobody took a settlement; it doubles up to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LAST_PAUSE: Duration = Duration::from_millis(500);
/// How long a look at the consumer may take: one without a leader does not answer.
const LOOK: Duration = Duration::from_secs(1);

/// Settles and waits for the server's word. What `may_repeat` (an ack counts once, however often it is said) is said again
/// where the word does not come, and while the consumer has no leader.
pub(super) async fn confirm(
    connection: &Connection,
    (stream, consumer): (&StreamName, &ConsumerName),
    reply: &Subject,
    payload: Bytes,
    may_repeat: bool,
) -> Result<()> {
    if !may_repeat {
        return match settle::confirmed(&connection.request(reply.clone(), payload).await?)? {
            Confirmation::Settled => Ok(()),
            Confirmation::NobodyThere => Err(gone()),
        };
    }
    let deadline = Instant::now() + connection.config.request_timeout;
    let mut pause = FIRST_PAUSE;
    loop {
        let answer = connection.request_again(deadline, reply, &payload).await?;
        match settle::confirmed(&answer)? {
            Confirmation::Settled => return Ok(()),
            Confirmation::NobodyThere => {}
        }
        // A consumer that has no leader now is there all the same.
        let look = timeout(LOOK, api::consumer_info(connection, stream, consumer)).await;
        match look.map(|looked| looked.map_err(Error::from)) {
            Ok(Err(error)) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied) => {
                return Err(gone());
            }
            Ok(Err(error)) if error.kind() == ErrorKind::Closed => return Err(error),
            _ => {}
        }
        if Instant::now() + pause >= deadline {
            return Err(Error::new(
                ErrorKind::Unavailable,
                "nobody takes the settlement: the consumer has no leader now",
            )
            .with_broker_code(settle::NO_RESPONDERS)
            .with_effect_unknown()
            .with_remedy("the message comes again after its ack wait"));
        }
        sleep(pause).await;
        pause = (pause * 2).min(LAST_PAUSE);
    }
}

fn gone() -> Error {
    Error::new(ErrorKind::NotFound, "nobody takes the settlement: the consumer is gone")
        .with_broker_code(settle::NO_RESPONDERS)
        .with_remedy("treat the message as unsettled; whoever reads the stream next gets it again")
}
