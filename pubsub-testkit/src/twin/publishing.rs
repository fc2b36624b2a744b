use pubsub_core::PublisherExt as _;

use super::Probe;
use crate::check::CaseResult;
use crate::trial::Trial;

pub(super) async fn message_id(trial: &Trial) -> CaseResult<Probe> {
    let stream = trial.create_stream(trial.stream_config("probe-id", &["probe-id"])?).await?;
    let message = trial.message("probe-id", "x")?.with_id("probe")?;
    let outcome = trial.publisher().publish_message(message).await.map(drop);
    let stored = trial.admin()?.stream_info(&stream).await?.messages;
    let side_effect = (stored > 0).then(|| "the message was stored".to_owned());
    Ok(Probe { outcome, side_effect })
}
