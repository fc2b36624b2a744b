//! Where events come from: a file or standard input, one JSON object a line.

mod feed;
mod line;
mod sabotage;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read as _};
use std::path::Path;

use pubsub::{Error, ErrorKind, Result};
use tokio::sync::mpsc;

pub(super) use feed::Feed;
pub use sabotage::Sabotage;

use line::{Line, parse};

/// The longest line that is read. A broker refuses messages that large anyway (nats-server: 1 MiB by default).
const MAX_LINE: u64 = 1024 * 1024;
/// How many lines are read ahead.
const READ_AHEAD: usize = 256;

/// Lines to read: `{"subject": "ride.started", "id": "started-m-1-...", "payload": {...}}`.
///
/// Blank lines are skipped. A line that cannot be used is reported with its number, and reading goes on.
pub struct Input {
    name: String,
    reader: Box<dyn BufRead + Send>,
}

/// A line with its number, from 1. The content is an error in words if it cannot be used.
struct Numbered {
    number: u64,
    content: Result<Line, String>,
}

impl Input {
    /// A file; `-` is standard input.
    ///
    /// # Errors
    /// `NotFound`, `PermissionDenied` or `Unavailable` if the file cannot be opened.
    pub fn open(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        if name == "-" {
            let reader = Box::new(BufReader::new(io::stdin()));
            return Ok(Self { name: "standard input".to_owned(), reader });
        }
        let file = File::open(path).map_err(|source| unreadable(&name, source))?;
        Ok(Self { name, reader: Box::new(BufReader::new(file)) })
    }

    /// Lines in memory.
    #[must_use]
    pub fn from_text(text: impl Into<Vec<u8>>) -> Self {
        Self { name: "text".to_owned(), reader: Box::new(Cursor::new(text.into())) }
    }

    /// Reads on a thread of its own: a file blocks, and standard input may block for ever.
    fn into_lines(self) -> mpsc::Receiver<Result<Numbered>> {
        let (sender, receiver) = mpsc::channel(READ_AHEAD);
        tokio::task::spawn_blocking(move || self.read_into(&sender));
        receiver
    }

    fn read_into(mut self, sender: &mpsc::Sender<Result<Numbered>>) {
        let mut bytes = Vec::new();
        for number in 1.. {
            let line = match self.read_line(&mut bytes) {
                Ok(0) => return,
                Ok(_) if bytes.trim_ascii().is_empty() => continue,
                Ok(length) if length > MAX_LINE => Err(format!("the line is longer than {MAX_LINE} bytes")),
                Ok(_) => parse(&bytes),
                Err(source) => {
                    let _ = sender.blocking_send(Err(unreadable(&self.name, source)));
                    return;
                }
            };
            if sender.blocking_send(Ok(Numbered { number, content: line })).is_err() {
                return;
            }
        }
    }

    /// Reads one line, its end included, keeps no more of it than [`MAX_LINE`], and says how long it was.
    fn read_line(&mut self, bytes: &mut Vec<u8>) -> io::Result<u64> {
        bytes.clear();
        let mut length = self.reader.by_ref().take(MAX_LINE + 1).read_until(b'\n', bytes)? as u64;
        if length > MAX_LINE && !bytes.ends_with(b"\n") {
            length += self.reader.skip_until(b'\n')? as u64;
        }
        Ok(length)
    }
}

fn unreadable(name: &str, source: io::Error) -> Error {
    let kind = match source.kind() {
        io::ErrorKind::NotFound => ErrorKind::NotFound,
        io::ErrorKind::PermissionDenied => ErrorKind::PermissionDenied,
        _ => ErrorKind::Unavailable,
    };
    Error::new(kind, format!("the input cannot be read: {source}"))
        .with_operation("read input")
        .with_context("input", name)
        .with_remedy("give a file of JSON lines to `--input`, or `-` for standard input")
        .with_source(source)
}

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Input").field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(text: impl Into<Vec<u8>>) -> Vec<(u64, bool)> {
        let mut lines = Input::from_text(text).into_lines();
        let mut read = Vec::new();
        while let Some(line) = lines.recv().await {
            let line = line.unwrap();
            read.push((line.number, line.content.is_ok()));
        }
        read
    }

    const GOOD: &str = r#"{"subject":"user.beacon","id":"b-1","payload":{}}"#;

    #[tokio::test]
    async fn a_broken_line_keeps_its_number_and_the_rest_is_read() {
        assert_eq!(read(format!("{GOOD}\n{{\n\n{GOOD}")).await, [(1, true), (2, false), (4, true)]);
    }

    #[tokio::test]
    async fn bytes_that_are_not_text_are_a_broken_line() {
        let text = [b"\xff\xfe\x00\n".as_slice(), GOOD.as_bytes()].concat();
        assert_eq!(read(text).await, [(1, false), (2, true)]);
    }

    #[tokio::test]
    async fn a_line_without_an_end_in_sight_is_skipped() {
        let endless = "x".repeat(3 * 1024 * 1024);
        assert_eq!(read(format!("{endless}\n{GOOD}\r\n")).await, [(1, false), (2, true)]);
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = Input::open(Path::new("no-such-file.jsonl")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert_eq!(error.context("input"), Some("no-such-file.jsonl"));
    }
}
