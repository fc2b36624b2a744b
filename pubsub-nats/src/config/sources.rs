//! Several sources of one configuration: [`ConfigSources`].

use std::path::Path;

use pubsub_core::config::{ConnectUrl, UserInfo};
use pubsub_core::{Error, Result};

use super::settings::{Secret, Servers, Settings};
use super::{NatsConfig, SCHEMES, context, environment, file};

/// Reads a configuration from a file, a context of the `nats` command line, the environment and a URL, in any order of calls.
///
/// A URL wins over the environment, that over a context, that over a file, and that over the defaults; what is then set by a
/// `with_` of [`NatsConfig`] wins over all. Key by key, but what belongs together comes from one source: all of the credentials,
/// `cert` with `key`, `domain` with `api_prefix`.
///
/// ```no_run
/// use pubsub_nats::NatsConfig;
///
/// let config = NatsConfig::sources()
///     .file("nats.toml")?
///     .environment()?
///     .url("nats://127.0.0.1:4222?name=rides")?
///     .read()?;
/// # Ok::<(), pubsub_core::Error>(())
/// ```
#[derive(Default)]
#[must_use = "nothing is read before `read`"]
pub struct ConfigSources {
    url: Settings,
    environment: Settings,
    context: Settings,
    file: Settings,
}

impl std::fmt::Debug for ConfigSources {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConfigSources").finish_non_exhaustive()
    }
}

impl ConfigSources {
    /// Adds what a file says; a name that ends in `.json` is JSON, one in `.toml` is TOML.
    ///
    /// # Errors
    /// `Config` for a file that cannot be read, with the line, or with the key that is not understood. It repeats no
    /// secret.
    pub fn file(mut self, path: impl AsRef<Path>) -> Result<Self> {
        self.file = file::read(path.as_ref())?.over(self.file);
        Ok(self)
    }

    /// Adds what a context of the `nats` command line says: by its name, as `nats context ls` shows it, or by the path of its
    /// file, if that ends in `.json`. Contexts are in `$XDG_CONFIG_HOME/nats/context`, or `~/.config/nats/context`. The one that
    /// is selected there is not looked at: what a program connects to must not depend on what someone has tried out last.
    ///
    /// `~`, `$NAME`, `file://`, `env://NAME` and `data:;base64,` mean what they mean there.
    ///
    /// # Errors
    /// `Config` for a context that cannot be read, and for what is not served here: `nsc`, a vault (`op://`), a SOCKS proxy, a
    /// Windows certificate store. It repeats no secret.
    pub fn context(mut self, name: &str) -> Result<Self> {
        self.context = context::read(name, &|variable: &str| std::env::var_os(variable))?.over(self.context);
        Ok(self)
    }

    /// Adds what the process's environment says, with the context that `NATS_CONTEXT` names. An empty variable counts as
    /// absent.
    ///
    /// # Errors
    /// `Config` for a value that is not understood, with the variable. It repeats no secret.
    pub fn environment(mut self) -> Result<Self> {
        self.environment = environment::read(|name| std::env::var_os(name))?;
        Ok(self)
    }

    /// Adds what a URL says.
    ///
    /// # Errors
    /// As [`NatsConfig::new`].
    pub fn url(mut self, url: &str) -> Result<Self> {
        self.url = from_url(&ConnectUrl::parse(url)?)?.over(self.url);
        Ok(self)
    }

    /// The configuration, checked.
    ///
    /// # Errors
    /// `Config` for values that are out of range or contradict each other, with the field.
    pub fn read(self) -> Result<NatsConfig> {
        let config = self.url.over(self.environment).over(self.context).over(self.file).into_config()?;
        config.validate()?;
        Ok(config)
    }
}

impl NatsConfig {
    /// What a URL says: `nats://[user:password@ | token@]host[:port][,host[:port]...][?key=value&...]`, or the same with
    /// `tls://`. Credentials and values are percent-decoded. The environment is not looked at.
    ///
    /// # Errors
    /// `Config` for a URL, a scheme or a key that is not understood. It repeats no credentials.
    pub fn new(url: &str) -> Result<Self> {
        Self::sources().url(url)?.read()
    }

    /// What a URL says that was parsed already.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn from_url(url: &ConnectUrl) -> Result<Self> {
        ConfigSources { url: from_url(url)?, ..ConfigSources::default() }.read()
    }

    /// What the process's environment says: `NATS_URL` and the other variables of the table above.
    ///
    /// # Errors
    /// As [`ConfigSources::environment`].
    pub fn from_env() -> Result<Self> {
        Self::sources().environment()?.read()
    }

    /// What a context of the `nats` command line says.
    ///
    /// # Errors
    /// As [`ConfigSources::context`].
    pub fn from_context(name: &str) -> Result<Self> {
        Self::sources().context(name)?.read()
    }

    /// What a TOML or JSON file says.
    ///
    /// # Errors
    /// As [`ConfigSources::file`].
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self> {
        Self::sources().file(path)?.read()
    }

    /// Several of these at once.
    pub fn sources() -> ConfigSources {
        ConfigSources::default()
    }
}

/// What a URL says that may leave out its scheme.
pub(super) fn from_servers(url: &str) -> Result<Settings> {
    let parsed = if url.contains("://") {
        ConnectUrl::parse(url)
    } else {
        ConnectUrl::parse(&format!("nats://{url}"))
    };
    from_url(&parsed?)
}

pub(super) fn from_url(url: &ConnectUrl) -> Result<Settings> {
    if !SCHEMES.contains(&url.scheme()) {
        return Err(Error::config("url", format!("the scheme `{}` is not served", url.scheme()))
            .with_remedy("write `nats://host:port` or `tls://host:port`"));
    }
    if !matches!(url.path(), "" | "/") {
        return Err(Error::config("url", "a NATS URL has no path")
            .with_remedy("write options after a `?`, as in `nats://host:4222?name=rides`"));
    }
    let mut settings: Settings = url.options()?;
    if settings.servers.is_some() {
        return Err(Error::config("url", "`servers` is not an option of a URL")
            .with_remedy("write the hosts before the `?`"));
    }
    if let Some(given) = url.user_info() {
        if settings.has_credentials() {
            return Err(Error::config("url", "there are credentials before the host and after the `?`")
                .with_remedy("give them once"));
        }
        match given {
            UserInfo::Token(token) => settings.token = Some(Secret(token.clone())),
            UserInfo::Password { user, password } => {
                settings.user = Some(Secret(user.clone().into()));
                settings.password = Some(Secret(password.clone()));
            }
            _ => return Err(Error::config("url", "the credentials have a form that is not known here")),
        }
    }
    if !url.hosts().is_empty() {
        let hosts = url.hosts().iter();
        let servers = match url.scheme() {
            "tls" => hosts.map(|host| format!("tls://{host}")).collect(),
            _ => hosts.cloned().collect(),
        };
        settings.servers = Some(Servers(servers));
    }
    Ok(settings)
}
