//! What each layer does, on virtual time over the memory backend.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod audit;
mod bench;
mod circuit_breaker;
mod compression;
mod concurrency_limit;
mod handlers;
mod measures;
mod message_ids;
mod rate_limit;
mod retry;
mod spans;
mod timeout;
