//! Reading a topology: [`Source`], [`Format`].

mod environment;
mod read;

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use pubsub_core::{Error, Result};
use serde_json::{Map, Value};

pub(crate) use read::stream;

use crate::topology::Topology;

/// Nobody writes a larger topology by hand; a larger file is another one.
const MOST: u64 = 4 * 1024 * 1024;

/// How a topology is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// TOML.
    #[cfg(feature = "toml")]
    Toml,
    /// JSON.
    Json,
    /// YAML 1.2.
    #[cfg(feature = "yaml")]
    Yaml,
}

impl Format {
    fn of(path: &Path) -> Option<Self> {
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        match extension.to_ascii_lowercase().as_str() {
            #[cfg(feature = "toml")]
            "toml" => Some(Self::Toml),
            "json" => Some(Self::Json),
            #[cfg(feature = "yaml")]
            "yaml" | "yml" => Some(Self::Yaml),
            _ => None,
        }
    }

    fn parse(self, text: &str) -> Result<Map<String, Value>> {
        match self {
            #[cfg(feature = "toml")]
            Self::Toml => toml::from_str(text).map_err(|error: toml::de::Error| {
                let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
                broken("TOML", before.matches('\n').count() + 1, error.message())
            }),
            Self::Json => {
                serde_json::from_str(text).map_err(|error| broken("JSON", error.line(), &error.to_string()))
            }
            #[cfg(feature = "yaml")]
            Self::Yaml => serde_saphyr::from_str(text).map_err(|error| {
                let line = error.location().map_or(0, |location| location.line());
                broken("YAML", usize::try_from(line).unwrap_or(0), "see the line")
            }),
        }
    }
}

fn broken(format: &'static str, line: usize, why: &str) -> Error {
    Error::config("topology", format!("the text is no {format} of a topology: {why}"))
        .with_context("line", line)
}

/// A text, and what is laid over it, before it is read.
///
/// ```
/// # #[cfg(feature = "toml")] {
/// use pubsub_topology::{Format, Source};
///
/// let text = r#"
///     [streams.RIDE]
///     subjects = ["ride.>"]
/// "#;
/// let topology = Source::text(Format::Toml, text)?
///     .with_variables("TOPOLOGY", [("TOPOLOGY__STREAMS__RIDE__MAX_AGE", "7d")])?
///     .read()?;
/// assert_eq!(topology.streams[0].config.max_age.to_string(), "7d");
/// # }
/// # Ok::<(), pubsub_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Source {
    fields: Map<String, Value>,
    /// What the environment said wrong.
    refused: Option<std::sync::Arc<str>>,
}

impl Source {
    /// The prefix of the variables of [`with_environment`](Self::with_environment).
    pub const PREFIX: &'static str = "PUBSUB_TOPOLOGY";

    /// A text.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](pubsub_core::ErrorKind::Config), with the line, for text that is not of this format.
    pub fn text(format: Format, text: &str) -> Result<Self> {
        Ok(Self { fields: format.parse(text)?, refused: None })
    }

    /// A file, whose name says its format.
    ///
    /// # Errors
    /// As [`text`](Self::text); also for a file that cannot be read, is larger than 4 MiB, or whose name says no format.
    pub fn file(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let about = |error: Error| error.with_operation("read topology").with_context("path", path.display());
        let format = Format::of(path).ok_or_else(|| {
            about(Error::config("file", "its name says no format that is compiled in")).with_remedy(
                "name it `*.toml`, `*.json` or `*.yaml`, and enable the cargo feature of its format",
            )
        })?;
        let text = read_text(path).map_err(|cause| {
            about(Error::config("file", format!("the file cannot be read: {}", cause.kind())))
                .with_remedy("check that it is there, and that it is text below 4 MiB")
        })?;
        Self::text(format, &text).map_err(about)
    }

    /// Lays the process's environment over it, as [`with_variables`](Self::with_variables) with the prefix
    /// [`PREFIX`](Self::PREFIX).
    #[must_use]
    pub fn with_environment(self) -> Self {
        let own = std::env::vars_os().filter_map(|(name, value)| {
            let (name, value) = (name.into_string().ok()?, value.into_string().ok()?);
            name.starts_with(Self::PREFIX).then_some((name, value))
        });
        let before = self.clone();
        // A wrong variable is told of when the topology is read.
        self.with_variables(Self::PREFIX, own)
            .unwrap_or_else(|error| Self { refused: Some(error.to_string().into()), ..before })
    }

    /// Lays variables over it. After the prefix each names a field by its path, with `__` before each key and letter case ignored:
    /// `PUBSUB_TOPOLOGY__STREAMS__RIDE__MAX_AGE=7d`, `PUBSUB_TOPOLOGY__DEFAULTS__STREAM__REPLICAS=3`. The streams, consumers and
    /// templates on the path must be there. A value that is JSON (a number, `true`, a list) is taken so, any other as text.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](pubsub_core::ErrorKind::Config) for a variable that names nothing that is there.
    pub fn with_variables<N, V>(
        mut self,
        prefix: &str,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self>
    where
        N: AsRef<str>,
        V: AsRef<str>,
    {
        for (name, value) in variables {
            environment::lay_over(&mut self.fields, prefix, name.as_ref(), value.as_ref())?;
        }
        Ok(self)
    }

    /// Reads the topology. Each field is one of [`StreamConfig`](pubsub_core::StreamConfig) or
    /// [`ConsumerConfig`](pubsub_core::ConsumerConfig), or one of those of [`StreamPlan`](crate::StreamPlan) and
    /// [`ConsumerPlan`](crate::ConsumerPlan).
    ///
    /// # Errors
    /// [`ErrorKind::Config`](pubsub_core::ErrorKind::Config), with the path of the field as context `at`: for an unknown key, a value
    /// that cannot be, or a template without its parameter.
    pub fn read(self) -> Result<Topology> {
        if let Some(why) = self.refused {
            return Err(Error::config("environment", why.to_string()));
        }
        read::topology(self.fields)
    }
}

fn read_text(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(MOST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MOST {
        return Err(std::io::ErrorKind::FileTooLarge.into());
    }
    Ok(text)
}
