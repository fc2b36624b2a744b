//! Which client a tenant has: [`Tenants`].

use std::collections::BTreeMap;

use super::Client;
use crate::layer::SubjectPrefix;
use crate::subject::Subject;
use crate::{Error, ErrorKind, Result};

/// The clients of several tenants in one process: each has its name before its subjects ([`SubjectPrefix`]), and the
/// connection that it is given, its own or one that it shares.
///
/// A tenant that is not known is refused, or served as the one that is the
/// [default](Self::with_default). What stores their messages is for the application to make: a stream for each tenant (the
/// crate `pubsub-topology` makes them of a template), of a name of its own, since streams and consumers are not renamed.
///
/// This keeps honest programs from mixing tenants up. Tenants that must not be able to read each other's messages need
/// accounts or permissions on the server, and each its own connection with its own credentials.
///
/// ```no_run
/// use pubsub_core::{Client, Provision, Result, StreamConfig, Tenants};
///
/// # async fn example(shared: Client, own: Client) -> Result<()> {
/// let tenants = Tenants::below("customers")?.with("acme", shared.clone())?.with("globex", own)?;
/// let acme = tenants.client("acme")?;
/// acme.ensure_stream(StreamConfig::new("CUSTOMER_acme", ["ride.>"])?, Provision::CreateIfMissing).await?;
/// acme.publish("ride.r-17.completed", "120").await?; // stored as customers.acme.ride.r-17.completed
/// assert_eq!(tenants.of("customers.acme.ride.r-17.completed"), Some(("acme", "ride.r-17.completed")));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Tenants {
    /// What comes before the names.
    root: Option<Subject>,
    clients: BTreeMap<String, Client>,
    default: Option<String>,
}

impl Tenants {
    /// No tenants. Their subjects begin with their names.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// No tenants. Their subjects begin with this, and then their names.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] if it is no legal subject.
    pub fn below<S>(root: S) -> Result<Self>
    where
        S: TryInto<Subject, Error: Into<Error>>,
    {
        Ok(Self { root: Some(root.try_into().map_err(Into::into)?), ..Self::default() })
    }

    /// Adds a tenant, which is served over this client.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for a name that is not exactly one token of a subject, [`ErrorKind::AlreadyExists`] for one
    /// that is there already.
    pub fn with(mut self, tenant: &str, client: Client) -> Result<Self> {
        let name = Subject::new(tenant)?;
        if tenant.contains('.') {
            return Err(Error::new(ErrorKind::InvalidInput, "the name of a tenant has more than one token")
                .with_context("tenant", tenant)
                .with_remedy("leave the `.` out"));
        }
        if self.clients.contains_key(tenant) {
            return Err(Error::new(ErrorKind::AlreadyExists, "the tenant is there already")
                .with_context("tenant", tenant)
                .with_remedy("name it once"));
        }
        let prefix = match &self.root {
            Some(root) => root.join(&name)?,
            None => name,
        };
        self.clients.insert(tenant.to_owned(), client.with_layer(SubjectPrefix::new(prefix)?));
        Ok(self)
    }

    /// Serves whoever is not known as this tenant. By default they are refused.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if that one is not known itself.
    pub fn with_default(mut self, tenant: &str) -> Result<Self> {
        if !self.clients.contains_key(tenant) {
            return Err(unknown(tenant));
        }
        self.default = Some(tenant.to_owned());
        Ok(self)
    }

    /// The client of a tenant, with the tenant's subjects.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] for one that is not known, without a [default](Self::with_default).
    pub fn client(&self, tenant: &str) -> Result<Client> {
        let default = || self.clients.get(self.default.as_ref()?);
        self.clients.get(tenant).or_else(default).cloned().ok_or_else(|| unknown(tenant))
    }

    /// Whose a stored subject is, and how its tenant calls it; `None` for a subject of nobody here.
    #[must_use]
    pub fn of<'a>(&self, stored: &'a str) -> Option<(&'a str, &'a str)> {
        let rest = match &self.root {
            Some(root) => stored.strip_prefix(root.as_str())?.strip_prefix('.')?,
            None => stored,
        };
        let (tenant, own) = rest.split_once('.')?;
        self.clients.contains_key(tenant).then_some((tenant, own))
    }

    /// Their names, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.clients.keys().map(String::as_str)
    }
}

fn unknown(tenant: &str) -> Error {
    Error::new(ErrorKind::NotFound, "nobody is served under this tenant's name")
        .with_context("tenant", tenant)
        .with_remedy("add the tenant, or a default for those that are not known")
}
