//! What cargo knows about this workspace.

use std::path::PathBuf;

use serde_json::Value;

use crate::Result;
use crate::command::{cargo, output};

/// `cargo metadata`, read as far as the checks need it.
#[derive(Debug)]
pub(crate) struct Workspace {
    pub(crate) target: PathBuf,
    /// The workspace's own, and their dependencies if asked for.
    pub(crate) packages: Vec<Package>,
}

/// A package of the workspace or a dependency.
#[derive(Debug)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) rust_version: Option<String>,
    pub(crate) is_member: bool,
    pub(crate) has_library: bool,
    /// Without `default`.
    pub(crate) features: Vec<String>,
}

impl Workspace {
    /// The workspace's own packages.
    pub(crate) fn read() -> Result<Self> {
        Self::parse(&output(&mut cargo(["metadata", "--format-version", "1", "--no-deps"]))?)
    }

    /// All packages that `Cargo.lock` names.
    pub(crate) fn read_with_dependencies() -> Result<Self> {
        Self::parse(&output(&mut cargo(["metadata", "--format-version", "1", "--all-features", "--locked"]))?)
    }

    /// The workspace's own packages.
    pub(crate) fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| package.is_member)
    }

    fn parse(text: &str) -> Result<Self> {
        let value: Value = serde_json::from_str(text)?;
        let path = |key: &str| {
            let path = value.get(key).and_then(Value::as_str);
            path.map(PathBuf::from).ok_or_else(|| format!("cargo metadata tells no {key}"))
        };
        let empty = Vec::new();
        let members = value.get("workspace_members").and_then(Value::as_array).unwrap_or(&empty);
        let packages = value.get("packages").and_then(Value::as_array).unwrap_or(&empty);
        Ok(Self {
            target: path("target_directory")?,
            packages: packages.iter().filter_map(|package| Package::parse(package, members)).collect(),
        })
    }
}

impl Package {
    fn parse(value: &Value, members: &[Value]) -> Option<Self> {
        let text = |key: &str| value.get(key)?.as_str().map(str::to_owned);
        let features = value.get("features")?.as_object()?;
        let targets = value.get("targets")?.as_array()?;
        Some(Self {
            name: text("name")?,
            version: text("version")?,
            rust_version: text("rust_version"),
            is_member: members.contains(value.get("id")?),
            has_library: targets.iter().any(|target| target.pointer("/kind/0") == Some(&"lib".into())),
            features: features.keys().filter(|feature| *feature != "default").cloned().collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Workspace;

    #[test]
    fn metadata_gives_members_features_and_rust_versions() {
        let text = r#"{
            "target_directory": "/w/target", "workspace_members": ["own"],
            "packages": [
                {"id": "own", "name": "own", "version": "0.1.0", "rust_version": "1.89",
                 "features": {"default": ["a"], "a": []}, "targets": [{"kind": ["lib"]}]},
                {"id": "other", "name": "other", "version": "2.0.0", "rust_version": null,
                 "features": {}, "targets": [{"kind": ["proc-macro"]}]}
            ]
        }"#;
        let workspace = Workspace::parse(text).unwrap();
        let own: Vec<_> = workspace.members().collect();
        assert_eq!(own.len(), 1);
        assert_eq!(own[0].features, ["a"]);
        assert_eq!(own[0].rust_version.as_deref(), Some("1.89"));
        assert!(own[0].has_library);
        assert_eq!(workspace.packages.len(), 2);
        assert!(!workspace.packages[1].has_library);
    }
}
