//! [`ServerBinary`]: which nats-server to run.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use pubsub_core::{Error, ErrorKind, Result};

use super::version::ServerVersion;

/// The environment variable that names the binary.
const VARIABLE: &str = "NATS_SERVER_BIN";

/// Where downloaded servers lie, under the build's target folder: `nats-server/VERSION/nats-server`.
const FOLDER: &str = "nats-server";

const PROGRAM: &str = "nats-server";

const REMEDY: &str =
    "run `cargo xtask nats-server`, which obtains one, or set NATS_SERVER_BIN to a binary of 2.10 or newer";

/// A nats-server binary that exists, runs, and is new enough (2.10).
///
/// ```
/// use pubsub_testkit::nats_server::{ServerBinary, ServerVersion};
///
/// let binary = ServerBinary::find()?;
/// assert!(binary.version() >= ServerVersion::OLDEST);
/// # Ok::<(), pubsub_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerBinary {
    path: PathBuf,
    version: ServerVersion,
}

impl ServerBinary {
    /// Searches in this order: the environment variable `NATS_SERVER_BIN`, the folders of `PATH`, then
    /// `target/nats-server/VERSION/nats-server` of the workspace (the newest), where `cargo xtask nats-server`
    /// puts it. One older than 2.10 is not used. The answer is kept for the life of the process.
    ///
    /// # Errors
    ///
    /// `NotFound` when there is none, with the remedy. When `NATS_SERVER_BIN` is set and names nothing usable,
    /// that is the error, and nothing else is tried.
    pub fn find() -> Result<Self> {
        static FOUND: OnceLock<ServerBinary> = OnceLock::new();
        if let Some(found) = FOUND.get() {
            return Ok(found.clone());
        }
        let found = Search::of_this_process().find()?;
        Ok(FOUND.get_or_init(|| found).clone())
    }

    /// As [`find`](Self::find), but without the downloaded ones; `None` when there is none. When a version is
    /// wanted, others are passed over, wherever they are.
    ///
    /// # Errors
    ///
    /// As [`find`](Self::find), when `NATS_SERVER_BIN` names nothing usable and no version is wanted.
    pub fn installed(wanted: Option<ServerVersion>) -> Result<Option<Self>> {
        Search::of_this_process().installed(wanted)
    }

    /// The binary at this path.
    ///
    /// # Errors
    ///
    /// `NotFound` when there is none that tells its version, `Unsupported` when it is older than 2.10.
    pub fn at(path: impl Into<PathBuf>) -> Result<Self> {
        Self::probed(path.into(), ask_version)
    }

    fn probed(path: PathBuf, probe: Probe) -> Result<Self> {
        let Some(version) = probe(&path) else {
            return Err(Error::new(ErrorKind::NotFound, "no nats-server that tells its version")
                .with_context("path", path.display())
                .with_remedy(REMEDY));
        };
        if version < ServerVersion::OLDEST {
            return Err(Error::new(ErrorKind::Unsupported, "this nats-server is too old")
                .with_context("path", path.display())
                .with_context("version", version)
                .with_context("oldest", ServerVersion::OLDEST)
                .with_remedy(REMEDY));
        }
        Ok(Self { path, version })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it calls itself.
    #[must_use]
    pub fn version(&self) -> ServerVersion {
        self.version
    }
}

/// Asks a binary for its version; `None` when it does not run or says something else.
type Probe = fn(&Path) -> Option<ServerVersion>;

fn ask_version(path: &Path) -> Option<ServerVersion> {
    let answer =
        Command::new(path).arg("--version").stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    // `nats-server: v2.15.1`
    String::from_utf8_lossy(&answer.stdout).split_whitespace().last()?.parse().ok()
}

/// Where to look, apart from the process's real surroundings for the sake of tests.
struct Search {
    variable: Option<OsString>,
    path: Option<OsString>,
    /// Folders that may hold `nats-server/VERSION/nats-server`.
    targets: Vec<PathBuf>,
    probe: Probe,
}

impl Search {
    fn of_this_process() -> Self {
        let own = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let mut targets: Vec<PathBuf> = own("CARGO_TARGET_DIR").map(PathBuf::from).into_iter().collect();
        // A test binary lies somewhere below the target folder itself.
        if let Ok(program) = std::env::current_exe() {
            targets.extend(program.ancestors().skip(1).map(Path::to_path_buf));
        }
        // A doctest does not, but runs in its package's folder.
        for start in [own("CARGO_MANIFEST_DIR").map(PathBuf::from), std::env::current_dir().ok()] {
            targets.extend(start.iter().flat_map(|folder| folder.ancestors()).map(|at| at.join("target")));
        }
        Self { variable: own(VARIABLE), path: own("PATH"), targets, probe: ask_version }
    }

    fn find(&self) -> Result<ServerBinary> {
        if let Some(installed) = self.installed(None)? {
            return Ok(installed);
        }
        self.downloaded().ok_or_else(|| {
            Error::new(ErrorKind::NotFound, "no nats-server found")
                .with_context("searched", "NATS_SERVER_BIN, PATH, target/nats-server")
                .with_remedy(REMEDY)
        })
    }

    fn installed(&self, wanted: Option<ServerVersion>) -> Result<Option<ServerBinary>> {
        let fits = |binary: &ServerBinary| wanted.is_none_or(|version| binary.version == version);
        if let Some(variable) = &self.variable {
            match ServerBinary::probed(variable.into(), self.probe) {
                Ok(binary) if fits(&binary) => return Ok(Some(binary)),
                Err(error) if wanted.is_none() => return Err(error.with_context("variable", VARIABLE)),
                _ => {}
            }
        }
        let folders = self.path.iter().flat_map(std::env::split_paths);
        Ok(folders
            .map(|folder| folder.join(PROGRAM))
            .filter(|path| path.is_file())
            .filter_map(|path| ServerBinary::probed(path, self.probe).ok())
            .find(fits))
    }

    fn downloaded(&self) -> Option<ServerBinary> {
        let mut versions: Vec<(ServerVersion, PathBuf)> = self
            .targets
            .iter()
            .filter_map(|target| target.join(FOLDER).read_dir().ok())
            .flatten()
            .filter_map(|entry| {
                let path = entry.ok()?.path();
                let version = path.file_name()?.to_str()?.parse().ok()?;
                Some((version, path.join(PROGRAM)))
            })
            .collect();
        versions.sort_unstable();
        versions.into_iter().rev().find_map(|(_, path)| ServerBinary::probed(path, self.probe).ok())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Servers in these tests are text files that hold their version.
    fn read_version(path: &Path) -> Option<ServerVersion> {
        fs::read_to_string(path).ok()?.parse().ok()
    }

    fn put(root: &Path, path: &str, version: &str) -> PathBuf {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, version).unwrap();
        path
    }

    fn search(root: &Path) -> Search {
        let path = std::env::join_paths([root.join("bin"), root.join("usr/bin")]).unwrap();
        Search {
            variable: None,
            path: Some(path),
            targets: vec![root.join("elsewhere"), root.join("target")],
            probe: read_version,
        }
    }

    #[test]
    fn the_variable_comes_before_path_and_path_before_the_target_folder() {
        let root = tempfile::tempdir().unwrap();
        let named = put(root.path(), "named", "2.11.0");
        let installed = put(root.path(), "usr/bin/nats-server", "2.12.0");
        let downloaded = put(root.path(), "target/nats-server/2.15.1/nats-server", "2.15.1");

        let mut search = search(root.path());
        search.variable = Some(named.clone().into());
        assert_eq!(search.find().unwrap().path(), named);
        search.variable = None;
        assert_eq!(search.find().unwrap().path(), installed);
        search.path = None;
        assert_eq!(search.find().unwrap().path(), downloaded);
    }

    #[test]
    fn one_older_than_the_oldest_is_passed_over() {
        let root = tempfile::tempdir().unwrap();
        put(root.path(), "bin/nats-server", "2.9.25");
        let newer = put(root.path(), "usr/bin/nats-server", "2.10.26");
        assert_eq!(search(root.path()).find().unwrap().path(), newer);
    }

    #[test]
    fn the_newest_download_is_taken() {
        let root = tempfile::tempdir().unwrap();
        put(root.path(), "target/nats-server/2.9.0/nats-server", "2.9.0");
        put(root.path(), "target/nats-server/2.10.26/nats-server", "2.10.26");
        let newest = put(root.path(), "target/nats-server/2.15.1/nats-server", "2.15.1");
        put(root.path(), "target/nats-server/.partial/nats-server", "2.99.0");
        assert_eq!(search(root.path()).find().unwrap().path(), newest);
    }

    #[test]
    fn a_wanted_version_passes_over_all_others() {
        let root = tempfile::tempdir().unwrap();
        let named = put(root.path(), "named", "2.11.0");
        let wanted = put(root.path(), "usr/bin/nats-server", "2.12.8");
        let mut search = search(root.path());
        search.variable = Some(named.into());
        let found = search.installed(Some(ServerVersion::new(2, 12, 8))).unwrap().unwrap();
        assert_eq!(found.path(), wanted);
        assert_eq!(search.installed(Some(ServerVersion::new(2, 14, 6))).unwrap(), None);
    }

    #[test]
    fn none_at_all_is_a_typed_error_with_the_remedy() {
        let root = tempfile::tempdir().unwrap();
        let error = search(root.path()).find().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        let line = error.to_string();
        assert!(line.contains("cargo xtask nats-server"), "{line}");
        assert!(line.contains("NATS_SERVER_BIN"), "{line}");
    }

    #[test]
    fn a_variable_that_names_nothing_usable_is_an_error_and_nothing_else_is_tried() {
        let root = tempfile::tempdir().unwrap();
        put(root.path(), "bin/nats-server", "2.15.1");
        let mut search = search(root.path());
        search.variable = Some(root.path().join("missing").into());
        let missing = search.find().unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::NotFound);
        assert_eq!(missing.context("variable"), Some(VARIABLE));

        search.variable = Some(put(root.path(), "old", "2.9.0").into());
        assert_eq!(search.find().unwrap_err().kind(), ErrorKind::Unsupported);
    }
}
