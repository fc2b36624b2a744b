//! From fields to a topology.

use std::time::Duration;

use pubsub_core::config::duration;
use pubsub_core::{ConsumerConfig, Error, Result, StreamConfig, StreamName, SubjectFilter};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::plans::{ConsumerPlan, ServicePlan, StreamPlan};
use crate::template::Template;
use crate::topology::Topology;

type Fields = Map<String, Value>;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Whole {
    #[serde(default)]
    defaults: Defaults,
    #[serde(default)]
    streams: Map<String, Value>,
    #[serde(default)]
    templates: Map<String, Value>,
    #[serde(default)]
    services: Map<String, Value>,
}

/// What every stream, and every consumer, has that does not say otherwise.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Defaults {
    stream: Fields,
    consumer: Fields,
}

/// What a stream has besides its configuration.
#[derive(Debug, Deserialize)]
struct StreamExtras {
    #[serde(default, with = "duration::option")]
    publish_retry: Option<Duration>,
    #[serde(default)]
    consumers: Map<String, Value>,
}

/// What a consumer has besides its configuration.
#[derive(Debug, Deserialize)]
struct ConsumerExtras {
    #[serde(default)]
    services: Vec<String>,
    #[serde(default)]
    dead_letters: Option<StreamName>,
    #[serde(default)]
    prefetch: Option<u32>,
    #[serde(default, with = "duration::option")]
    handling_time: Option<Duration>,
    #[serde(default, with = "duration::option")]
    retry_budget: Option<Duration>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Service {
    #[serde(default)]
    publishes: Vec<SubjectFilter>,
}

const STREAM_EXTRAS: [&str; 2] = ["publish_retry", "consumers"];
const CONSUMER_EXTRAS: [&str; 5] = ["services", "dead_letters", "prefetch", "handling_time", "retry_budget"];

pub(super) fn topology(fields: Fields) -> Result<Topology> {
    let whole: Whole = typed("", Value::Object(fields))?;
    let mut topology = Topology::new();
    for (name, value) in whole.streams {
        let at = format!("streams.{name}");
        topology.streams.push(stream(&at, &name, whole.defaults.under_stream(value))?);
    }
    for (name, value) in whole.templates {
        let template = template(&format!("templates.{name}"), name, whole.defaults.under_stream(value))?;
        topology = topology.with_template(template)?;
    }
    for (name, value) in whole.services {
        let service: Service = typed(&format!("services.{name}"), value)?;
        topology.services.push(ServicePlan::new(name, service.publishes));
    }
    Ok(topology)
}

impl Defaults {
    fn under_stream(&self, mut stream: Value) -> Value {
        if let Value::Object(fields) = &mut stream {
            if let Some(Value::Object(consumers)) = fields.get_mut("consumers") {
                for consumer in consumers.values_mut().filter_map(Value::as_object_mut) {
                    fill(consumer, &self.consumer);
                }
            }
            fill(fields, &self.stream);
        }
        stream
    }
}

fn fill(fields: &mut Fields, defaults: &Fields) {
    for (key, value) in defaults {
        fields.entry(key).or_insert_with(|| value.clone());
    }
}

/// One stream, with its consumers.
pub(crate) fn stream(at: &str, name: &str, value: Value) -> Result<StreamPlan> {
    let (extras, mut config) = split(at, value, &STREAM_EXTRAS)?;
    let extras: StreamExtras = typed(at, extras)?;
    set_name(at, &mut config, name)?;
    let config: StreamConfig = typed(at, Value::Object(config))?;
    let mut plan = StreamPlan { publish_retry: extras.publish_retry, ..StreamPlan::new(config) };
    for (name, value) in extras.consumers {
        plan.consumers.push(consumer(&format!("{at}.consumers.{name}"), &name, value)?);
    }
    Ok(plan)
}

fn consumer(at: &str, name: &str, value: Value) -> Result<ConsumerPlan> {
    let (extras, mut config) = split(at, value, &CONSUMER_EXTRAS)?;
    let extras: ConsumerExtras = typed(at, extras)?;
    set_name(at, &mut config, name)?;
    let config: ConsumerConfig = typed(at, Value::Object(config))?;
    Ok(ConsumerPlan {
        services: extras.services,
        dead_letters: extras.dead_letters,
        prefetch: extras.prefetch,
        handling_time: extras.handling_time,
        retry_budget: extras.retry_budget,
        ..ConsumerPlan::new(config)
    })
}

fn template(at: &str, name: String, value: Value) -> Result<Template> {
    let Value::Object(mut fields) = value else { return Err(no_table(at)) };
    let parameters: Map<String, Value> = match fields.remove("for") {
        Some(Value::Object(parameters)) => parameters,
        _ => {
            return Err(refused(at, "a template says `for` which values it is made")
                .with_remedy("write for = { tenant = [\"acme\", \"globex\"] }, or an empty list"));
        }
    };
    let mut parameters = parameters.into_iter();
    let (Some((parameter, values)), None) = (parameters.next(), parameters.next()) else {
        return Err(refused(at, "a template has one parameter").with_remedy("write for = { tenant = [] }"));
    };
    let values = typed(&format!("{at}.for.{parameter}"), values)?;
    Template::new(name, parameter, values, Value::Object(fields))
}

/// The key is the name.
fn set_name(at: &str, config: &mut Fields, name: &str) -> Result<()> {
    match config.insert("name".to_owned(), Value::from(name)) {
        None => Ok(()),
        Some(_) => Err(refused(at, "its key is its name").with_remedy("leave `name` out, or change the key")),
    }
}

fn split(at: &str, value: Value, extras: &[&str]) -> Result<(Value, Fields)> {
    let Value::Object(fields) = value else { return Err(no_table(at)) };
    let (extras, config) = fields.into_iter().partition(|(key, _)| extras.contains(&key.as_str()));
    Ok((Value::Object(extras), config))
}

/// Reads a value, and says where it cannot.
fn typed<T: DeserializeOwned>(at: &str, value: Value) -> Result<T> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let inside = error.path().to_string();
        let path = match (at, inside.as_str()) {
            ("", inside) => inside.to_owned(),
            (at, ".") => at.to_owned(),
            (at, inside) => format!("{at}.{inside}"),
        };
        refused(&path, &error.into_inner().to_string())
    })
}

fn refused(at: &str, why: &str) -> Error {
    Error::config("topology", why.to_owned()).with_context("at", at)
}

fn no_table(at: &str) -> Error {
    refused(at, "it is no table of fields").with_remedy("write its fields, such as subjects = [\"ride.>\"]")
}
