//! The shared conformance suite on the memory backend, on virtual time.

use pubsub_testkit::MemoryHarness;

pubsub_testkit::suite!(MemoryHarness::new());
