//! The negative twin of each capability: what a backend that lacks it must refuse.
//!
//! One probe per capability makes the call that the capability stands for. Where it is not declared, the call must be
//! refused with `Unsupported` and leave nothing behind; where it is declared, it must not be refused so. Case L1 uses
//! the probes both ways.

mod administration;
mod creation;
mod instructions;
mod publishing;
mod settling;

use pubsub_core::{Capability, Error, ErrorKind};

use crate::check::{CaseResult, Failure, check};
use crate::trial::Trial;

/// What came of the call of a probe.
pub(crate) struct Probe {
    pub(crate) outcome: Result<(), Error>,
    /// What the call has changed although it was refused.
    pub(crate) side_effect: Option<String>,
}

/// Whether there is a probe for it.
pub(crate) fn exists(capability: Capability) -> bool {
    Capability::ALL.contains(&capability)
}

/// Proves that a backend refuses what it does not declare, before any side effect.
pub(crate) async fn is_refused(trial: &Trial, capability: Capability) -> CaseResult {
    let probe = call(trial, capability).await?;
    match probe.outcome {
        Ok(()) => {
            Err(Failure::without_place(format!("`{capability}` is not declared, and the call was accepted")))
        }
        Err(error) if error.kind() != ErrorKind::Unsupported => Err(Failure::without_place(format!(
            "`{capability}` is not declared, and the call was refused with another kind of error: {error}"
        ))),
        Err(_) => match probe.side_effect {
            None => Ok(()),
            Some(effect) => {
                Err(Failure::without_place(format!("the call for `{capability}` was refused, but {effect}")))
            }
        },
    }
}

/// Proves that a backend does not refuse what it declares.
pub(crate) async fn is_accepted(trial: &Trial, capability: Capability) -> CaseResult {
    let probe = call(trial, capability).await?;
    if let Err(error) = probe.outcome {
        let unsupported = error.kind() == ErrorKind::Unsupported;
        check!(!unsupported, "`{capability}` is declared, and the call was refused as unsupported: {error}");
        return Err(Failure::from(error).while_doing(format!("probe `{capability}`")));
    }
    Ok(())
}

async fn call(trial: &Trial, capability: Capability) -> CaseResult<Probe> {
    match capability {
        Capability::MessageId => publishing::message_id(trial).await,
        Capability::ConfirmedSettlement => settling::confirmed(trial).await,
        Capability::NakDelay => settling::nak_delay(trial).await,
        Capability::Term => settling::term(trial).await,
        Capability::Extend => settling::extend(trial).await,
        Capability::EphemeralConsumers => creation::ephemeral_consumer(trial).await,
        Capability::StartPosition => creation::start_position(trial).await,
        Capability::AckPolicies => creation::ack_policy(trial).await,
        Capability::MaxAckPending => creation::max_ack_pending(trial).await,
        Capability::InterestRetention => creation::interest(trial).await,
        Capability::WorkQueueRetention => creation::work_queue(trial).await,
        Capability::StreamLimits => creation::stream_limit(trial).await,
        Capability::DiscardNew => creation::discard_new(trial).await,
        Capability::DiscardNewPerSubject => creation::discard_new_per_subject(trial).await,
        Capability::FastBatch => creation::fast_batches(trial).await,
        Capability::DeleteMarkers => creation::delete_markers(trial).await,
        Capability::SubjectTransform => creation::subject_transform(trial).await,
        Capability::Republish => creation::republish(trial).await,
        Capability::Metadata => creation::metadata(trial).await,
        Capability::Backoff => creation::backoff(trial).await,
        Capability::OriginalReplay => creation::original_replay(trial).await,
        Capability::HeadersOnly => creation::headers_only(trial).await,
        Capability::PriorityGroups => creation::priority_group(trial).await,
        Capability::PrioritizedGroups => creation::prioritized_group(trial).await,
        Capability::Expectations => instructions::expectation(trial).await,
        Capability::ExpectedSubjectFilter => instructions::expected_filter(trial).await,
        Capability::MessageTtl => instructions::time_to_live(trial).await,
        Capability::Rollup => instructions::rollup(trial).await,
        Capability::Schedules => instructions::schedule(trial).await,
        Capability::RecurringSchedules => instructions::recurring_schedule(trial).await,
        Capability::AtomicBatch => publishing::atomic_batch(trial).await,
        Capability::PublishRetry => publishing::retry(trial).await,
        Capability::CoreMessaging => publishing::without_a_stream(trial).await,
        Capability::Advisories => publishing::advisories(trial).await,
        Capability::Update => administration::update(trial).await,
        Capability::List => administration::list(trial).await,
        Capability::Purge => administration::purge(trial).await,
        Capability::GetMessage => administration::get_message(trial).await,
        Capability::DeleteMessage => administration::delete_message(trial).await,
        Capability::Pause => administration::pause(trial).await,
        Capability::Reset => administration::reset(trial).await,
        Capability::StreamDetails => administration::stream_details(trial).await,
        Capability::AccountInfo => administration::account_info(trial).await,
        unknown => Err(Failure::new(format!("this kit has no probe for `{unknown}`"))),
    }
}
