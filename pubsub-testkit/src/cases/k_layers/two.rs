//! Two connections in one program.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::PoisonError;

use pubsub_core::{Delivery, OutboundMessage, Publisher, PublisherExt as _};

use crate::check::{CaseResult, check_eq, text};
use crate::trial::{SettleSurely as _, Trial};

/// K7: two connections live side by side in one program: one handler serves what comes from both, what came over one is
/// published over the other, and the end of one leaves the other as it is.
pub(crate) async fn one_handler(trial: &Trial) -> CaseResult {
    const COUNT: usize = 5;
    let (here, there) = (trial.another_connection().await?, trial.another_connection().await?);
    let orders = trial.create_stream(trial.stream_config("orders", &["orders.*"])?).await?;
    let bills = trial.create_stream(trial.stream_config("bills", &["bills.*"])?).await?;
    let from_orders = trial.create_consumer_over(&here, &orders, trial.consumer_config("orders")?).await?;
    let from_bills = trial.create_consumer_over(&there, &bills, trial.consumer_config("bills")?).await?;
    let handled: Mutex<BTreeMap<String, usize>> = Mutex::default();
    let handle = async |delivery: Delivery, bill: Option<&dyn Publisher>| -> CaseResult {
        let payload = text(delivery.payload()).into_owned();
        *handled.lock().unwrap_or_else(PoisonError::into_inner).entry(payload.clone()).or_default() += 1;
        if let Some(publisher) = bill {
            let subject = trial.subject(&format!("bills.{payload}"))?;
            publisher.publish_message(OutboundMessage::new(subject, payload)?).await?;
        }
        Ok(delivery.ack_confirmed_if_possible(trial).await?)
    };

    for number in 0..COUNT {
        trial.publish("orders.a", number.to_string()).await?;
    }
    let publisher = there.publisher();
    for delivery in from_orders.take(COUNT).await? {
        handle(delivery, Some(publisher.as_ref())).await?;
    }
    from_orders.drained();
    here.close().await?;
    for delivery in from_bills.take(COUNT).await? {
        handle(delivery, None).await?;
    }
    from_bills.drained();
    let expected: BTreeMap<_, _> = (0..COUNT).map(|number| (number.to_string(), 2)).collect();
    let handled = handled.into_inner().unwrap_or_else(PoisonError::into_inner);
    check_eq!(handled, expected, "how often the handler had each");
    check_eq!(trial.admin()?.stream_info(&bills).await?.messages, COUNT as u64, "the bills");
    Ok(())
}
