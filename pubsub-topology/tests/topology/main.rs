//! Topologies as their users write them: read, checked, planned and applied on the memory backend.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod applying;
mod mistakes;
mod reading;
mod ride_sharing;
