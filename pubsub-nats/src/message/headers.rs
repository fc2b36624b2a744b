//! Headers that were received.

use async_nats::HeaderMap;
use pubsub_core::Headers;

use crate::consume::PIN_ID;

/// Takes over what another client may have published. A header that core's types cannot hold is left out and logged by
/// name: the message itself is sound and must not be lost for it.
pub(crate) fn received(map: Option<&HeaderMap>) -> Headers {
    let mut headers = Headers::new();
    for (name, values) in map.into_iter().flat_map(HeaderMap::iter) {
        // Of the delivery, not of the message.
        if AsRef::<str>::as_ref(name) == PIN_ID {
            continue;
        }
        for value in values {
            append(&mut headers, name.as_ref(), value.as_str());
        }
    }
    headers
}

/// Reads a block of headers as it stands on the wire, for messages that are read without a consumer.
pub(crate) fn parse(block: &[u8]) -> Headers {
    let text = String::from_utf8_lossy(block);
    let mut headers = Headers::new();
    for line in text.split("\r\n").skip(1) {
        if let Some((name, value)) = line.split_once(':') {
            append(&mut headers, name, value.trim());
        }
    }
    headers
}

fn append(headers: &mut Headers, name: &str, value: &str) {
    if let Err(error) = headers.append_received(name, value) {
        tracing::debug!(%error, "a received header is left out");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_read_line_by_line() {
        let headers = parse(b"NATS/1.0\r\ntag: a\r\ntag: b\r\nNats-Msg-Id:7\r\n\r\n");
        assert_eq!(headers.get_all("tag").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(headers.get("Nats-Msg-Id"), Some("7"));
    }

    #[test]
    fn what_cannot_be_held_is_left_out() {
        let headers = parse(b"NATS/1.0\r\n: x\r\nno colon\r\n\xff\xfe: x\r\nok: 1\r\n\r\n");
        assert_eq!(headers.len(), 1);
        assert_eq!(parse(b"").len(), 0);
        assert_eq!(parse(b"\xff").len(), 0);
    }
}
