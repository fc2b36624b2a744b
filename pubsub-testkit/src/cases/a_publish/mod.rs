//! A. Publish and receive.

pub(crate) mod concurrency;
pub(crate) mod headers;
pub(crate) mod receipts;
pub(crate) mod round_trip;
pub(crate) mod subjects;
