//! What layers say of a case to those who watch an application: [`Measured`], [`Spans`].

mod measured;
mod spans;

pub(crate) use measured::Measured;
pub(crate) use spans::{SpanFacts, Spans};
