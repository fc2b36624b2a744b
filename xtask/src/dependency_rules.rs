//! Who may depend on whom, proven with `cargo tree`. ARCHITECTURE.md has the reasons.

use std::collections::BTreeSet;

use crate::Result;
use crate::command::{cargo, output};
use crate::workspace::Workspace;

/// What a package may use, apart from its development dependencies.
struct Rule {
    package: &'static str,
    features: Features,
    /// The packages of this workspace that it may depend on, itself or through others.
    ours: &'static [&'static str],
    network: Network,
}

#[derive(Debug, Clone, Copy)]
enum Features {
    All,
    Only(&'static str),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Network {
    Allowed,
    None,
}

const fn rule(
    package: &'static str,
    features: Features,
    ours: &'static [&'static str],
    network: Network,
) -> Rule {
    Rule { package, features, ours, network }
}

const CORE: &str = "pubsub-core";
const MEMORY: &str = "pubsub-memory";
const NATS: &str = "pubsub-nats";
const LAYERS: &str = "pubsub-layers";
const TOPOLOGY: &str = "pubsub-topology";
const TESTKIT: &str = "pubsub-testkit";
const FACADE: &str = "pubsub-kit";

/// Only xtask, the benchmarks and the fault scenarios may use the test kit.
const RULES: &[Rule] = &[
    rule(CORE, Features::All, &[], Network::None),
    rule(MEMORY, Features::All, &[CORE], Network::None),
    rule(NATS, Features::All, &[CORE], Network::Allowed),
    rule(LAYERS, Features::All, &[CORE], Network::None),
    rule(TOPOLOGY, Features::All, &[CORE], Network::None),
    // The proxy between a client and a server opens sockets, on loopback.
    rule(TESTKIT, Features::All, &[CORE, MEMORY, LAYERS], Network::Allowed),
    rule(TESTKIT, Features::Only(""), &[CORE], Network::Allowed),
    rule(FACADE, Features::All, &[CORE, MEMORY, NATS, LAYERS, TOPOLOGY], Network::Allowed),
    rule(FACADE, Features::Only(""), &[CORE], Network::None),
    rule(FACADE, Features::Only("memory"), &[CORE, MEMORY], Network::None),
    rule(FACADE, Features::Only("nats"), &[CORE, NATS], Network::Allowed),
    rule(FACADE, Features::Only("layers,topology"), &[CORE, LAYERS, TOPOLOGY], Network::None),
    rule("pubsub-cli", Features::All, &[CORE, MEMORY, NATS, TOPOLOGY, FACADE], Network::Allowed),
    rule("pubsub-examples", Features::All, &[CORE, MEMORY, NATS, FACADE], Network::Allowed),
    rule("pubsub-bench", Features::All, &[CORE, MEMORY, NATS, TESTKIT], Network::Allowed),
    rule("pubsub-faults", Features::All, &[CORE, NATS, TESTKIT], Network::Allowed),
    rule("xtask", Features::All, &[CORE, MEMORY, NATS, LAYERS, TESTKIT, FACADE], Network::Allowed),
];

/// Crates that open sockets or speak a protocol. `mio` and `socket2` come with tokio's `net`.
const NETWORK: &[&str] =
    &["async-nats", "hyper", "mio", "native-tls", "openssl", "reqwest", "rustls", "socket2", "tokio-rustls"];

/// Checks every package of the workspace; one without a rule is an error too.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let members: BTreeSet<&str> = workspace.members().map(|package| package.name.as_str()).collect();
    let mut broken = Vec::new();
    for member in &members {
        if !RULES.iter().any(|rule| rule.package == *member) {
            broken.push(format!("{member} has no rule: add one to xtask/src/dependency_rules.rs"));
        }
    }
    for rule in RULES {
        if !members.contains(rule.package) {
            broken.push(format!("there is a rule for {}, which does not exist", rule.package));
            continue;
        }
        let used = dependencies(rule)?;
        for name in rule.violations(&members, &used) {
            broken.push(format!(
                "{} ({:?} features) must not depend on {name}; \
                 `cargo tree -p {} --all-features -e no-dev -i {name}` shows how it does",
                rule.package, rule.features, rule.package
            ));
        }
    }
    if broken.is_empty() { Ok(()) } else { Err(broken.join("\n").into()) }
}

impl Rule {
    fn violations<'a>(&self, members: &BTreeSet<&str>, used: &'a BTreeSet<String>) -> Vec<&'a str> {
        let forbidden = |name: &str| {
            let ours = members.contains(name) && name != self.package && !self.ours.contains(&name);
            ours || (self.network == Network::None && NETWORK.contains(&name))
        };
        used.iter().map(String::as_str).filter(|name| forbidden(name)).collect()
    }
}

/// The names of everything that the package is built from, without development dependencies.
fn dependencies(rule: &Rule) -> Result<BTreeSet<String>> {
    let mut tree = cargo(["tree", "--locked", "--edges", "no-dev", "--prefix", "none", "--format", "{p}"]);
    tree.args(["--package", rule.package]);
    match rule.features {
        Features::All => tree.arg("--all-features"),
        Features::Only(features) => tree.args(["--no-default-features", "--features", features]),
    };
    Ok(names(&output(&mut tree)?))
}

/// The first word of each line: `tokio v1.54.0 (*)`.
fn names(tree: &str) -> BTreeSet<String> {
    tree.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn violations<'a>(rule: &Rule, used: &'a BTreeSet<String>) -> Vec<&'a str> {
        rule.violations(&BTreeSet::from([CORE, MEMORY, NATS, TESTKIT, FACADE]), used)
    }

    #[test]
    fn names_are_read_from_a_tree() {
        let tree = "pubsub-core v0.1.0 (/w/pubsub-core)\nbytes v1.12.1\nbytes v1.12.1 (*)\n\n";
        assert_eq!(names(tree), BTreeSet::from(["pubsub-core".to_owned(), "bytes".to_owned()]));
    }

    #[test]
    fn what_a_rule_does_not_name_is_a_violation() {
        let used = names("pubsub-memory v1\npubsub-core v1\npubsub-nats v1\nasync-nats v1\nbytes v1\n");
        let memory = rule(MEMORY, Features::All, &[CORE], Network::None);
        assert_eq!(violations(&memory, &used), ["async-nats", "pubsub-nats"]);
        let facade = rule(FACADE, Features::All, &[CORE, MEMORY, NATS], Network::Allowed);
        assert!(violations(&facade, &used).is_empty());
    }
}
