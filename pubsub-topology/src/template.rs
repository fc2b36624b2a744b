//! A stream for each tenant: [`Template`].

use pubsub_core::{Error, Result, StreamName};
use serde_json::Value;

use crate::file;
use crate::plans::StreamPlan;

/// A stream, with its consumers, of which there is one for each value of a parameter: `CUSTOMER_{tenant}` over `customers.{tenant}.>`.
///
/// ```
/// # #[cfg(feature = "toml")] {
/// use pubsub_topology::{Format, Topology};
///
/// let topology = Topology::parse(
///     Format::Toml,
///     r#"
///         [templates.customer]
///         name = "CUSTOMER_{tenant}"
///         for = { tenant = ["acme"] }
///         subjects = ["customers.{tenant}.>"]
///     "#,
/// )?;
/// assert!(topology.stream("CUSTOMER_acme").is_some());
///
/// let template = topology.template("customer").ok_or_else(|| pubsub_core::Error::closed("template"))?;
/// let late = template.stream_for("globex")?;
/// assert_eq!(late.config.subjects[0], "customers.globex.>");
/// # }
/// # Ok::<(), pubsub_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    name: String,
    parameter: String,
    values: Vec<String>,
    /// A stream as a file has it, with the parameter in its texts.
    stream: Value,
}

impl Template {
    pub(crate) fn new(name: String, parameter: String, values: Vec<String>, stream: Value) -> Result<Self> {
        let template = Self { name, parameter, values, stream };
        let placeholder = template.placeholder();
        let text = |key: &str| template.stream.get(key).and_then(Value::as_str).unwrap_or_default();
        if !text("name").contains(&placeholder) {
            let message = format!("the name of its streams has no `{placeholder}`: all would be one");
            return Err(template.refused(message));
        }
        let subjects = template.stream.get("subjects").and_then(Value::as_array).into_iter().flatten();
        let mut shared = subjects.filter_map(Value::as_str).filter(|subject| !subject.contains(&placeholder));
        if let Some(subject) = shared.next() {
            let message =
                format!("the subject `{subject}` has no `{placeholder}`: all of its streams would store it");
            return Err(template.refused(message));
        }
        Ok(template)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The values that are declared with it.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        self.values.iter().map(String::as_str)
    }

    /// The stream of one value, which may be one that was not declared: a tenant that has just come.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](pubsub_core::ErrorKind::InvalidInput) for a value that cannot be part of a name and a token of a
    /// subject, and as [`Topology::parse`](crate::Topology::parse) for the stream.
    pub fn stream_for(&self, value: &str) -> Result<StreamPlan> {
        // What may be in a stream's name is safe in a subject, too.
        StreamName::new(value).map_err(|error| {
            Error::invalid_input("value", format!("`{}` cannot be made of this value", self.name))
                .with_context("parameter", &self.parameter)
                .with_remedy("use letters, digits, `_` and `-` only")
                .with_source(error)
        })?;
        let mut stream = self.stream.clone();
        fill(&mut stream, &self.placeholder(), value);
        let Some(name) = stream.as_object_mut().and_then(|fields| fields.remove("name")) else {
            return Err(self.refused("its streams have no name".to_owned()));
        };
        let name = name.as_str().unwrap_or_default().to_owned();
        file::stream(&format!("templates.{}", self.name), &name, stream)
    }

    fn placeholder(&self) -> String {
        format!("{{{}}}", self.parameter)
    }

    fn refused(&self, message: String) -> Error {
        Error::config("templates", message)
            .with_context("template", &self.name)
            .with_remedy(format!("put `{}` into it", self.placeholder()))
    }
}

/// Into every text, and every key (the names of consumers are keys).
fn fill(value: &mut Value, placeholder: &str, with: &str) {
    match value {
        Value::String(text) => *text = text.replace(placeholder, with),
        Value::Array(items) => items.iter_mut().for_each(|item| fill(item, placeholder, with)),
        Value::Object(fields) => {
            let filled = std::mem::take(fields).into_iter().map(|(key, mut value)| {
                fill(&mut value, placeholder, with);
                (key.replace(placeholder, with), value)
            });
            *fields = filled.collect();
        }
        _ => {}
    }
}
