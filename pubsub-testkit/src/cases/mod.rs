//! The cases, grouped as the catalogue is. [`list`] names them all, and [`waiting`] those that are still to be written.
//!
//! # How to write a case
//! 1. Write `pub(crate) async fn name(trial: &Trial) -> CaseResult` in the group's folder, a few related cases in
//!    a file, give it its line in [`list`] (id, test name, path, needed capabilities), and take it from [`waiting`].
//!    Nothing else has to be told.
//! 2. The doc comment of the function is the promise that it proves, in one sentence that begins with the id.
//! 3. Streams: [`Trial::stream`] (no limits, all subjects of the case), or [`Trial::stream_config`] changed by `with_*`
//!    and [`Trial::create_stream`]. Consumers: [`Trial::consumer`] (durable, the case's ack wait, no limits), or
//!    [`Trial::consumer_config`] and [`Trial::create_consumer`]. Limits and special policies are capabilities: name
//!    them in the list, or do without.
//! 4. Names and subjects come from labels (`trial.publish("a", ..)`), so that cases share a store.
//! 5. Publish and consume through the trial and its [`TestConsumer`]: everything is recorded, and after the case
//!    every [`Rule`] is judged over the history (phantoms, repeats, order, leases, delays, limits). So a case need not
//!    compare what a rule compares; it says [`TestConsumer::drained`] where nothing may be missing, and checks with
//!    `check!` and `check_eq!` what only it knows. `?` works on the backend's errors; [`refused`](crate::check::refused)
//!    gives the error of a call that must fail.
//! 6. Time: [`Trial::ack_wait`] and multiples of it; [`Trial::pass`] lets time go by. What is to happen is waited for
//!    with a deadline ([`TestConsumer::next`], [`Trial::eventually`]). What is not to happen is proven with
//!    [`TestConsumer::stays_silent`], which ends with a sentinel; never by a short sleep.
//! 7. A case that breaks a rule by design excuses it: `trial.excuse(Rule::MaxDeliver, "why")`; but for traffic,
//!    of which every case has some.
//! 8. Each case takes milliseconds on virtual time and under 3 s on a real clock, and fails on at least one wrong
//!    backend of [`wrong`](crate::wrong).
//!
//! [`Rule`]: crate::judge::Rule
//! [`TestConsumer`]: crate::trial::TestConsumer
//! [`TestConsumer::drained`]: crate::trial::TestConsumer::drained
//! [`TestConsumer::next`]: crate::trial::TestConsumer::next
//! [`TestConsumer::stays_silent`]: crate::trial::TestConsumer::stays_silent

pub(crate) mod list;
pub(crate) mod waiting;

mod a_publish;
mod b_settle;
mod c_retry;
mod d_consume;
mod e_retention;
mod f_flow;
mod g_lifecycle;
mod h_faults;
mod i_plain;
mod j_admin;
mod k_layers;
mod l_meta;
mod m_beyond;
#[cfg(not(feature = "layers"))]
mod without_layers;

use crate::case::Case;
use crate::trial::Trial;

/// Makes [`CASES`] of the list.
macro_rules! case_table {
    ($($id:literal $test:ident = $($path:ident)::+ [$($need:ident)*];)+) => {
        /// All cases, in the order of the catalogue.
        pub(crate) const CASES: &[Case] = &[$(Case {
            id: $id,
            test: stringify!($test),
            needs: &[$(pubsub_core::Capability::$need),*],
            run: |trial: &Trial| Box::pin($($path)::+(trial)),
        }),+];
    };
}

crate::for_each_case! { [case_table] }

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::CASES;

    #[test]
    fn every_test_name_begins_with_its_id() {
        for case in CASES {
            let expected = format!("{}_", case.id.to_ascii_lowercase());
            assert!(case.test.starts_with(&expected), "{} is the test of {}", case.test, case.id);
        }
    }

    #[test]
    fn no_id_is_there_twice() {
        let ids: BTreeSet<_> = CASES.iter().map(|case| case.id).collect();
        assert_eq!(ids.len(), CASES.len());
    }
}
