//! No dependency asks for a newer Rust than the workspace promises.
//!
//! Those of the benchmarks alone may: only `cargo xtask bench` builds them.

use std::collections::BTreeSet;

use crate::Result;
use crate::command::{cargo, output};
use crate::workspace::{Package, Workspace};

/// Compares what all packages of `Cargo.lock` state.
pub(crate) fn check() -> Result<()> {
    let workspace = Workspace::read_with_dependencies()?;
    if let Some(package) = workspace.members().find(|package| package.rust_version.is_none()) {
        return Err(format!("{} states no rust-version", package.name).into());
    }
    // All members share one, or the lowest is what users are promised.
    let ours = workspace.members().filter_map(Package::needs).min().ok_or("the workspace has no members")?;
    let built = built_by_all()?;
    let newer: Vec<String> = workspace
        .packages
        .iter()
        .filter(|package| package.needs() > Some(ours) && built.contains(&package.shown()))
        .map(|package| {
            let needs = package.rust_version.as_deref().unwrap_or_default();
            format!("{} {} needs Rust {needs}", package.name, package.version)
        })
        .collect();
    if newer.is_empty() {
        return Ok(());
    }
    let (major, minor, _) = ours;
    Err(format!("the workspace promises Rust {major}.{minor}, but {}", newer.join(", ")).into())
}

/// What is built for anything but the benchmarks, on any system.
fn built_by_all() -> Result<BTreeSet<String>> {
    let arguments = ["tree", "--locked", "--workspace", "--exclude", "pubsub-bench", "--all-features"];
    let mut tree = cargo(arguments);
    let tree = output(tree.args(["--target", "all", "--prefix", "none", "--format", "{p}"]))?;
    let shown = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().take(2).collect();
        words.join(" ")
    };
    Ok(tree.lines().map(shown).collect())
}

impl Package {
    /// As `cargo tree` shows it.
    fn shown(&self) -> String {
        format!("{} v{}", self.name, self.version)
    }

    fn needs(&self) -> Option<(u32, u32, u32)> {
        parse(self.rust_version.as_deref()?)
    }
}

/// `1.89` or `1.89.1`.
fn parse(version: &str) -> Option<(u32, u32, u32)> {
    let mut numbers = version.split('.').map(str::parse::<u32>);
    let major = numbers.next()?.ok()?;
    let minor = numbers.next()?.ok()?;
    let patch = numbers.next().unwrap_or(Ok(0)).ok()?;
    Some((major, minor, patch))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn rust_versions_compare_by_number() {
        assert!(parse("1.9") < parse("1.89"));
        assert!(parse("1.89") < parse("1.89.1"));
        assert_eq!(parse("1.89"), Some((1, 89, 0)));
        assert_eq!(parse("nightly"), None);
    }
}
