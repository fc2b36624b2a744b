//! Configuration values as people write them: durations (`"30s"`), sizes (`"100MB"`), limits (`"unlimited"`), times and
//! URLs.
//!
//! The modules [`duration`], [`size`] and [`timestamp`] serve serde's `with` attribute, so that the configuration of a
//! backend reads like that of a stream:
//!
//! ```
//! use std::time::Duration;
//!
//! #[derive(serde::Serialize, serde::Deserialize)]
//! #[serde(deny_unknown_fields)]
//! struct Options {
//!     #[serde(with = "pubsub_core::config::duration")]
//!     request_timeout: Duration,
//!     #[serde(with = "pubsub_core::config::size")]
//!     max_buffer: u64,
//! }
//!
//! let options: Options = serde_json::from_str(r#"{"request_timeout": "1m 30s", "max_buffer": "8MiB"}"#)?;
//! assert_eq!(options.request_timeout, Duration::from_secs(90));
//! assert_eq!(options.max_buffer, 8 * 1024 * 1024);
//! # Ok::<(), serde_json::Error>(())
//! ```

pub mod duration;
mod limit;
mod notation;
pub mod size;
pub mod timestamp;
mod url;

pub use limit::Limit;
// Of the crate `secrecy`: what the credentials of a URL are made of.
pub use secrecy::{ExposeSecret, SecretString};
pub use url::{ConnectUrl, UserInfo};
