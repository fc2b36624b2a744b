//! The table of features by server version, and its place in a text.

use std::fmt::Write as _;

use pubsub_core::{Capabilities, Capability};
use pubsub_testkit::nats_server::ServerVersion;

use crate::Result;

const BEGIN: &str = "<!-- versions: written by `cargo xtask versions` -->\n";
const END: &str = "<!-- /versions -->\n";

/// What one version has.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) version: ServerVersion,
    pub(super) has: Capabilities,
}

/// A row for each feature that some version lacks, and one for all others together.
pub(super) fn of(columns: &[Column]) -> String {
    let mut text = String::from("| feature |");
    let everywhere = |capability: &Capability| columns.iter().all(|column| column.has.has(*capability));
    let anywhere = |capability: &Capability| columns.iter().any(|column| column.has.has(*capability));
    // Writing to a string cannot fail.
    for column in columns {
        let _ = write!(text, " {} |", column.version);
    }
    let _ = writeln!(text, "\n|---|{}", ":---:|".repeat(columns.len()));
    for capability in
        Capability::ALL.iter().filter(|capability| !everywhere(capability) && anywhere(capability))
    {
        let _ = write!(text, "| `{capability}` |");
        for column in columns {
            text.push_str(if column.has.has(*capability) { " yes |" } else { " refused |" });
        }
        text.push('\n');
    }
    let _ = writeln!(text, "| all others |{}", " yes |".repeat(columns.len()));
    let nowhere: Vec<_> = Capability::ALL.iter().filter(|capability| !anywhere(capability)).collect();
    if !nowhere.is_empty() {
        let names = nowhere.iter().map(|capability| format!("`{capability}`")).collect::<Vec<_>>();
        let _ = writeln!(text, "\nNot by this backend yet: {}.", names.join(", "));
    }
    text
}

/// The text with this table between its marks.
pub(super) fn replaced(text: &str, table: &str) -> Result<String> {
    let missing = || format!("the README has no place for the table, between {BEGIN:?} and {END:?}");
    let (before, rest) = text.split_once(BEGIN).ok_or_else(missing)?;
    let (_, after) = rest.split_once(END).ok_or_else(missing)?;
    Ok(format!("{before}{BEGIN}\n{table}\n{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns() -> [Column; 2] {
        let old = Capabilities::full().without(Capability::Pause).without(Capability::PublishRetry);
        let new = old.with(Capability::Pause);
        [
            Column { version: ServerVersion::new(2, 10, 26), has: old },
            Column { version: ServerVersion::new(2, 15, 1), has: new },
        ]
    }

    #[test]
    fn only_what_differs_has_a_row_of_its_own() {
        let expected = "| feature | 2.10.26 | 2.15.1 |\n|---|:---:|:---:|\n| `pause` | refused | yes |\n\
                        | all others | yes | yes |\n\nNot by this backend yet: `publish_retry`.\n";
        assert_eq!(of(&columns()), expected);
    }

    #[test]
    fn the_table_takes_the_place_of_the_one_before() {
        let text = format!("a\n{BEGIN}\nold\n{END}b\n");
        let new = replaced(&text, "new\n").unwrap();
        assert_eq!(new, format!("a\n{BEGIN}\nnew\n\n{END}b\n"));
        assert_eq!(replaced(&new, "new\n").unwrap(), new);
        assert!(replaced("nothing", "new").is_err());
    }
}
