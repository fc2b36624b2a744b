//! nats-py, obtained once by pip: [`Peer`].

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

use crate::support::{Bench, soon};

const REQUIREMENT: &str =
    "nats-py==2.15.0 --hash=sha256:9f8d36aa52a9926a88b8f1d70cf1fdce0ad387941479b500ee9ab3e51073cefd\n";
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/integration/peer/peer.py");

/// A Python that has nats-py.
pub(super) struct Peer {
    /// A wheel of pure Python, which can be imported as it is.
    wheel: &'static Path,
}

impl Peer {
    /// `None`, and the reason printed, where there is no Python, no pip, or nothing to be had by it.
    pub(super) fn find() -> Option<Self> {
        static WHEEL: OnceLock<Result<PathBuf, String>> = OnceLock::new();
        match WHEEL.get_or_init(obtain) {
            Ok(wheel) => Some(Self { wheel }),
            Err(reason) => {
                eprintln!("skipped, there is no peer in Python: {reason}");
                None
            }
        }
    }

    /// What came of a job at the bench's server.
    pub(super) async fn does(&self, bench: &Bench, mut job: Value) -> Vec<Value> {
        job["url"] = bench.server.url().into();
        let mut python = Command::new("python3");
        python.arg(SCRIPT).env("PYTHONPATH", self.wheel).env("PYTHONDONTWRITEBYTECODE", "1");
        python.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let doing = tokio::task::spawn_blocking(move || {
            let mut python = python.spawn().unwrap();
            python.stdin.take().unwrap().write_all(job.to_string().as_bytes()).unwrap();
            python.wait_with_output().unwrap()
        });
        let output = soon(doing).await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

/// The wheel, downloaded if it is not there.
fn obtain() -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("nats-py");
    if let Some(wheel) = wheel_in(&folder) {
        return Ok(wheel);
    }
    // Moved to its place as a whole, so that no other process sees half of it.
    let work = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).map_err(|error| error.to_string())?;
    let requirements = work.path().join("requirements.txt");
    std::fs::write(&requirements, REQUIREMENT).map_err(|error| error.to_string())?;
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"]);
    pip.args(["--no-deps", "--only-binary=:all:", "--require-hashes", "--timeout", "10", "--retries", "1"]);
    pip.arg("--requirement").arg(&requirements).arg("--dest").arg(work.path());
    let output = pip.output().map_err(|error| format!("python3 cannot be run: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
    }
    let wheel = wheel_in(work.path()).ok_or("pip downloaded nothing")?;
    let place = folder.join(wheel.file_name().ok_or("pip downloaded nothing")?);
    std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    std::fs::rename(&wheel, &place).map_err(|error| error.to_string())?;
    Ok(place)
}

fn wheel_in(folder: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    entries.into_iter().find(|path| path.extension().is_some_and(|extension| extension == "whl"))
}
