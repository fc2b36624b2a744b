//! Asking before what cannot be undone.

use std::io::{self, IsTerminal as _, Write as _};

use pubsub::{Error, ErrorKind};

use crate::failure::Failure;
use crate::output::visible;

/// Asks on the terminal, unless `is_agreed` says that nobody needs to be asked.
///
/// # Errors
/// Where nobody can be asked, and where the answer is no.
pub(crate) async fn ask(what: &str, is_agreed: bool) -> Result<(), Failure> {
    if is_agreed {
        return Ok(());
    }
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(Failure::usage(format!(
            "this would {what}; that cannot be undone, and there is no terminal to ask on: say `--yes`"
        )));
    }
    let question = format!("This would {}. It cannot be undone. Go on? [y/N] ", visible::line(what));
    // The connection is kept alive while somebody thinks.
    let answer = tokio::task::spawn_blocking(move || {
        write!(anstream::stderr(), "{question}")?;
        let mut answer = String::new();
        io::stdin().read_line(&mut answer)?;
        Ok::<_, io::Error>(answer)
    });
    let answer = answer.await.map_err(io::Error::other).and_then(|read| read);
    match answer.unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Failure::partly("nothing was done")),
    }
}

/// What a command says that another flag would allow.
pub(crate) fn refused(message: impl Into<String>, remedy: impl Into<String>) -> Failure {
    Failure::Error(Error::new(ErrorKind::Config, message.into()).with_remedy(remedy.into()))
}
