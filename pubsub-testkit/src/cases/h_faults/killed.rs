//! Consumers that die while they handle a message.

use std::collections::BTreeSet;

use crate::check::{CaseResult, check, text};
use crate::trial::{SettleSurely as _, Trial};

const COUNT: usize = 30;

/// Who handles messages is killed in the middle of this one.
const KILLED_AT: usize = 7;

/// H5: of a consumer that is killed again and again in the middle of a message, every message is handled at least once, and
/// none that was settled is handled again.
pub(crate) async fn every_message_is_handled(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "worker").await?;
    trial.publish_many("a", COUNT).await?;
    let mut handled = BTreeSet::new();
    // What the dead held: nobody polls it, and it is not settled, given back or dropped before the case is over.
    let mut graves = Vec::new();
    while handled.len() < COUNT {
        check!(graves.len() < COUNT, "{} of {COUNT} are handled after {} lives", handled.len(), graves.len());
        let broker = trial.another_connection().await?;
        let worker = trial.open(&broker, &consumer).await?;
        let mut subscription = worker.subscribe(2);
        for number in 1..=KILLED_AT {
            let delivery = subscription.next().await?;
            if number == KILLED_AT {
                graves.push((subscription, delivery));
                break;
            }
            let payload = text(delivery.payload()).into_owned();
            delivery.ack_confirmed_if_possible(trial).await?;
            check!(handled.insert(payload.clone()), "`{payload}` came again after it had been settled");
            if handled.len() == COUNT {
                break;
            }
        }
    }
    check!(graves.len() >= 3, "only {} consumers were killed", graves.len());
    drop(graves);
    consumer.stays_silent("a").await?;
    consumer.drained();
    Ok(())
}
