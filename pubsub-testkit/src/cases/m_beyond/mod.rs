//! M. Beyond the catalogue: what the vocabulary has and no peer's suite tests. The ids are this kit's own.
//!
//! | | |
//! |---|---|
//! | M1, M2 | expectations: each kind, right and wrong; over a filter |
//! | M3 | full subjects that refuse |
//! | M4, M5 | backoff; naks beside it |
//! | M6 | pause and resume |
//! | M7 | headers without payloads |
//! | M8 | messages that replace those before them |
//! | M9, M10 | streams that rename subjects; that pass on what they store |
//! | M11-M13 | notes; subjects and gaps of a stream; the account |
//! | M14-M16 | markers; schedules that are replaced, cancelled, that recur (in [`e_retention`](super::e_retention)) |
//! | M17 | advisories |
//! | M18 | a plain listener that does not keep up (in [`i_plain`](super::i_plain)) |
//! | M19 | confirmations without a sequence |
//! | M20 | the next stored message that matches |
//! | M21-M24 | generated commands, judged by the model: of one client, of several, on streams that let go, under faults |
//! | M25, M26 | a stream read in order, without acks; over resets |
//! | M27-M29 | consumers that choose among those who ask: one is pinned; what overflows; by rank |
//! | M30 | what a delivery says of its place, and a consumer of its floor |
//! | M31 | stored messages: by sequence, the last of a subject |
//! | M32 | fetches that are bounded by bytes |

pub(crate) mod advisories;
pub(crate) mod backoff;
pub(crate) mod bytes;
pub(crate) mod details;
pub(crate) mod expectations;
pub(crate) mod full_subject;
pub(crate) mod headers_only;
pub(crate) mod modelled;
pub(crate) mod notes;
pub(crate) mod pause;
pub(crate) mod places;
pub(crate) mod priority;
pub(crate) mod reading;
pub(crate) mod renamed;
pub(crate) mod rollup;
pub(crate) mod stored;
pub(crate) mod stored_only;
