//! Asks a server over its HTTP monitoring interface, which takes no credentials.

use std::io;
use std::net::Ipv4Addr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long one answer may take. A frozen server gives none.
const PATIENCE: Duration = Duration::from_secs(2);

/// The status line and the body; `None` if no answer comes in time.
pub(crate) async fn get(port: u16, path: &str) -> Option<(String, String)> {
    let answer = timeout(PATIENCE, ask(port, path)).await.ok()?.ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some((head.lines().next()?.to_owned(), body.to_owned()))
}

/// HTTP/1.0: the answer ends with the connection.
async fn ask(port: u16, path: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n").as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}
