//! What may be changed on the broker to get what is asked for: [`Provision`].

use serde::{Deserialize, Serialize};

/// What a program may do when a stream or consumer is missing or differs. Said once, at the start; nothing is ever made
/// by a publish.
///
/// | | missing | the same | differs |
/// |---|---|---|---|
/// | `Never` | `NotFound` | used | `AlreadyExists` |
/// | `CreateIfMissing` | created | used | `AlreadyExists` |
/// | `Update` | created | used | updated |
///
/// The error for a difference prints each field with both values. In configuration: `"never"`, `"create_if_missing"`,
/// `"update"`.
///
/// JetStream's own `create_consumer` changes an existing consumer in silence, also that of another deployment; here
/// that takes `Update`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Provision {
    /// Only checks: somebody else makes streams and consumers.
    Never,
    /// Makes what is missing and changes nothing that exists.
    #[default]
    CreateIfMissing,
    /// Makes what is missing and changes what differs, for every user of it.
    Update,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn creates_what_is_missing_by_default() {
        assert_eq!(Provision::default(), Provision::CreateIfMissing);
    }

    #[test]
    fn is_written_in_snake_case() {
        for (provision, text) in [
            (Provision::Never, "\"never\""),
            (Provision::CreateIfMissing, "\"create_if_missing\""),
            (Provision::Update, "\"update\""),
        ] {
            assert_eq!(serde_json::to_string(&provision).unwrap(), text);
            assert_eq!(serde_json::from_str::<Provision>(text).unwrap(), provision);
        }
    }
}
