//! How the costs of the memory backend grow: each row is a small and a large case of the same work, per message.

mod backlog;
mod clocks;
mod consumers;
mod dropped;
mod gaps;
mod keys;
mod length;
mod pending;
mod streams;
mod subjects;

use crate::row::Row;

pub(super) fn rows() -> Vec<Row> {
    vec![
        streams::row(),
        consumers::row(),
        subjects::row(),
        backlog::row(),
        gaps::row(),
        length::row(),
        pending::row(),
        dropped::row(),
        keys::row(),
        clocks::lifetimes(),
        clocks::schedules(),
    ]
}
