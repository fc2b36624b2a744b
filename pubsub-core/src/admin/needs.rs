//! What a configuration asks of a backend beyond the minimum: [`Need`].

use crate::{Capabilities, Capability, Result};

/// A field that is set to what not every backend can do.
#[derive(Debug)]
pub(super) struct Need {
    pub(super) field: &'static str,
    pub(super) capability: Capability,
    /// The value that every backend can do, as configuration files write it.
    pub(super) plain: &'static str,
}

/// The need, if the field is not plain.
pub(super) fn need(
    is_plain: bool,
    field: &'static str,
    capability: Capability,
    plain: &'static str,
) -> Option<Need> {
    (!is_plain).then_some(Need { field, capability, plain })
}

/// Refuses the first need that is not met, by field and capability.
pub(super) fn require(
    needs: impl IntoIterator<Item = Option<Need>>,
    capabilities: Capabilities,
) -> Result<()> {
    needs.into_iter().flatten().try_for_each(|Need { field, capability, plain }| {
        capabilities.require(capability).map_err(|error| {
            error.with_context("field", field).with_remedy(format!(
                "set `{field}` to {plain}, or choose a backend that declares this feature"
            ))
        })
    })
}
