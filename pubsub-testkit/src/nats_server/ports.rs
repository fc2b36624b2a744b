//! Reads the file in which a server tells its ports.

use std::fs;
use std::path::Path;

use serde_json::Value;

/// Where clients reach a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Endpoint {
    pub(super) url: String,
    pub(super) port: u16,
    /// The port of the monitoring interface, where the configuration asks for one.
    pub(super) monitoring: Option<u16>,
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
    let monitoring = value.pointer("/monitoring/0").and_then(Value::as_str).and_then(port_of);
    Some(Endpoint { url: url.to_owned(), port: port_of(url)?, monitoring })
}

fn port_of(url: &str) -> Option<u16> {
    url.rsplit_once(':')?.1.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{Endpoint, parse};

    #[test]
    fn the_first_client_address_is_taken() {
        let text = br#"{"nats":["nats://127.0.0.1:40243","nats://127.0.0.1:1"],"cluster":["127.0.0.1:2"]}"#;
        let endpoint = Endpoint { url: "nats://127.0.0.1:40243".to_owned(), port: 40243, monitoring: None };
        assert_eq!(parse(text), Some(endpoint));
    }

    #[test]
    fn the_monitoring_port_is_taken_where_there_is_one() {
        let text = br#"{"nats":["nats://127.0.0.1:1"],"monitoring":["http://127.0.0.1:8222"]}"#;
        assert_eq!(parse(text).and_then(|endpoint| endpoint.monitoring), Some(8222));
    }

    #[test]
    fn a_file_that_is_still_being_written_says_nothing() {
        for text in ["", "{", r#"{"nats":["nats://127.0.0.1:402"#, r#"{"nats":[]}"#] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }
}
