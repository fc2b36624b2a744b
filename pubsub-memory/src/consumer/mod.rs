//! A consumer as its stream keeps it: position, unsettled deliveries, who waits. All under the stream's lock.

mod acks;
mod floor;
mod inbox;
mod inboxes;
mod lag;
mod offer;
mod pause;
mod pending;
mod position;
mod priority;
mod record;
mod removed;
mod replay;
mod reset;
mod row;
mod selector;
mod settle;
mod start;
mod state;
mod take;
mod waiters;
mod waits;
mod window;

pub(crate) use acks::Acks;
pub(crate) use inbox::Inbox;
pub(crate) use inboxes::{Need, Next};
pub(crate) use pause::Pause;
pub(crate) use position::Position;
pub(crate) use priority::Asker;
pub(crate) use removed::Purged;
pub(crate) use reset::NoReset;
pub(crate) use selector::Selector;
pub(crate) use settle::Ended;
pub(crate) use state::{ConsumerState, Waits};
pub(crate) use take::{Room, Taken};
