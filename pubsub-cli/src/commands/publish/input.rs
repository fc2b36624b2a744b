//! What is published: an argument, a file, or lines.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal as _, Read as _};
use std::path::Path;

use bytes::Bytes;
use pubsub::{Error, ErrorKind};
use tokio::sync::mpsc;

use crate::arguments::PublishArguments;
use crate::failure::Failure;
use crate::output;

/// How many lines are read ahead.
const AHEAD: usize = 256;

/// The payload of one message.
#[derive(Debug)]
pub(super) struct Piece {
    /// The line, from 1.
    pub(super) number: u64,
    pub(super) payload: Bytes,
    /// How many bytes have been read with it.
    pub(super) read: u64,
}

/// Payloads, one after the other. They are read by a thread of its own: a terminal keeps nobody waiting but that.
pub(super) struct Input {
    pieces: mpsc::Receiver<Result<Piece, Failure>>,
    has_many: bool,
    size: Option<u64>,
}

impl Input {
    /// Of a line, or a file, not more is read than the broker takes.
    pub(super) fn open(arguments: &PublishArguments, limit: Option<usize>) -> Result<Self, Failure> {
        let limit = limit.and_then(|limit| u64::try_from(limit).ok()).unwrap_or(u64::MAX - 1);
        match (&arguments.payload, &arguments.file) {
            (Some(payload), _) => Ok(Self::one(Bytes::copy_from_slice(payload.as_bytes()))),
            (None, Some(path)) if arguments.lines => {
                let file = open(path)?;
                let size = file.metadata().ok().map(|metadata| metadata.len());
                Ok(Self { size, ..Self::lines(BufReader::new(file), limit) })
            }
            (None, Some(path)) => {
                let mut payload = Vec::new();
                let mut file = open(path)?.take(limit.saturating_add(1));
                file.read_to_end(&mut payload).map_err(|cause| unreadable(&path.display(), cause))?;
                if payload.len() as u64 > limit {
                    return Err(too_long("the file", limit).into());
                }
                Ok(Self::one(payload.into()))
            }
            (None, None) => {
                if io::stdin().is_terminal() {
                    output::note("each line is a message; end with Ctrl-D");
                }
                Ok(Self::lines(BufReader::new(io::stdin()), limit))
            }
        }
    }

    fn one(payload: Bytes) -> Self {
        let (sender, pieces) = mpsc::channel(1);
        let read = payload.len() as u64;
        // There is room for it.
        let _ = sender.try_send(Ok(Piece { number: 1, payload, read }));
        Self { pieces, has_many: false, size: None }
    }

    fn lines(reader: impl BufRead + Send + 'static, limit: u64) -> Self {
        let (sender, pieces) = mpsc::channel(AHEAD);
        std::thread::spawn(move || {
            for piece in (Lines { reader, limit, number: 0, read: 0, has_failed: false }) {
                if sender.blocking_send(piece).is_err() {
                    break;
                }
            }
        });
        Self { pieces, has_many: true, size: None }
    }

    /// Whether each line is a message.
    pub(super) fn has_many(&self) -> bool {
        self.has_many
    }

    /// How many bytes there are, if that is known.
    pub(super) fn size(&self) -> Option<u64> {
        self.size
    }

    /// Dropped before completion, nothing is lost.
    pub(super) async fn next(&mut self) -> Option<Result<Piece, Failure>> {
        self.pieces.recv().await
    }
}

/// The lines that are not empty, without their ends.
struct Lines<R> {
    reader: R,
    limit: u64,
    number: u64,
    read: u64,
    has_failed: bool,
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = Result<Piece, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.has_failed {
            let mut line = Vec::new();
            // The two bytes of a line's end do not count.
            let most = self.limit.saturating_add(2);
            match (&mut self.reader).take(most).read_until(b'\n', &mut line) {
                Ok(0) => return None,
                Ok(read) => self.read += read as u64,
                Err(cause) => {
                    self.has_failed = true;
                    return Some(Err(unreadable(&"the input", cause).into()));
                }
            }
            self.number += 1;
            let text = line.strip_suffix(b"\n").unwrap_or(&line);
            let length = text.strip_suffix(b"\r").unwrap_or(text).len();
            line.truncate(length);
            if length as u64 > self.limit {
                self.has_failed = true;
                return Some(Err(too_long("the line", self.limit).with_context("line", self.number).into()));
            }
            if length > 0 {
                return Some(Ok(Piece { number: self.number, payload: line.into(), read: self.read }));
            }
        }
        None
    }
}

fn open(path: &Path) -> Result<File, Error> {
    File::open(path).map_err(|cause| unreadable(&path.display(), cause))
}

fn unreadable(what: &dyn std::fmt::Display, cause: io::Error) -> Error {
    let kind = match cause.kind() {
        io::ErrorKind::NotFound => ErrorKind::NotFound,
        io::ErrorKind::PermissionDenied => ErrorKind::PermissionDenied,
        _ => ErrorKind::InvalidInput,
    };
    Error::new(kind, format!("{what} cannot be read: {}", cause.kind())).with_source(cause)
}

fn too_long(what: &str, limit: u64) -> Error {
    Error::new(ErrorKind::PayloadTooLarge, format!("{what} is longer than a message may be"))
        .with_context("limit", limit)
        .with_remedy("cut it into several messages, or raise the server's `max_payload`")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Number, payload and bytes read; or the exit code.
    type Read = Result<(u64, Vec<u8>, u64), u8>;

    fn lines(text: &'static [u8], limit: u64) -> Vec<Read> {
        let lines = Lines { reader: text, limit, number: 0, read: 0, has_failed: false };
        let told = |piece: Piece| (piece.number, piece.payload.to_vec(), piece.read);
        lines.map(|line| line.map(told).map_err(|failure| failure.code())).collect()
    }

    #[test]
    fn each_line_that_is_not_empty_is_a_piece_without_its_end() {
        let read = lines(b"a\n\r\n\nb c\r\n\xff", 100);
        assert_eq!(
            read,
            [Ok((1, b"a".to_vec(), 2)), Ok((4, b"b c".to_vec(), 10)), Ok((5, b"\xff".to_vec(), 11))]
        );
    }

    #[test]
    fn a_line_as_long_as_a_message_passes_and_a_longer_one_ends_it() {
        assert_eq!(lines(b"abc\r\nabcd\nx\n", 3), [Ok((1, b"abc".to_vec(), 5)), Err(1)]);
        assert_eq!(lines(b"abcdefgh", 3), [Err(1)]);
    }
}
