//! The shared conformance suite on a real nats-server, one for each case.

use pubsub_nats::NatsConnector;
use pubsub_testkit::NatsHarness;

pubsub_testkit::main!(NatsHarness::start(NatsConnector));
