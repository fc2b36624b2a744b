//! The calls that are dropped: [`CALLS`].

mod administer;
mod connect;
mod consume;
mod publish;
mod settle;

use futures::future::BoxFuture;
use pubsub_core::Capability;

use super::cut::Cut;
use super::scene::Scene;
use crate::check::CaseResult;

/// What a dropped call may leave of the scene's stream and consumer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leaves {
    /// Both, as they were.
    Everything,
    /// What it was to delete may be gone, or go yet.
    PerhapsNothing,
    /// The consumer may be paused.
    PerhapsPaused,
}

/// One public future, and what must hold of it in particular.
pub(super) struct Call {
    pub(super) name: &'static str,
    pub(super) needs: &'static [Capability],
    /// Whether the history tells all that has happened. It does not where a change of the stream may have been made by a
    /// call that nobody heard of again.
    pub(super) judged: bool,
    pub(super) leaves: Leaves,
    pub(super) make: for<'a> fn(&'a Scene<'a>, &'a Cut) -> BoxFuture<'a, CaseResult>,
}

/// Declares them: what becomes of the history and the scene, the name, the function, and the capabilities that it needs.
macro_rules! calls {
    ($($kind:ident $name:literal = $($path:ident)::+ [$($need:ident)*];)+) => {
        pub(super) const CALLS: &[Call] = &[$(Call {
            name: $name,
            needs: &[$(Capability::$need),*],
            judged: calls!(@judged $kind),
            leaves: calls!(@leaves $kind),
            make: |scene, cut| Box::pin($($path)::+(scene, cut)),
        }),+];
    };
    (@judged judged) => { true };
    (@judged $unjudged:ident) => { false };
    (@leaves deletes) => { Leaves::PerhapsNothing };
    (@leaves pauses) => { Leaves::PerhapsPaused };
    (@leaves $other:ident) => { Leaves::Everything };
}

calls! {
    judged "Publisher::publish_with" = publish::publish_with [];
    judged "PendingReceipt" = publish::receipt [];
    judged "Publisher::publish_batch" = publish::publish_batch [];
    unjudged "Publisher::publish_atomic" = publish::publish_atomic [AtomicBatch];
    judged "Publisher::flush" = publish::flush [];
    judged "PublisherExt::publish_message, with an id" = publish::with_an_id [MessageId];
    judged "Consumer::fetch" = consume::fetch [];
    judged "Consumer::fetch, of nothing" = consume::fetch_of_nothing [];
    judged "Consumer::subscribe, next" = consume::next [];
    judged "Consumer::subscribe, of nothing" = consume::next_of_nothing [];
    judged "Consumer::info" = consume::info [];
    judged "Delivery::ack" = settle::ack [];
    judged "Delivery::ack_confirmed" = settle::ack_confirmed [ConfirmedSettlement];
    judged "Delivery::nak" = settle::nak [];
    judged "Delivery::nak_after" = settle::nak_after [NakDelay];
    judged "Delivery::term" = settle::term [Term];
    judged "Message::extend" = settle::extend [Extend];
    judged "Consumer::settle_many" = settle::many [];
    unjudged "StreamAdmin::create_stream" = administer::create_stream [];
    judged "StreamAdmin::stream_info" = administer::stream_info [];
    unjudged "StreamAdmin::update_stream" = administer::update_stream [Update];
    deletes "StreamAdmin::delete_stream" = administer::delete_stream [];
    judged "StreamAdmin::list_streams" = administer::list_streams [List];
    unjudged "StreamAdmin::create_consumer" = administer::create_consumer [];
    judged "StreamAdmin::consumer_info" = administer::consumer_info [];
    unjudged "StreamAdmin::update_consumer" = administer::update_consumer [Update];
    deletes "StreamAdmin::delete_consumer" = administer::delete_consumer [];
    judged "StreamAdmin::list_consumers" = administer::list_consumers [List];
    unjudged "StreamAdmin::purge_stream" = administer::purge [Purge];
    judged "StreamAdmin::get_message" = administer::get_message [GetMessage];
    unjudged "StreamAdmin::delete_message" = administer::delete_message [DeleteMessage];
    pauses "StreamAdmin::pause_consumer" = administer::pause [Pause];
    pauses "StreamAdmin::resume_consumer" = administer::resume [Pause];
    unjudged "StreamAdmin::reset_consumer" = administer::reset [Reset];
    judged "StreamAdmin::stream_subjects" = administer::stream_subjects [StreamDetails];
    judged "StreamAdmin::deleted_sequences" = administer::deleted_sequences [StreamDetails];
    judged "StreamAdmin::account_info" = administer::account_info [AccountInfo];
    unjudged "StreamAdmin::ensure_stream" = administer::ensure_stream [];
    unjudged "StreamAdmin::ensure_consumer" = administer::ensure_consumer [];
    judged "Broker::consumer" = connect::consumer [];
    judged "Broker::health" = connect::health [];
    judged "Broker::close" = connect::close [];
    judged "CoreMessaging::publish" = connect::say [CoreMessaging];
    judged "CoreMessaging::subscribe" = connect::listen [CoreMessaging];
    judged "CoreMessaging::request" = connect::request [CoreMessaging];
    judged "CoreMessaging::flush" = connect::flush [CoreMessaging];
}
