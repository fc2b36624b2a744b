//! The account on the wire.

use std::collections::BTreeMap;

use pubsub_core::admin::Usage;
use pubsub_core::{AccountInfo as Account, Limit};
use serde::Deserialize;

/// What an account uses and may use. With tiers, the numbers are the tiers' and these are sums of what is used.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct AccountInfo {
    #[serde(flatten)]
    whole: Tier,
    tiers: BTreeMap<String, Tier>,
    pub(crate) api: Api,
}

/// How the interface is used.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Api {
    /// The level of JetStream's interface; none before 2.11.
    pub(crate) level: u16,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Tier {
    memory: u64,
    storage: u64,
    streams: u64,
    consumers: u64,
    limits: Limits,
}

#[derive(Debug, Deserialize)]
#[serde(default)]
struct Limits {
    max_memory: i64,
    max_storage: i64,
    max_streams: i64,
    max_consumers: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_memory: -1, max_storage: -1, max_streams: -1, max_consumers: -1 }
    }
}

impl From<AccountInfo> for Account {
    fn from(info: AccountInfo) -> Self {
        let AccountInfo { whole, tiers, .. } = info;
        let limits: Vec<&Limits> = match tiers.len() {
            0 => vec![&whole.limits],
            _ => tiers.values().map(|tier| &tier.limits).collect(),
        };
        let usage = |used, limit: fn(&Limits) -> i64| {
            let limits = limits.iter().map(|limits| limit(limits));
            Usage::new(used, limits.fold(Limit::At(0), sum))
        };
        Self::new(
            usage(whole.memory, |limits| limits.max_memory),
            usage(whole.storage, |limits| limits.max_storage),
            usage(whole.streams, |limits| limits.max_streams),
            usage(whole.consumers, |limits| limits.max_consumers),
        )
    }
}

/// A negative number is no limit; 0 is a limit here.
fn sum(total: Limit<u64>, more: i64) -> Limit<u64> {
    match (total, u64::try_from(more)) {
        (Limit::At(total), Ok(more)) => Limit::At(total.saturating_add(more)),
        _ => Limit::Unlimited,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Account {
        serde_json::from_str::<AccountInfo>(json).unwrap().into()
    }

    #[test]
    fn an_account_without_tiers_has_its_own_limits() {
        let account = read(
            r#"{"memory":1,"storage":2,"streams":3,"consumers":4,"api":{"total":1,"level":5},
                "limits":{"max_memory":0,"max_storage":-1,"max_streams":7,"max_consumers":-1}}"#,
        );
        assert_eq!(account.memory, Usage::new(1, Limit::At(0)));
        assert_eq!(account.storage, Usage::new(2, Limit::Unlimited));
        assert_eq!(account.streams, Usage::new(3, Limit::At(7)));
    }

    #[test]
    fn the_limits_of_tiers_add_up() {
        let account = read(
            r#"{"storage":2,"limits":{},"tiers":{
                "R1":{"limits":{"max_storage":5,"max_streams":1}},
                "R3":{"limits":{"max_storage":6,"max_streams":-1}}}}"#,
        );
        assert_eq!(account.storage, Usage::new(2, Limit::At(11)));
        assert_eq!(account.streams.limit, Limit::Unlimited);
    }
}
