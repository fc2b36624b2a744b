//! What becomes of deliveries on their way.

use std::sync::Arc;

use pubsub_core::{Delivery, Message};
use tokio::time::sleep;

use super::fault::DeliveryFault;
use super::message::FaultyMessage;
use super::plan::Plan;
use super::twice::in_two;

/// A delivery whose settlement meets the plan's faults.
pub(super) fn faulty(plan: &Arc<Plan>, inner: Box<dyn Message>) -> Delivery {
    Delivery::new(Box::new(FaultyMessage::new(inner, Arc::clone(plan))))
}

/// The same delivery twice.
pub(super) fn doubled(plan: &Arc<Plan>, inner: Box<dyn Message>) -> [Delivery; 2] {
    in_two(inner).map(|half| faulty(plan, half))
}

/// A batch as it arrives.
pub(super) async fn batch(plan: &Arc<Plan>, deliveries: Vec<Delivery>) -> Vec<Delivery> {
    let mut arrived = Vec::with_capacity(deliveries.len());
    let mut overtaken = Vec::new();
    for delivery in deliveries {
        let message = delivery.into_message();
        let mut overtaken_now = None;
        match plan.for_delivery(message.as_ref()) {
            // Not abandoned: nobody ever had it.
            Some(DeliveryFault::Drop) => drop(message),
            Some(DeliveryFault::Duplicate) => arrived.extend(doubled(plan, message)),
            Some(DeliveryFault::Delay(delay)) => {
                sleep(delay).await;
                arrived.push(faulty(plan, message));
            }
            Some(DeliveryFault::Reorder { .. }) => overtaken_now = Some(faulty(plan, message)),
            None => arrived.push(faulty(plan, message)),
        }
        if overtaken_now.is_none() {
            arrived.append(&mut overtaken);
        }
        overtaken.extend(overtaken_now);
    }
    arrived.append(&mut overtaken);
    arrived
}
