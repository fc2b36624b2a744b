//! Carries plans out: one ([`one`]), or many until one fails ([`search`]).

mod client;
mod looks;
mod one;
mod search;

pub(crate) use search::search;
