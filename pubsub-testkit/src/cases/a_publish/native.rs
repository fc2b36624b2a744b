//! The way out of the vocabulary.

use std::any::{Any, TypeId};
use std::error::Error as _;
use std::sync::Arc;

use pubsub_core::{
    Broker, Client, Delivery, ErrorKind, Message, OnPublish, PublisherExt as _, SubjectPrefix,
};

use crate::check::{CaseResult, check, check_eq, refused_as};
use crate::trial::Trial;

/// A type that no backend gives out.
#[derive(Debug)]
struct Nobodys;

/// A22: what a backend gives out as its own object is the same at each look and through layers; asked for another type,
/// connection, publisher, consumer, administration, message and error give nothing and do no harm.
pub(crate) async fn wrong_type_gives_nothing(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "reader").await?;
    trial.publish("a", "x").await?;
    let (broker, publisher, admin) = (trial.broker(), trial.publisher(), trial.admin()?);
    let handle = consumer.handle();
    let another = broker.consumer(&stream, consumer.name()).await?;
    check_eq!(kind(broker.native())?, kind(broker.native())?, "what the connection gives out");
    check_eq!(kind(publisher.native())?, kind(broker.publisher().native())?, "what two publishers give out");
    check_eq!(kind(admin.native())?, kind(trial.admin()?.native())?, "what the administration gives out");
    check_eq!(kind(handle.native())?, kind(another.native())?, "what two handles give out");

    let layered = Client::new(Arc::clone(broker))
        .with_layer(SubjectPrefix::new("prefix")?)
        .with_layer(OnPublish::new(|_| ()));
    let below = layered.consumer(&stream, consumer.name()).await?;
    check_eq!(kind(Broker::native(&layered))?, kind(broker.native())?, "the connection through layers");
    check_eq!(kind(layered.publisher().native())?, kind(publisher.native())?, "the publisher through layers");
    check_eq!(kind(below.native())?, kind(handle.native())?, "the consumer through layers");
    check_eq!(kind(layered.admin()?.native())?, kind(admin.native())?, "the administration through layers");

    let delivery = consumer.next().await?;
    check!(!is_nobodys(&delivery), "a message is of a type that is nobody's");
    delivery.ack().await?;

    let outcome = broker.consumer(&stream, &trial.consumer_name("missing")?).await.map(drop);
    let error = refused_as(outcome, ErrorKind::NotFound, None, "a handle on a consumer that is not there")?;
    check!(!has_nobodys_cause(&error), "the cause of an error is of a type that is nobody's");
    trial.publisher().publish(trial.subject("a")?, "after").await?;
    consumer.take_and_ack(1).await?;
    consumer.drained();
    Ok(())
}

#[derive(Debug)]
struct TheirError;

impl std::fmt::Display for TheirError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("nobody's")
    }
}

impl std::error::Error for TheirError {}

/// The type of what is given out. Asked for another one, it gives nothing.
fn kind(native: Option<&dyn Any>) -> CaseResult<Option<TypeId>> {
    let wrong = native.and_then(<dyn Any>::downcast_ref::<Nobodys>);
    check!(wrong.is_none(), "what is given out is of a type that is nobody's");
    Ok(native.map(Any::type_id))
}

fn is_nobodys(delivery: &Delivery) -> bool {
    let message: &dyn Message = &**delivery;
    (message as &dyn Any).is::<Nobodys>()
}

fn has_nobodys_cause(error: &pubsub_core::Error) -> bool {
    let mut cause = error.source();
    while let Some(source) = cause {
        if source.is::<TheirError>() {
            return true;
        }
        cause = source.source();
    }
    false
}
