//! Small things of a history as JSON: kinds of errors, settlements, faults, purges, bytes, headers, times.

/// A duration as a number of nanoseconds.
pub(crate) mod nanos {
    use std::time::Duration;

    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_nanos)
    }

    /// The same, or nothing.
    pub(crate) mod option {
        use std::time::Duration;

        use serde::{Deserialize, Deserializer, Serialize, Serializer};

        #[derive(Serialize, Deserialize)]
        struct Nanos(#[serde(with = "super")] Duration);

        #[expect(clippy::ref_option, reason = "serde hands the field over like this")]
        pub(crate) fn serialize<S: Serializer>(
            duration: &Option<Duration>,
            serializer: S,
        ) -> Result<S::Ok, S::Error> {
            duration.map(Nanos).serialize(serializer)
        }

        pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
            deserializer: D,
        ) -> Result<Option<Duration>, D::Error> {
            Ok(Option::<Nanos>::deserialize(deserializer)?.map(|Nanos(duration)| duration))
        }
    }
}

/// A payload: as text if it is, otherwise as numbers.
pub(crate) mod payload {
    use bytes::Bytes;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    enum Written {
        Text(String),
        Numbers(Vec<u8>),
    }

    pub(crate) fn serialize<S: Serializer>(payload: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
        match str::from_utf8(payload) {
            Ok(text) => serializer.serialize_str(text),
            Err(_) => payload.to_vec().serialize(serializer),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
        Ok(match Written::deserialize(deserializer)? {
            Written::Text(text) => text.into(),
            Written::Numbers(numbers) => numbers.into(),
        })
    }
}

/// Headers as pairs, since one name may have several values.
pub(crate) mod headers {
    use pubsub_core::Headers;
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(headers: &Headers, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(headers.iter().map(|(name, value)| (name.to_string(), value.to_string())))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Headers, D::Error> {
        let mut headers = Headers::new();
        for (name, value) in Vec::<(String, String)>::deserialize(deserializer)? {
            // Received ones may be reserved.
            headers.append_received(&name, &value).map_err(D::Error::custom)?;
        }
        Ok(headers)
    }
}

/// What went wrong, as errors print it.
pub(crate) mod kind {
    use pubsub_core::ErrorKind;
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    const KINDS: [ErrorKind; 14] = [
        ErrorKind::InvalidInput,
        ErrorKind::Config,
        ErrorKind::Unsupported,
        ErrorKind::NotFound,
        ErrorKind::AlreadyExists,
        ErrorKind::Conflict,
        ErrorKind::PermissionDenied,
        ErrorKind::Timeout,
        ErrorKind::Unavailable,
        ErrorKind::Overloaded,
        ErrorKind::PayloadTooLarge,
        ErrorKind::Closed,
        ErrorKind::Codec,
        ErrorKind::Unexpected,
    ];

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands the field over like this")]
    pub(crate) fn serialize<S: Serializer>(kind: &ErrorKind, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(kind.as_str())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ErrorKind, D::Error> {
        let text = String::deserialize(deserializer)?;
        let known = KINDS.into_iter().find(|kind| kind.as_str() == text);
        known.ok_or_else(|| D::Error::custom(format!("no kind of error is called `{text}`")))
    }
}

/// The outcome of a call: `{"Ok": ..}`, or `{"Err": kind}`.
pub(crate) mod outcome {
    use pubsub_core::ErrorKind;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Kind(#[serde(with = "super::kind")] ErrorKind);

    pub(crate) fn serialize<T: Serialize, S: Serializer>(
        outcome: &Result<T, ErrorKind>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        outcome.as_ref().map_err(|kind| Kind(*kind)).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Result<T, ErrorKind>, D::Error> {
        Ok(Result::<T, Kind>::deserialize(deserializer)?.map_err(|Kind(kind)| kind))
    }
}

/// How a delivery ended.
pub(crate) mod settlement {
    use std::time::Duration;

    use pubsub_core::SettlementKind;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Written {
        Ack,
        Nak {
            #[serde(with = "super::nanos::option")]
            delay: Option<Duration>,
        },
        Term {
            reason: Option<String>,
        },
    }

    pub(crate) fn serialize<S: Serializer>(kind: &SettlementKind, serializer: S) -> Result<S::Ok, S::Error> {
        match kind {
            SettlementKind::Nak { delay } => Written::Nak { delay: *delay },
            SettlementKind::Term { reason } => Written::Term { reason: reason.clone() },
            _ => Written::Ack,
        }
        .serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<SettlementKind, D::Error> {
        Ok(match Written::deserialize(deserializer)? {
            Written::Ack => SettlementKind::Ack,
            Written::Nak { delay } => SettlementKind::Nak { delay },
            Written::Term { reason } => SettlementKind::Term { reason },
        })
    }
}

/// Which messages were removed.
pub(crate) mod purge {
    use pubsub_core::admin::PurgeExtent;
    use pubsub_core::{Purge, SubjectFilter};
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Written {
        filter: Option<SubjectFilter>,
        up_to: Option<u64>,
        keep: Option<u64>,
    }

    pub(crate) fn serialize<S: Serializer>(purge: &Purge, serializer: S) -> Result<S::Ok, S::Error> {
        let (up_to, keep) = match purge.extent {
            PurgeExtent::UpTo(sequence) => (Some(sequence), None),
            PurgeExtent::Keep(messages) => (None, Some(messages)),
            _ => (None, None),
        };
        Written { filter: purge.filter.clone(), up_to, keep }.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Box<Purge>, D::Error> {
        let Written { filter, up_to, keep } = Written::deserialize(deserializer)?;
        let purge = match (up_to, keep) {
            (Some(sequence), _) => Purge::up_to(sequence),
            (None, Some(messages)) => Purge::keep(messages),
            (None, None) => Purge::all(),
        };
        Ok(Box::new(match filter {
            Some(filter) => purge.with_filter(filter).map_err(D::Error::custom)?,
            None => purge,
        }))
    }
}
