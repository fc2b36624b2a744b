//! Configurations of streams: small limits, overlapping subjects, every retention.

use std::time::Duration;

use pubsub_core::{
    Capability, Discard, Limit, Republish, Retention, Storage, StreamConfig, SubjectTransform,
};

use super::super::dice::{Dice, valid};
use super::super::grid::span;
use super::super::sketch::Sketch;

/// What a stream may store. Several overlap on purpose.
const SUBJECTS: [&[&str]; 6] =
    [&["a.>"], &["a.x", "a.y"], &["b.>", "a.z.>"], &["b.*", "c.x"], &["*.x"], &["c.>"]];

/// One field, taken over from another configuration.
type Field = fn(&mut StreamConfig, &StreamConfig);

const FIELDS: [Field; 20] = [
    |config, other| config.subjects.clone_from(&other.subjects),
    |config, other| config.retention = other.retention,
    |config, other| config.storage = other.storage,
    |config, other| {
        config.max_age = other.max_age;
        config.duplicate_window = other.duplicate_window;
        age_or_ttl(config);
    },
    |config, other| config.max_messages = other.max_messages,
    |config, other| config.max_messages_per_subject = other.max_messages_per_subject,
    |config, other| config.max_message_size = other.max_message_size,
    |config, other| {
        if config.storage == Storage::Memory && !config.allow_atomic_batches {
            config.max_bytes = other.max_bytes;
        }
    },
    |config, other| config.metadata.clone_from(&other.metadata),
    |config, other| config.max_consumers = other.max_consumers,
    |config, other| {
        config.discard = other.discard;
        if config.discard == Discard::New {
            config.subject_delete_marker_ttl = None;
        }
    },
    |config, other| config.duplicate_window = other.duplicate_window,
    |config, other| config.description.clone_from(&other.description),
    |config, other| config.discard_new_per_subject = other.discard_new_per_subject,
    |config, other| {
        config.allow_message_ttl = other.allow_message_ttl;
        config.subject_delete_marker_ttl = None;
        age_or_ttl(config);
    },
    |config, other| {
        if config.discard == Discard::Old && !config.allow_schedules {
            config.subject_delete_marker_ttl = other.subject_delete_marker_ttl;
        }
    },
    |config, other| config.allow_rollup = other.allow_rollup,
    |config, other| {
        config.allow_schedules = other.allow_schedules;
        if config.allow_schedules {
            config.subject_delete_marker_ttl = None;
        }
    },
    |config, other| {
        config.allow_atomic_batches = other.allow_atomic_batches;
        if config.allow_atomic_batches {
            config.max_bytes = Limit::Unlimited;
        }
    },
    |config, other| {
        config.subject_transform.clone_from(&other.subject_transform);
        config.republish.clone_from(&other.republish);
    },
];

/// How long a marker lives: what begins half a tick or less after a point ends at such a place too.
const MARKER_TTL: Duration = Duration::from_secs(3);

/// Without any limit.
pub(super) fn plain(name: &str) -> StreamConfig {
    valid(StreamConfig::new(name, ["a.>"]))
        .with_storage(Storage::Memory)
        .with_max_age(Limit::Unlimited)
        .with_max_bytes(Limit::Unlimited)
        .with_max_messages(Limit::Unlimited)
}

pub(super) fn generate(dice: &mut Dice, sketch: &Sketch, name: &str) -> StreamConfig {
    let subjects = if dice.percent(50) { SUBJECTS[0] } else { dice.pick(SUBJECTS) };
    let mut config = valid(StreamConfig::new(name, subjects.iter().copied()))
        .with_retention(dice.pick([
            Retention::Limits,
            Retention::Limits,
            Retention::Interest,
            Retention::WorkQueue,
        ]))
        .with_storage(dice.pick([Storage::Memory, Storage::Memory, Storage::Memory, Storage::File]))
        .with_max_age(if dice.percent(25) { span(dice.pick([0, 1])).into() } else { Limit::Unlimited })
        .with_max_bytes(Limit::Unlimited)
        .with_max_messages(dice.pick([Limit::Unlimited, Limit::Unlimited, Limit::At(2), Limit::At(4)]))
        .with_max_messages_per_subject(dice.pick([
            Limit::Unlimited,
            Limit::Unlimited,
            Limit::At(1),
            Limit::At(2),
        ]))
        .with_max_message_size(if dice.percent(15) { Limit::At(300) } else { Limit::Unlimited })
        .with_max_consumers(if dice.percent(15) { Limit::At(dice.pick([1, 2])) } else { Limit::Unlimited })
        .with_discard(dice.pick([Discard::Old, Discard::Old, Discard::New]));
    if dice.percent(40) {
        config = config.with_duplicate_window(span(dice.pick([0, 0, 1])));
    }
    if dice.percent(3) {
        config = config.with_description("a stream");
    }
    if dice.percent(5) {
        config.metadata = [("team".to_owned(), dice.pick(["red", "blue"]).to_owned())].into();
    }
    config = allow(dice, sketch, config);
    age_or_ttl(&mut config);
    // What a message costs in files is the server's affair, and so is the length of a batch's id.
    let is_counted =
        config.storage == Storage::Memory && !config.allow_atomic_batches && !config.takes("b.x");
    if is_counted && dice.percent(15) {
        config = config.with_max_bytes(Limit::At(dice.pick([100, 200, 600])));
    }
    config
}

/// In memory, a server's first message with a time to live begins the wait for the next age check anew, so that what is
/// too old leaves late.
fn age_or_ttl(config: &mut StreamConfig) {
    if config.storage == Storage::Memory && config.allow_message_ttl {
        config.max_age = Limit::Unlimited;
    }
}

/// What messages may be, and what becomes of them.
fn allow(dice: &mut Dice, sketch: &Sketch, mut config: StreamConfig) -> StreamConfig {
    // Refused without a limit per subject.
    let per_subject = config.discard == Discard::New && !config.max_messages_per_subject.is_unlimited();
    if dice.percent(if per_subject { 60 } else { 2 }) {
        config = config.with_discard_new_per_subject();
    }
    if dice.percent(40) {
        config = config.with_allow_rollup();
    }
    if dice.percent(50) && sketch.is_common(Capability::AtomicBatch) {
        config = config.with_allow_atomic_batches();
    }
    // Refused where new messages are discarded.
    let schedules = dice.percent(if config.discard == Discard::New { 2 } else { 30 });
    if schedules {
        config = config.with_allow_schedules();
    }
    if dice.percent(40) {
        config = config.with_allow_message_ttl();
        // A server writes a marker a moment late, perhaps after what a schedule has fired; where a full stream refuses the
        // marker, it keeps what has expired, and nobody should.
        if !schedules && config.discard == Discard::Old && dice.percent(30) {
            config = config.with_subject_delete_marker_ttl(MARKER_TTL);
        }
    }
    if dice.percent(10) {
        let (source, destination) = dice.pick([
            ("a.x", "a.y"),
            ("a.*", "t.{{wildcard(1)}}"),
            ("a.>", "a.moved.>"),
            ("*.x", "a.{{partition(3,1)}}"),
            (">", "all.>"),
        ]);
        config = config.with_subject_transform(valid(SubjectTransform::new(source, destination)));
    }
    if dice.percent(20) {
        // The last one is refused where the stream stores it.
        let (source, destination) =
            dice.pick([("a.x", "again.x"), (">", "again.>"), ("a.*", "again.one.{{wildcard(1)}}")]);
        let republish = valid(Republish::new(source, destination));
        config =
            config.with_republish(if dice.percent(50) { republish } else { republish.with_headers_only() });
    }
    config
}

/// The same with one field of another configuration, for an update.
pub(super) fn change_one(dice: &mut Dice, sketch: &Sketch, config: &StreamConfig) -> StreamConfig {
    let other = generate(dice, sketch, config.name.as_str());
    let mut changed = config.clone();
    dice.pick(FIELDS)(&mut changed, &other);
    changed
}

/// The same with one field less that is not plain: one for each.
pub(super) fn simpler(config: &StreamConfig) -> Vec<StreamConfig> {
    let plain = plain(config.name.as_str());
    let simplified = FIELDS.into_iter().map(|field| {
        let mut simplified = config.clone();
        field(&mut simplified, &plain);
        simplified
    });
    simplified.filter(|simplified| simplified != config).collect()
}
