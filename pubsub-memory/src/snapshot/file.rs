//! The file around a snapshot: what it is, which version, how long, and a checksum. It is replaced as a whole.

use std::fs::{File, OpenOptions, remove_file, rename};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use pubsub_core::{Error, ErrorKind, Result};

/// What the file begins with. The last bytes show a transfer that has changed line ends.
const MAGIC: [u8; 12] = *b"PUBSUB-MEM\r\n";
/// The version of the format. A change of the records is a new version.
const VERSION: u32 = 1;
/// Magic, version, checksum and length.
const HEADER: usize = MAGIC.len() + 4 + 4 + 8;

/// Writes the payload to a file beside, and puts that in place of the old one when all of it is on the disk.
pub(super) fn write(path: &Path, payload: &[u8]) -> Result<()> {
    let beside = beside(path);
    let written =
        write_whole(&beside, payload).and_then(|()| rename(&beside, path)).and_then(|()| sync_folder(path));
    written.map_err(|error| {
        // Nothing is left of a failed try.
        let _ = remove_file(&beside);
        failed(path, error, "the snapshot cannot be written")
    })
}

fn write_whole(path: &Path, payload: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    // Messages are nobody else's business.
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(&header(payload))?;
    file.write_all(payload)?;
    file.sync_all()
}

/// A rename is on the disk when its folder is.
fn sync_folder(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        Ok(())
    }
}

/// A name in the same folder that no other try has.
fn beside(path: &Path) -> PathBuf {
    static TRIES: AtomicU64 = AtomicU64::new(0);
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}-{}.new", std::process::id(), TRIES.fetch_add(1, Ordering::Relaxed)));
    path.with_file_name(name)
}

fn header(payload: &[u8]) -> Vec<u8> {
    let mut header = Vec::with_capacity(HEADER);
    header.extend(MAGIC);
    header.extend(VERSION.to_le_bytes());
    header.extend(crc32fast::hash(payload).to_le_bytes());
    header.extend(u64::try_from(payload.len()).unwrap_or(u64::MAX).to_le_bytes());
    header
}

/// Reads the payload, if it is what was written. The file is not touched.
pub(super) fn read(path: &Path) -> Result<Vec<u8>> {
    let mut whole = Vec::new();
    File::open(path)
        .and_then(|mut file| file.read_to_end(&mut whole))
        .map_err(|error| failed(path, error, "the snapshot cannot be read"))?;
    check(whole).map_err(|error| error.with_context("file", path.display()))
}

fn check(mut whole: Vec<u8>) -> Result<Vec<u8>> {
    if !whole.starts_with(&MAGIC) {
        return Err(refused(
            "the file is no snapshot of this backend",
            "give the path of a file that it has saved",
        ));
    }
    let torn = || refused("the file ends too early", "restore it from a copy, or remove it to begin anew");
    let rest = whole.get(MAGIC.len()..).unwrap_or_default();
    let (version, rest) = rest.split_first_chunk::<4>().ok_or_else(torn)?;
    let version = u32::from_le_bytes(*version);
    if version != VERSION {
        let message =
            format!("the file has version {version} of the format, this program knows version {VERSION}");
        return Err(Error::new(ErrorKind::Unsupported, message)
            .with_remedy("use the program that saved it, or a newer one"));
    }
    let (checksum, rest) = rest.split_first_chunk::<4>().ok_or_else(torn)?;
    let (length, payload) = rest.split_first_chunk::<8>().ok_or_else(torn)?;
    let (checksum, length) = (u32::from_le_bytes(*checksum), u64::from_le_bytes(*length));
    let there = u64::try_from(payload.len()).unwrap_or(u64::MAX);
    if there < length {
        return Err(torn());
    }
    if there > length || crc32fast::hash(payload) != checksum {
        return Err(refused("the file is damaged", "restore it from a copy, or remove it to begin anew"));
    }
    Ok(whole.split_off(HEADER))
}

/// What cannot be a snapshot, or is none any more.
pub(super) fn refused(message: &'static str, remedy: &'static str) -> Error {
    Error::new(ErrorKind::Codec, message).with_remedy(remedy)
}

fn failed(path: &Path, error: io::Error, message: &'static str) -> Error {
    let kind = match error.kind() {
        io::ErrorKind::NotFound => ErrorKind::NotFound,
        io::ErrorKind::PermissionDenied => ErrorKind::PermissionDenied,
        _ => ErrorKind::Unavailable,
    };
    Error::new(kind, message)
        .with_context("file", path.display())
        .with_remedy("check the path, the rights on its folder and the room on its disk")
        .with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(payload: &[u8]) -> Vec<u8> {
        let mut whole = header(payload);
        whole.extend(payload);
        whole
    }

    #[test]
    fn what_was_written_is_read() {
        for payload in [&b""[..], b"some bytes"] {
            assert_eq!(check(whole(payload)).unwrap(), payload);
        }
    }

    #[test]
    fn each_changed_byte_is_noticed() {
        let good = whole(b"some bytes");
        for at in 0..good.len() {
            for flip in [1, 0x80, 0xff] {
                let mut bad = good.clone();
                bad[at] ^= flip;
                assert!(check(bad).is_err(), "byte {at}");
            }
        }
    }

    #[test]
    fn each_missing_and_each_added_byte_is_noticed() {
        let good = whole(b"some bytes");
        for length in 0..good.len() {
            assert!(check(good[..length].to_vec()).is_err(), "{length}");
        }
        let mut longer = good;
        longer.push(0);
        assert!(check(longer).is_err());
    }

    #[test]
    fn a_newer_version_is_told_from_damage() {
        let mut newer = whole(b"some bytes");
        newer[MAGIC.len()] = 2;
        let error = check(newer).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.message().contains("version 2"), "{error}");
    }
}
