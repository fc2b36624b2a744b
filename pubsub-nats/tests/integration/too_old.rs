//! A server that is older than this library needs, or that cannot say how old it is.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::thread;
use std::time::{Duration, Instant};

use pubsub_core::ErrorKind;

use crate::support::{connect, soon};

/// Greets one client as a server of that version, and answers its pings.
fn pretend(version: &str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let greeting = format!(
        "INFO {{\"server_id\":\"S\",\"version\":\"{version}\",\"proto\":1,\"host\":\"127.0.0.1\",\
         \"port\":{},\"headers\":true,\"max_payload\":1048576,\"jetstream\":true}}\r\n",
        address.port()
    );
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(greeting.as_bytes()).unwrap();
        for line in BufReader::new(stream.try_clone().unwrap()).lines() {
            // The client has gone.
            let Ok(line) = line else { return };
            if line.starts_with("PING") && stream.write_all(b"PONG\r\n").is_err() {
                return;
            }
        }
    });
    address
}

#[tokio::test]
async fn it_is_refused_at_once_by_its_version() {
    for version in ["2.9.25", "1.4.1", "0.0.0", "unknown", ""] {
        let started = Instant::now();
        let error = soon(connect(&format!("nats://{}", pretend(version)))).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{version}: {error}");
        assert_eq!(error.context("server_version"), Some(version), "{error}");
        assert!(error.remedy().is_some_and(|remedy| remedy.contains("2.10")), "{error}");
        assert!(started.elapsed() < Duration::from_secs(2), "{version}: {:?}", started.elapsed());
    }
}
