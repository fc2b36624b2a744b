//! A. Publish and receive.

pub(crate) mod batch;
pub(crate) mod codec;
pub(crate) mod concurrency;
pub(crate) mod envelope;
pub(crate) mod headers;
pub(crate) mod layers;
pub(crate) mod native;
pub(crate) mod publishers;
pub(crate) mod receipts;
pub(crate) mod refusals;
pub(crate) mod retry;
pub(crate) mod round_trip;
pub(crate) mod subjects;
pub(crate) mod window;
