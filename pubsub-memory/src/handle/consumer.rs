//! A handle on a consumer.

use std::any::Any;
use std::future::poll_fn;
use std::sync::Arc;

use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use pubsub_core::{
    Capabilities, Consumer, ConsumerInfo, ConsumerName, Delivery, FetchOptions, Message, Result, Settlement,
    StreamName, SubscribeOptions,
};
use tokio::time::Instant;

use super::intake::Intake;
use super::link::Link;
use super::message::MemoryMessage;
use super::subscription::Subscription;
use crate::clock::after;
use crate::connection::Connection;
use crate::consumer::Room;

/// A handle on one consumer, and on no later one of its name.
#[derive(Debug)]
pub(crate) struct MemoryConsumer {
    link: Arc<Link>,
}

impl MemoryConsumer {
    pub(crate) fn open(
        connection: &Arc<Connection>,
        stream: &StreamName,
        consumer: &ConsumerName,
    ) -> Result<Self> {
        Ok(Self { link: Arc::new(Link::open(connection, stream, consumer)?) })
    }

    async fn take(&self, options: FetchOptions) -> Result<Vec<Delivery>> {
        options.check(self.link.connection.capabilities())?;
        self.link.check_priority(&options.priority)?;
        let until = after(Instant::now(), options.expires);
        let mut intake = Intake::new(Arc::clone(&self.link), options.priority);
        let room = Room { messages: options.max_messages, bytes: options.max_bytes };
        let mut taken = Vec::new();
        poll_fn(|context| intake.poll_take(context, room, until, &mut taken)).await?;
        let deliver = |taken| MemoryMessage::deliver(taken, &self.link, options.on_drop);
        Ok(taken.into_iter().map(deliver).collect())
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Consumer for MemoryConsumer {
    async fn fetch(&self, options: FetchOptions) -> Result<Vec<Delivery>> {
        self.take(options).await.map_err(|error| self.link.during("fetch", error))
    }

    fn capabilities(&self) -> Capabilities {
        self.link.connection.capabilities()
    }

    async fn info(&self) -> Result<ConsumerInfo> {
        let link = &self.link;
        let info = link.connection.check_open("broker").and_then(|()| {
            link.stream.run(|state, now, effects| state.consumer_info(&link.consumer, now, effects))
        });
        info.map_err(|error| link.during("consumer info", error))
    }

    fn subscribe(self: Arc<Self>, options: SubscribeOptions) -> BoxStream<'static, Result<Delivery>> {
        Subscription::new(Arc::clone(&self.link), options).boxed()
    }

    async fn settle_many(&self, deliveries: Vec<Delivery>, settlement: Settlement) -> Vec<Result<()>> {
        let mut results = Vec::with_capacity(deliveries.len());
        let mut ours = Vec::with_capacity(deliveries.len());
        for delivery in deliveries {
            let message = delivery.into_message();
            if let Some(own) = self.own(&*message) {
                ours.push(own.which());
                continue;
            }
            // A layer's, or another consumer's: each by itself, and in order.
            results.extend(self.link.settle_all(&std::mem::take(&mut ours), &settlement));
            results.push(message.settle(settlement.clone()).await);
        }
        results.extend(self.link.settle_all(&ours, &settlement));
        results
    }

    fn native(&self) -> Option<&dyn Any> {
        None
    }
}

impl MemoryConsumer {
    /// A message of this consumer, by way of this connection.
    fn own<'a>(&self, message: &'a dyn Message) -> Option<&'a MemoryMessage> {
        let message: &dyn Any = message;
        message.downcast_ref::<MemoryMessage>().filter(|message| {
            let link = message.link();
            Arc::ptr_eq(link, &self.link)
                || (link.key == self.link.key
                    && Arc::ptr_eq(&link.stream, &self.link.stream)
                    && Arc::ptr_eq(&link.connection, &self.link.connection))
        })
    }
}
