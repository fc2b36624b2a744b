//! Reads the file in which a server tells its ports.

use std::fs;
use std::path::Path;

use serde_json::Value;

/// Where clients reach a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Endpoint {
    pub(super) url: String,
    pub(super) port: u16,
}

/// The endpoint of the server with this process id; `None` as long as its file is not there or not complete:
/// it is not written in one piece.
pub(super) fn read(folder: &Path, pid: u32) -> Option<Endpoint> {
    // The name starts with the binary's.
    let ending = format!("_{pid}.ports");
    let file = folder
        .read_dir()
        .ok()?
        .filter_map(Result::ok)
        .find(|entry| entry.file_name().to_string_lossy().ends_with(&ending))?;
    parse(&fs::read(file.path()).ok()?)
}

/// `{"nats":["nats://127.0.0.1:40243"]}`
fn parse(text: &[u8]) -> Option<Endpoint> {
    let value: Value = serde_json::from_slice(text).ok()?;
    let url = value.pointer("/nats/0")?.as_str()?;
    let (_, port) = url.rsplit_once(':')?;
    Some(Endpoint { url: url.to_owned(), port: port.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::{Endpoint, parse};

    #[test]
    fn the_first_client_address_is_taken() {
        let text = br#"{"nats":["nats://127.0.0.1:40243","nats://127.0.0.1:1"],"cluster":["127.0.0.1:2"]}"#;
        let endpoint = Endpoint { url: "nats://127.0.0.1:40243".to_owned(), port: 40243 };
        assert_eq!(parse(text), Some(endpoint));
    }

    #[test]
    fn a_file_that_is_still_being_written_says_nothing() {
        for text in ["", "{", r#"{"nats":["nats://127.0.0.1:402"#, r#"{"nats":[]}"#] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }
}
