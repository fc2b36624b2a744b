//! Who connects: [`Credentials`].

use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use pubsub_core::Result;
use pubsub_core::config::UserInfo;
use secrecy::SecretString;

/// How the client proves who it is. `Debug` prints `***`, the user's name included.
///
/// Files are read when the connection is made and each time that it is made again, so a file that is replaced takes
/// effect with the next connection.
///
/// ```
/// use pubsub_nats::Credentials;
///
/// let credentials = Credentials::password("ride", "s3cret");
/// assert_eq!(format!("{credentials:?}"), "Credentials(***)");
/// ```
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum Credentials {
    /// None: the server asks for none.
    #[default]
    None,
    /// A user with a password.
    Password {
        /// The user's name.
        user: String,
        /// The password.
        password: SecretString,
    },
    /// One secret that all clients share.
    Token(SecretString),
    /// The seed of a user's nkey (`SU...`). It signs what the server sends, and never travels.
    Nkey(SecretString),
    /// A file that holds the seed of a user's nkey.
    NkeyFile(PathBuf),
    /// A credentials file, as `nsc` writes it: a user's JWT and the seed of its nkey.
    CredentialsFile(PathBuf),
    /// The text of a credentials file.
    CredentialsText(SecretString),
    /// A user's JWT, and who signs for it.
    Jwt {
        /// The user's JWT.
        jwt: SecretString,
        /// Signs what the server sends.
        signer: NonceSigner,
    },
}

impl Credentials {
    /// A user with a password.
    pub fn password(user: impl Into<String>, password: impl Into<String>) -> Self {
        Self::Password { user: user.into(), password: password.into().into() }
    }

    /// One secret that all clients share.
    pub fn token(token: impl Into<String>) -> Self {
        Self::Token(token.into().into())
    }

    /// The seed of a user's nkey.
    pub fn nkey(seed: impl Into<String>) -> Self {
        Self::Nkey(seed.into().into())
    }

    /// A file that holds the seed of a user's nkey.
    pub fn nkey_file(path: impl Into<PathBuf>) -> Self {
        Self::NkeyFile(path.into())
    }

    /// A credentials file.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self::CredentialsFile(path.into())
    }

    /// The text of a credentials file.
    pub fn text(credentials: impl Into<String>) -> Self {
        Self::CredentialsText(credentials.into().into())
    }

    /// A user's JWT, and who signs for it: the seed may lie in a vault or a device.
    ///
    /// `sign` gets what the server sent to be signed (its nonce) for each connection that is made, and gives the 64
    /// bytes of an Ed25519 signature. It has what an attempt at one server has of `connect_timeout`. What its error says is kept
    /// out of logs.
    ///
    /// ```
    /// use pubsub_nats::Credentials;
    ///
    /// # async fn ask_the_vault(nonce: Vec<u8>) -> pubsub_core::Result<Vec<u8>> { Ok(nonce) }
    /// let credentials = Credentials::jwt("eyJ0eXAiOiJKV1Qi...", |nonce| ask_the_vault(nonce));
    /// assert_eq!(format!("{credentials:?}"), "Credentials(***)");
    /// ```
    pub fn jwt<F, Signing>(jwt: impl Into<String>, sign: F) -> Self
    where
        F: Fn(Vec<u8>) -> Signing + Send + Sync + 'static,
        Signing: Future<Output = Result<Vec<u8>>> + Send + 'static,
    {
        Self::Jwt { jwt: jwt.into().into(), signer: NonceSigner::new(sign) }
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_none() { "Credentials(none)" } else { "Credentials(***)" })
    }
}

impl From<&UserInfo> for Credentials {
    fn from(given: &UserInfo) -> Self {
        match given {
            UserInfo::Token(token) => Self::Token(token.clone()),
            UserInfo::Password { user, password } => {
                Self::Password { user: user.clone(), password: password.clone() }
            }
            // `UserInfo` may grow; a form that is unknown here is no credential, and the server then refuses.
            _ => Self::None,
        }
    }
}

/// Signs what a server sends, for a client that proves itself by a JWT: see [`Credentials::jwt`].
#[derive(Clone)]
pub struct NonceSigner(Arc<Sign>);

type Sign = dyn Fn(Vec<u8>) -> BoxFuture<'static, Result<Vec<u8>>> + Send + Sync;

impl NonceSigner {
    fn new<F, Signing>(sign: F) -> Self
    where
        F: Fn(Vec<u8>) -> Signing + Send + Sync + 'static,
        Signing: Future<Output = Result<Vec<u8>>> + Send + 'static,
    {
        Self(Arc::new(move |nonce| sign(nonce).boxed()))
    }

    pub(crate) fn sign(&self, nonce: Vec<u8>) -> BoxFuture<'static, Result<Vec<u8>>> {
        (self.0)(nonce)
    }
}

impl fmt::Debug for NonceSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NonceSigner(***)")
    }
}
