//! The scenarios, one file each.

mod acks_lost;
mod consumer_deleted;
mod dead;
mod half_open;
mod hole;
mod kill;
mod kill_quick;
mod lame_duck;
mod leader;
mod leader_pause;
mod majority;
mod partition;
mod pause;
mod reset;
mod restart;
mod slow;
mod stream_deleted;

use crate::scenario::Scenario;

/// All of them, in the order of the table.
pub(crate) fn all() -> Vec<Scenario> {
    vec![
        kill::scenario(),
        kill_quick::scenario(),
        restart::scenario(),
        pause::scenario(),
        reset::scenario(),
        hole::scenario(),
        acks_lost::scenario(),
        half_open::scenario(),
        slow::scenario(),
        leader::scenario(),
        leader_pause::scenario(),
        majority::scenario(),
        partition::scenario(),
        lame_duck::scenario(),
        stream_deleted::scenario(),
        consumer_deleted::scenario(),
        dead::scenario(),
    ]
}
