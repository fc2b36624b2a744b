//! The file around a snapshot: what it is, which version, how long, and a checksum. It is replaced as a whole.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter, Read as _, Seek as _, SeekFrom, Write};
use std::path::Path;
use std::time::Duration;

use pubsub_core::{Error, ErrorKind, Result};

/// What the file begins with. The last bytes show a transfer that has changed line ends.
const MAGIC: [u8; 12] = *b"PUBSUB-MEM\r\n";
/// The version of the format. A change of the records is a new version.
const VERSION: u32 = 2;
/// Magic, version, checksum and length.
const HEADER: usize = MAGIC.len() + 4 + 4 + 8;

/// How the name of a file ends that is not whole yet.
const UNFINISHED: &str = ".unfinished";
/// What is older than this belongs to nobody who still writes it.
const ABANDONED: Duration = Duration::from_secs(600);

/// Has the payload written to a file beside, and puts that in place of the old one when all of it is on the disk.
pub(super) fn write(path: &Path, payload: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
    remove_abandoned(path);
    let mut beside = tempfile::Builder::new()
        .prefix(&beside(path))
        .suffix(UNFINISHED)
        .tempfile_in(folder(path))
        .map_err(|error| failed(path, error, WRITE))?;
    write_whole(path, beside.as_file_mut(), payload)?;
    // Dropped before this, nothing is left of it.
    beside.persist(path).map_err(|error| failed(path, error.error, WRITE))?;
    sync_folder(path).map_err(|error| failed(path, error, WRITE))
}

const WRITE: &str = "the snapshot cannot be written";

fn write_whole(
    path: &Path,
    file: &mut File,
    payload: impl FnOnce(&mut dyn Write) -> Result<()>,
) -> Result<()> {
    let refused = |error| failed(path, error, WRITE);
    let mut written = Summed { to: BufWriter::new(file), sum: crc32fast::Hasher::new(), length: 0 };
    // Its place; what it says is not known yet.
    written.to.write_all(&[0; HEADER]).map_err(refused)?;
    payload(&mut written)?;
    let Summed { to, sum, length } = written;
    let file = to.into_inner().map_err(|error| refused(error.into_error()))?;
    file.seek(SeekFrom::Start(0)).map_err(refused)?;
    file.write_all(&header(sum.finalize(), length)).and_then(|()| file.sync_all()).map_err(refused)
}

/// Counts and sums up what is written.
struct Summed<W> {
    to: W,
    sum: crc32fast::Hasher,
    length: u64,
}

impl<W: Write> Write for Summed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.sum.update(bytes.get(..written).unwrap_or(bytes));
        self.length += u64::try_from(written).unwrap_or_default();
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Removes what a process has left that ended in the middle.
fn remove_abandoned(path: &Path) {
    let beside = beside(path);
    for entry in fs::read_dir(folder(path)).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        let is_one = name.starts_with(beside.as_encoded_bytes()) && name.ends_with(UNFINISHED.as_bytes());
        let age = || entry.metadata().ok()?.modified().ok()?.elapsed().ok();
        if is_one && age().is_some_and(|age| age > ABANDONED) {
            // Whoever cannot remove it can write beside it.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// How the name of a file begins that is to take the place of this one.
fn beside(path: &Path) -> OsString {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".");
    name
}

pub(super) fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A rename is on the disk when its folder is. Not every file system can say that of a folder.
fn sync_folder(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    match File::open(folder(path))?.sync_all() {
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => {
            Ok(())
        }
        synced => synced,
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        Ok(())
    }
}

fn header(checksum: u32, length: u64) -> Vec<u8> {
    let mut header = Vec::with_capacity(HEADER);
    header.extend(MAGIC);
    header.extend(VERSION.to_le_bytes());
    header.extend(checksum.to_le_bytes());
    header.extend(length.to_le_bytes());
    header
}

/// Reads the payload, if it is what was written. The file is not touched.
pub(super) fn read(path: &Path) -> Result<Vec<u8>> {
    let refused = |error| failed(path, error, "the snapshot cannot be read");
    let mut file = File::open(path).map_err(refused)?;
    let (mut header, mut payload) = (Vec::with_capacity(HEADER), Vec::new());
    let size = u64::try_from(HEADER).unwrap_or_default();
    (&mut file).take(size).read_to_end(&mut header).map_err(refused)?;
    // Asks the file for its size, so that nothing is copied while it grows.
    file.read_to_end(&mut payload).map_err(refused)?;
    check(&header, &payload).map_err(|error| error.with_context("file", path.display()))?;
    Ok(payload)
}

fn check(header: &[u8], payload: &[u8]) -> Result<()> {
    let Some(rest) = header.strip_prefix(&MAGIC) else {
        return Err(refused(
            "the file is no snapshot of this backend",
            "give the path of a file that it has saved",
        ));
    };
    let torn = || refused("the file ends too early", "restore it from a copy, or remove it to begin anew");
    let (version, rest) = rest.split_first_chunk::<4>().ok_or_else(torn)?;
    let version = u32::from_le_bytes(*version);
    if version != VERSION {
        let message =
            format!("the file has version {version} of the format, this program knows version {VERSION}");
        return Err(Error::new(ErrorKind::Unsupported, message)
            .with_remedy("use the program that saved it, or a newer one"));
    }
    let (checksum, rest) = rest.split_first_chunk::<4>().ok_or_else(torn)?;
    let (length, _) = rest.split_first_chunk::<8>().ok_or_else(torn)?;
    let (checksum, length) = (u32::from_le_bytes(*checksum), u64::from_le_bytes(*length));
    let there = u64::try_from(payload.len()).unwrap_or(u64::MAX);
    if there < length {
        return Err(torn());
    }
    if there > length || crc32fast::hash(payload) != checksum {
        return Err(refused("the file is damaged", "restore it from a copy, or remove it to begin anew"));
    }
    Ok(())
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
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.snapshot");
        write(&path, |to| to.write_all(payload).map_err(|error| failed(&path, error, WRITE))).unwrap();
        fs::read(path).unwrap()
    }

    fn check(whole: &[u8]) -> Result<()> {
        let (header, payload) = whole.split_at(HEADER.min(whole.len()));
        super::check(header, payload)
    }

    #[test]
    fn what_was_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.snapshot");
        for payload in [&b""[..], b"some bytes"] {
            fs::write(&path, whole(payload)).unwrap();
            assert_eq!(read(&path).unwrap(), payload);
        }
    }

    #[test]
    fn each_changed_byte_is_noticed() {
        let good = whole(b"some bytes");
        for at in 0..good.len() {
            for flip in [1, 0x80, 0xff] {
                let mut bad = good.clone();
                bad[at] ^= flip;
                assert!(check(&bad).is_err(), "byte {at}");
            }
        }
    }

    #[test]
    fn each_missing_and_each_added_byte_is_noticed() {
        let good = whole(b"some bytes");
        for length in 0..good.len() {
            assert!(check(&good[..length]).is_err(), "{length}");
        }
        let mut longer = good;
        longer.push(0);
        assert!(check(&longer).is_err());
    }

    #[test]
    fn another_version_is_told_from_damage() {
        for version in [1, 3] {
            let mut other = whole(b"some bytes");
            other[MAGIC.len()] = version;
            let error = check(&other).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unsupported);
            assert!(error.message().contains(&format!("version {version}")), "{error}");
        }
    }

    #[test]
    fn what_an_ended_process_has_left_is_removed_and_stops_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.snapshot");
        let (old, new) =
            (folder.path().join("a.snapshot.1.unfinished"), folder.path().join("a.snapshot.2.unfinished"));
        for left in [&old, &new] {
            fs::write(left, b"half of it").unwrap();
        }
        let hour = std::time::SystemTime::now() - Duration::from_secs(3600);
        File::options().write(true).open(&old).unwrap().set_modified(hour).unwrap();
        write(&path, |_| Ok(())).unwrap();
        assert_eq!((old.exists(), new.exists(), path.exists()), (false, true, true));
    }

    #[test]
    fn a_payload_that_cannot_be_had_leaves_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.snapshot");
        fs::write(&path, b"the old one").unwrap();
        write(&path, |_| Err(refused("no payload", "none"))).unwrap_err();
        assert_eq!(fs::read(&path).unwrap(), b"the old one");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
