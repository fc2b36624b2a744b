//! What a server tells of itself.

use super::state::State;
use crate::nats_server::monitoring::get;

/// What the server tells of its streams, its consumers and its cluster; `None` if it does not answer.
pub(super) async fn state(port: Option<u16>) -> Option<State> {
    let (_, body) = get(port?, "/jsz?accounts=true&streams=true&consumers=true").await?;
    serde_json::from_str(&body).ok()
}

/// Whether the server has caught up with everything; otherwise what it says.
pub(super) async fn health(port: Option<u16>) -> Result<(), String> {
    let port = port.ok_or("it has no monitoring port")?;
    match get(port, "/healthz").await {
        Some((head, _)) if head.contains(" 200 ") => Ok(()),
        Some((_, body)) => Err(body),
        None => Err("no answer".to_owned()),
    }
}
