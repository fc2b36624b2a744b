//! `pubsub topology`.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::support::{command, pubsub, run};

const SOUND: &str = r#"
[streams.TOPO]
subjects = ["topo.>"]
max_age = "7d"

[streams.TOPO.consumers.billing]
services = ["billing"]
filters = ["topo.*.completed"]
dead_letters = "TOPO_DEAD"
max_deliver = "unlimited"

[streams.TOPO_DEAD]
subjects = ["topo_dead.>"]
max_age = "30d"
"#;

fn file(text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("topology.toml");
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_file_is_checked_without_a_server() {
    let (_folder, sound) = file(SOUND);
    let check = |path: &Path, rest: &[&str]| {
        // Nobody listens there.
        run(command(&[&["topology", "check", text(path)], rest].concat())
            .env("NATS_URL", "nats://127.0.0.1:1"))
    };
    let said = check(&sound, &["--strict"]).done();
    assert_eq!(said, "2 streams, 1 consumer: 0 errors, 0 warnings\n");

    let (_folder, wrong) = file(&SOUND.replace("topo.*.completed", "tipo.*.completed"));
    let ran = check(&wrong, &[]).ended(3);
    assert!(ran.out.starts_with("error: TOPO/billing: "), "{ran:?}");
    let findings: serde_json::Value = serde_json::from_str(&check(&wrong, &["--json"]).ended(3).out).unwrap();
    assert_eq!(findings[0]["mistake"], "filter-matches-nothing");

    let (_folder, careless) = file(&SOUND.replace("\"30d\"", "\"2h\""));
    check(&careless, &[]).ended(0);
    check(&careless, &["--strict"]).ended(3);

    let (_folder, broken) = file("[streams.TOPO\n");
    check(&broken, &[]).ended(1);
}

#[test]
fn a_plan_says_what_would_change_and_an_apply_does_it() {
    let (_folder, path) = file(SOUND);
    let plan = pubsub(&["topology", "plan", text(&path)]).ended(3);
    assert!(plan.out.contains("+ TOPO\n") && plan.out.contains("+ TOPO/billing\n"), "{plan:?}");
    pubsub(&["streams", "info", "TOPO"]).ended(1);

    let applied = pubsub(&["topology", "apply", text(&path)]).done();
    assert!(applied.contains("created TOPO, TOPO_DEAD, TOPO/billing"), "{applied}");
    let plan = pubsub(&["topology", "plan", text(&path)]).done();
    assert!(plan.contains("everything is as declared"), "{plan}");

    let (_folder, changed) = file(&SOUND.replace("\"7d\"", "\"8d\""));
    pubsub(&["topology", "apply", text(&changed), "--create-only"]).ended(1);
    let steps: serde_json::Value =
        serde_json::from_str(&pubsub(&["topology", "plan", text(&changed), "--json"]).ended(3).out).unwrap();
    let step = steps["steps"].as_array().unwrap().iter().find(|step| step["target"] == "TOPO").unwrap();
    assert_eq!(step["change"], "update");
    assert_eq!(
        pubsub(&["topology", "apply", text(&changed), "--json"]).json()["updated"],
        serde_json::json!(["TOPO"])
    );

    // What loses messages takes two words.
    pubsub(&["publish", "topo.7.completed", "x"]).done();
    let (_folder, shorter) = file(&SOUND.replace("\"7d\"", "\"1h\""));
    let refused = pubsub(&["topology", "apply", text(&shorter)]).ended(1);
    assert!(refused.err.contains("`--allow-losses`"), "{refused:?}");
    pubsub(&["topology", "apply", text(&shorter), "--allow-losses"]).ended(2);
    pubsub(&["topology", "apply", text(&shorter), "--allow-losses", "--yes"]).done();
    assert_eq!(pubsub(&["streams", "info", "TOPO", "--json"]).json()["config"]["max_age"], "1h");
}
