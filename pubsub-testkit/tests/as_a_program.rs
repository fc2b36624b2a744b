//! The suite on memory as a test program of its own.

use pubsub_testkit::MemoryHarness;

pubsub_testkit::main!(MemoryHarness::new());
