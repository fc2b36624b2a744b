//! On what it ran: [`Machine`].

use std::fs;

use serde::Serialize;

use crate::Result;

/// The versions of all that was built in.
const LOCK: &str = include_str!("../../../Cargo.lock");

#[derive(Debug, Serialize)]
pub(crate) struct Machine {
    pub(super) cores: usize,
    pub(super) processor: Option<String>,
    pub(super) system: &'static str,
    pub(super) architecture: &'static str,
    pub(super) async_nats: String,
    /// Whether it was built with optimisation.
    pub(super) optimised: bool,
}

impl Machine {
    pub(super) fn read() -> Result<Self> {
        Ok(Self {
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            processor: processor(),
            system: std::env::consts::OS,
            architecture: std::env::consts::ARCH,
            async_nats: locked("async-nats").ok_or("async-nats is not in Cargo.lock")?,
            optimised: !cfg!(debug_assertions),
        })
    }
}

fn locked(package: &str) -> Option<String> {
    let name = format!("name = \"{package}\"");
    let mut lines = LOCK.lines().skip_while(|line| *line != name).skip(1);
    Some(lines.next()?.strip_prefix("version = \"")?.trim_end_matches('"').to_owned())
}

/// As Linux tells it.
fn processor() -> Option<String> {
    let told = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = told.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_version_of_async_nats_is_known() {
        assert!(super::locked("async-nats").unwrap().starts_with("0."));
        assert_eq!(super::locked("nothing"), None);
    }
}
