//! Those who are measured, ours and others, each behind the few calls that the rows need.

pub(crate) mod channels;
pub(crate) mod floor;
pub(crate) mod memory;
pub(crate) mod nats;
#[cfg(pubsub_bench_peers)]
pub(crate) mod omniqueue;
#[cfg(pubsub_bench_peers)]
pub(crate) mod ruststream;
pub(crate) mod worker;

use bytes::Bytes;

/// A payload of this size, up to 1 KiB, that costs nothing to make or to share.
pub(crate) fn payload(bytes: usize) -> Bytes {
    static BYTES: [u8; 1024] = [b'x'; 1024];
    Bytes::from_static(&BYTES).slice(..bytes.min(BYTES.len()))
}
