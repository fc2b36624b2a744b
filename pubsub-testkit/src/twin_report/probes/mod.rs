//! What is asked: [`PROBES`].

mod administration;
mod backlog;
mod batches;
mod instructions;
mod limits;
mod publishing;
mod redelivery;
mod refusals;
mod retention;
mod settlement;

use futures::future::BoxFuture;
use pubsub_core::Capability;

use super::answers::Answers;
use crate::check::CaseResult;
use crate::trial::Trial;

/// A few questions about one thing.
pub(super) struct Probe {
    pub(super) name: &'static str,
    pub(super) needs: &'static [Capability],
    pub(super) ask: for<'a> fn(&'a Trial, &'a mut Answers) -> BoxFuture<'a, CaseResult>,
}

/// Declares them: what it is about, the function, and the capabilities that it needs.
macro_rules! probes {
    ($($name:literal = $($path:ident)::+ [$($need:ident)*];)+) => {
        pub(super) const PROBES: &[Probe] = &[$(Probe {
            name: $name,
            needs: &[$(Capability::$need),*],
            ask: |trial, answers| Box::pin($($path)::+(trial, answers)),
        }),+];
    };
}

probes! {
    "receipt" = publishing::receipt [];
    "message id" = publishing::message_id [MessageId];
    "id of a refused publish" = publishing::id_of_a_refused_publish [MessageId Expectations];
    "batch" = batches::batch [];
    "atomic batch" = batches::atomic [AtomicBatch];
    "atomic batch, refused" = batches::atomic_refused [AtomicBatch Expectations MessageId];
    "expectations" = instructions::expectations [Expectations];
    "time to live" = instructions::time_to_live [MessageTtl];
    "rollup" = instructions::rollup [Rollup];
    "schedule" = instructions::schedule [Schedules];
    "transform" = instructions::transform [SubjectTransform];
    "ack" = settlement::ack [];
    "ack of the third alone" = settlement::third_alone [];
    "ack up to the third" = settlement::up_to_the_third [AckPolicies];
    "no acks" = settlement::no_acks [AckPolicies];
    "term" = settlement::term [Term];
    "two settlements" = settlement::two [];
    "settlement of what is gone" = settlement::of_what_is_gone [ConfirmedSettlement];
    "settlement of what is purged" = settlement::of_what_is_purged [ConfirmedSettlement Purge];
    "settlement after the close" = settlement::after_the_close [];
    "nak" = redelivery::nak [];
    "nak with a delay" = redelivery::nak_with_a_delay [NakDelay];
    "ack wait" = redelivery::ack_wait [];
    "late ack" = redelivery::late_ack [];
    "extend" = redelivery::extend [Extend];
    "drop" = redelivery::drop_unsettled [];
    "max deliver" = redelivery::max_deliver [];
    "backoff" = redelivery::backoff [Backoff];
    "max ack pending" = redelivery::max_ack_pending [MaxAckPending];
    "new consumer" = backlog::new_consumer [];
    "start" = backlog::start [StartPosition];
    "filters" = backlog::filters [];
    "fetch" = backlog::fetch [];
    "headers only" = backlog::headers_only [HeadersOnly];
    "pause" = backlog::pause [Pause];
    "reset" = backlog::reset [Reset];
    "interest" = retention::interest [InterestRetention];
    "work queue" = retention::work_queue [WorkQueueRetention];
    "work queue, refused" = retention::work_queue_refused [WorkQueueRetention StartPosition AckPolicies];
    "full stream" = limits::full_stream [StreamLimits DiscardNew];
    "full subject" = limits::full_subject [StreamLimits DiscardNew DiscardNewPerSubject];
    "age" = limits::age [StreamLimits];
    "sizes" = limits::sizes [StreamLimits];
    "creation of a stream" = refusals::stream [];
    "limits of a stream" = refusals::stream_limits [StreamLimits DiscardNew];
    "creation of a consumer" = refusals::consumer [];
    "settings of a consumer" = refusals::consumer_settings [];
    "what is not there" = refusals::missing [];
    "deletion while waiting" = refusals::deleted_while_waiting [];
    "use after the close" = refusals::after_the_close [];
    "update of a stream" = administration::update_stream [Update StreamLimits];
    "update of a consumer" = administration::update_consumer [Update];
    "purge" = administration::purge [Purge];
    "stored message" = administration::stored_message [GetMessage DeleteMessage];
    "subjects and gaps" = administration::subjects_and_gaps [StreamDetails DeleteMessage];
    "list" = administration::list [List];
}
