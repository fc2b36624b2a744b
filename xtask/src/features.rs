//! Every library compiles, without warnings, with none of its features and with each of them alone.

use crate::Result;
use crate::command::{cargo, run};
use crate::workspace::Workspace;

/// Does not compile without features, and says so: TLS takes one provider of cryptography or another.
const NEEDS_A_FEATURE: &str = "pubsub-nats";

/// Checks the libraries that have features. That all of them compile together is seen in clippy's stage.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    for package in workspace.members().filter(|package| package.has_library) {
        for features in selections(&package.features) {
            if features.is_empty() && package.name == NEEDS_A_FEATURE {
                continue;
            }
            eprintln!("    {} [{features}]", package.name);
            let arguments = ["clippy", "--quiet", "--lib", "--locked", "--no-default-features"];
            let mut command = cargo(arguments);
            command.args(["--package", &package.name, "--features", &features]);
            run(command.args(["--", "-D", "warnings"]))?;
        }
    }
    Ok(())
}

/// None, and each alone; nothing for a package without features.
fn selections(features: &[String]) -> Vec<String> {
    if features.is_empty() {
        return Vec::new();
    }
    let mut selections = vec![String::new()];
    selections.extend(features.iter().cloned());
    selections
}

#[cfg(test)]
mod tests {
    use super::selections;

    #[test]
    fn none_and_each_are_checked() {
        let features = ["memory".to_owned(), "nats".to_owned()];
        assert_eq!(selections(&features), ["", "memory", "nats"]);
        assert_eq!(selections(&features[..1]), ["", "memory"]);
        assert!(selections(&[]).is_empty());
    }
}
