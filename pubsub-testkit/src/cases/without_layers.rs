//! The cases about the layers of `pubsub-layers`, where these are not there.

use crate::check::{CaseResult, Failure};
use crate::trial::Trial;

macro_rules! skipped {
    ($($module:ident::$case:ident;)+) => {
        $(pub(crate) mod $module {
            use super::{CaseResult, Failure, Trial};

            pub(crate) async fn $case(_: &Trial) -> CaseResult {
                Err(Failure::skip("needs the layers of `pubsub-layers` (feature `layers`)"))
            }
        })+
    };
}

skipped! {
    breaker::opens_tries_and_closes;
    measures::equal_the_history;
    traces::go_on;
}
