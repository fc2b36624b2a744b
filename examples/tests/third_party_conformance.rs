//! The shared conformance suite on a third party's backend. This is all that it takes.

use pubsub_examples::third_party_backend::ChannelBroker;
use pubsub_testkit::{Clock, Connecting, Expected, Harness};

fn channel() -> impl Harness {
    let store = ChannelBroker::default();
    Connecting::new("channel", Clock::Virtual, move || Ok(store.connect())).expecting(Expected::only([]))
}

pubsub_testkit::suite!(channel());
