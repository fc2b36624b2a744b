//! Whether the model can explain a history of which the case says that it can follow it.

use super::records::Records;
use super::story::Found;
use crate::model;

pub(super) fn as_the_model_allows(records: &Records<'_>) -> Found {
    let unexplained = model::as_the_model_allows(records.events).err();
    unexplained.into_iter().map(|unexplained| (unexplained.detail, unexplained.proof)).collect()
}
