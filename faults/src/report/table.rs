//! One table of all runs.

use comfy_table::Table;
use comfy_table::presets::ASCII_MARKDOWN;

use crate::judge::Findings;
use crate::load::Driver;
use crate::run::Row;

const HEADER: [&str; 12] = [
    "scenario",
    "over",
    "publishes",
    "failed",
    "unknown",
    "duplicates",
    "again: plain / confirmed",
    "wrong",
    "longest gap: publish / delivery",
    "resumed: publish / delivery",
    "end to end: p99 / max",
    "targets",
];

/// For a terminal and for Markdown alike.
pub(super) fn of(rows: &[Row]) -> String {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_header(HEADER);
    for row in rows {
        table.add_row(cells(row));
    }
    table.to_string()
}

fn cells(row: &Row) -> [String; 12] {
    let found = &row.worst;
    let (runs, name) = (row.runs.len(), row.scenario);
    let is_flood = found.invoked == 0;
    let shown = |cell: String| if is_flood { "-".to_owned() } else { cell };
    [
        if runs > 1 { format!("{name} (worst of {runs})") } else { name.to_owned() },
        match row.driver {
            Driver::Ours => "this library".to_owned(),
            Driver::Raw => "async-nats".to_owned(),
        },
        shown(found.invoked.to_string()),
        shown(found.failed.to_string()),
        shown(found.unknown.to_string()),
        shown(found.duplicates.to_string()),
        shown(format!("{} / {}", found.again_plain, found.again_confirmed)),
        shown(wrongs(found)),
        shown(format!("{} / {}", time(Some(found.publish_gap)), time(Some(found.delivery_gap)))),
        shown(format!("{} / {}", time(found.publish_resume), time(found.delivery_resume))),
        shown(format!("{} / {}", time(found.end_to_end_p99), time(found.end_to_end_max))),
        outcome(row),
    ]
}

fn wrongs(found: &Findings) -> String {
    let wrongs = found.wrongs().into_iter().filter(|(_, count)| *count > 0);
    let told: Vec<_> = wrongs.map(|(what, count)| format!("{count} {what}")).collect();
    if told.is_empty() { "0".to_owned() } else { told.join(", ") }
}

fn outcome(row: &Row) -> String {
    let memory = row.worst.memory.map(|bytes| format!("{} MiB", bytes / 1024 / 1024));
    let verdict = match (row.driver, row.missed.as_slice()) {
        (Driver::Raw, _) => None,
        (Driver::Ours, []) => Some("reached".to_owned()),
        (Driver::Ours, missed) => Some(format!("MISSED: {}", missed.join("; "))),
    };
    [verdict, memory].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn time(seconds: Option<f64>) -> String {
    match seconds {
        None => "-".to_owned(),
        Some(seconds) if seconds < 1.0 => format!("{:.0} ms", seconds * 1_000.0),
        Some(seconds) => format!("{seconds:.1} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(driver: Driver, missed: Vec<String>) -> Row {
        let worst = Findings { invoked: 10, failed: 2, lost: 1, publish_gap: 0.012, ..Findings::default() };
        Row {
            scenario: "kill",
            about: "",
            driver,
            server: "2.15.1".to_owned(),
            seconds: 1,
            runs: vec![worst.clone()],
            worst,
            targets: Vec::new(),
            missed,
        }
    }

    #[test]
    fn what_is_missed_is_shown_and_never_of_async_nats() {
        let table = of(&[row(Driver::Ours, vec!["1 lost".to_owned()]), row(Driver::Raw, Vec::new())]);
        assert!(table.contains("MISSED: 1 lost") && table.contains("12 ms"), "{table}");
        assert_eq!(table.matches("reached").count(), 0);
        assert!(of(&[row(Driver::Ours, Vec::new())]).contains("reached"));
    }
}
