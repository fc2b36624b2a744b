//! What is declared as a whole: [`Topology`].

use std::collections::BTreeSet;
use std::path::Path;

use pubsub_core::{Error, Provision, Result, StreamAdmin, StreamName};

use crate::check::{Finding, check};
use crate::file::{Format, Source};
use crate::plan::{Applied, Plan};
use crate::plans::{ServicePlan, StreamPlan};
use crate::template::Template;

/// The streams, consumers, services and templates of a system.
///
/// ```
/// use pubsub_core::StreamConfig;
/// use pubsub_topology::{StreamPlan, Topology};
///
/// let topology = Topology::new().with_stream(StreamPlan::new(StreamConfig::new("RIDE", ["ride.>"])?));
/// topology.must_be_sound()?;
/// # Ok::<(), pubsub_core::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Topology {
    /// The streams, those of templates included.
    pub streams: Vec<StreamPlan>,
    /// The services that say what they publish.
    pub services: Vec<ServicePlan>,
    /// The templates, for tenants that come later.
    pub templates: Vec<Template>,
}

impl Topology {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a file, whose name says its format (`.toml`, `.json`, `.yaml`, `.yml`), with the environment over it
    /// ([`Source::with_environment`]).
    ///
    /// # Errors
    /// As [`Source::read`].
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self> {
        Source::file(path)?.with_environment().read()
    }

    /// Reads text.
    ///
    /// # Errors
    /// As [`Source::read`].
    pub fn parse(format: Format, text: &str) -> Result<Self> {
        Source::text(format, text)?.read()
    }

    /// Adds a stream.
    #[must_use]
    pub fn with_stream(mut self, stream: StreamPlan) -> Self {
        self.streams.push(stream);
        self
    }

    /// Adds a service.
    #[must_use]
    pub fn with_service(mut self, service: ServicePlan) -> Self {
        self.services.push(service);
        self
    }

    /// Adds a template, and the streams of the values that it names itself.
    ///
    /// # Errors
    /// As [`Template::stream_for`].
    pub fn with_template(mut self, template: Template) -> Result<Self> {
        for value in template.values() {
            self.streams.push(template.stream_for(value)?);
        }
        self.templates.push(template);
        Ok(self)
    }

    /// The stream of this name.
    #[must_use]
    pub fn stream(&self, name: &str) -> Option<&StreamPlan> {
        self.streams.iter().find(|stream| stream.config.name == *name)
    }

    /// The template of this name.
    #[must_use]
    pub fn template(&self, name: &str) -> Option<&Template> {
        self.templates.iter().find(|template| template.name() == name)
    }

    /// What one service needs: the consumers that name it, their streams, the streams that it publishes to, and those of
    /// its dead letters.
    #[must_use]
    pub fn of_service(&self, service: &str) -> Self {
        let mut needed: BTreeSet<&StreamName> = BTreeSet::new();
        let publishes = self.services.iter().filter(|known| known.name == service);
        for subject in publishes.flat_map(|service| &service.publishes) {
            let takes =
                |stream: &&StreamPlan| stream.config.subjects.iter().any(|taken| taken.overlaps(subject));
            needed.extend(self.streams.iter().filter(takes).map(|stream| &stream.config.name));
        }
        let mut streams = Vec::new();
        for stream in &self.streams {
            let mut own = stream.clone();
            own.consumers.retain(|consumer| consumer.services.iter().any(|user| user == service));
            if !own.consumers.is_empty() {
                needed.insert(&stream.config.name);
            }
            streams.push(own);
        }
        let letters = |stream: &StreamPlan| -> Vec<StreamName> {
            stream.consumers.iter().filter_map(|consumer| consumer.dead_letters.clone()).collect()
        };
        let letters: BTreeSet<StreamName> = streams.iter().flat_map(letters).collect();
        streams
            .retain(|stream| needed.contains(&stream.config.name) || letters.contains(&stream.config.name));
        let services = self.services.iter().filter(|known| known.name == service).cloned().collect();
        Self { streams, services, templates: self.templates.clone() }
    }

    /// What one value of a template needs, which may be one that was not declared: its stream, and those of its dead letters. For a
    /// tenant that has just come: `topology.of_template("customer", "acme")?.ensure(..)`.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](pubsub_core::ErrorKind::Config) if there is no such template, and as [`Template::stream_for`].
    pub fn of_template(&self, template: &str, value: &str) -> Result<Self> {
        let found = self.template(template).ok_or_else(|| {
            Error::config("templates", "there is no such template")
                .with_context("template", template)
                .with_remedy("declare it, or correct its name")
        })?;
        let stream = found.stream_for(value)?;
        let keeps = |letters: &&StreamPlan| {
            let name = Some(&letters.config.name);
            stream.consumers.iter().any(|consumer| consumer.dead_letters.as_ref() == name)
        };
        let mut streams: Vec<StreamPlan> = self.streams.iter().filter(keeps).cloned().collect();
        streams.iter_mut().for_each(|letters| letters.consumers.clear());
        streams.push(stream);
        Ok(Self { streams, services: Vec::new(), templates: Vec::new() })
    }

    /// Every mistake that can be found without a server, the worst first.
    #[must_use]
    pub fn check(&self) -> Vec<Finding> {
        check(self)
    }

    /// Refuses a topology with errors; warnings are let pass.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](pubsub_core::ErrorKind::Config), which lists the errors.
    pub fn must_be_sound(&self) -> Result<()> {
        Finding::refuse(&self.check())
    }

    /// Compares with what exists. Changes nothing.
    ///
    /// # Errors
    /// As [`must_be_sound`](Self::must_be_sound), and what keeps the broker from answering.
    ///
    /// # Cancel safety
    /// Dropped before completion, nothing changes.
    pub async fn plan(&self, admin: &dyn StreamAdmin) -> Result<Plan> {
        self.must_be_sound()?;
        Plan::of(self, admin).await
    }

    /// Makes sure, in one call, that everything is there as declared, the way that `provision` allows: plans, and applies the plan.
    /// What would lose messages is refused; for that, [`plan`](Self::plan) and [`Plan::allow_losses`].
    ///
    /// # Errors
    /// As [`plan`](Self::plan) and [`Plan::apply`].
    ///
    /// # Cancel safety
    /// As [`Plan::apply`].
    pub async fn ensure(&self, admin: &dyn StreamAdmin, provision: Provision) -> Result<Applied> {
        self.plan(admin).await?.apply(admin, provision).await
    }
}
