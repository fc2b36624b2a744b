//! What every command has in common: usage, colours, connections, completions.

use crate::support::{command, on_server, pubsub, run, stream, url};

#[test]
fn usage_errors_end_with_2_and_help_with_0() {
    assert_eq!(run(&mut command(&["frobnicate"])).code, Some(2));
    assert_eq!(run(&mut command(&["streams"])).code, Some(2));
    assert_eq!(
        run(&mut command(&["streams", "info", "no.such"])).code,
        Some(2),
        "no stream can have that name"
    );
    let help = run(&mut command(&["--help"])).done();
    assert!(help.contains("Exit codes:") && help.contains("dead-letters"), "{help}");
}

#[test]
fn colours_are_there_where_they_are_wanted_and_not_with_no_color() {
    stream("COLOURED", "coloured.>", &[]);
    let list = ["streams", "list"];
    assert!(run(on_server(&list).env("CLICOLOR_FORCE", "1")).done().contains('\u{1b}'));
    assert!(!run(on_server(&list).env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1")).done().contains('\u{1b}'));
}

#[test]
fn a_server_is_named_by_the_environment_a_flag_or_a_file() {
    stream("NAMED", "named.>", &[]);
    let list = |arguments: &[&str], nats_url: &str| run(command(arguments).env("NATS_URL", nats_url));
    assert!(list(&["streams", "list"], url()).done().contains("NAMED"));
    let host = url().strip_prefix("nats://").unwrap();
    let nowhere = "nats://127.0.0.1:1";
    assert!(list(&["-s", host, "streams", "list"], nowhere).done().contains("NAMED"), "the flag wins");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("nats.toml");
    std::fs::write(&file, format!("servers = [\"{host}\"]\n")).unwrap();
    assert!(list(&["--config", file.to_str().unwrap(), "streams", "list"], "").done().contains("NAMED"));
}

#[test]
fn a_dashboard_without_a_terminal_is_refused_with_what_to_use() {
    let ran = pubsub(&["top"]).ended(2);
    assert!(ran.err.contains("`consumers list --json`") && ran.out.is_empty(), "{ran:?}");
    pubsub(&["top", "--interval", "1ms"]).ended(2);
}

#[test]
fn nobody_there_is_an_error_with_the_address() {
    let ran = run(&mut command(&["-s", "127.0.0.1:1?connect_timeout=500ms", "streams", "list"])).ended(1);
    assert!(ran.err.contains("127.0.0.1:1") && ran.out.is_empty(), "{ran:?}");
    let ran = run(&mut command(&["-s", "memory://rides", "streams", "list"])).ended(2);
    assert!(ran.err.contains("`--snapshot FILE`"), "{ran:?}");
}

#[test]
fn no_message_drives_the_terminal() {
    stream("HOSTILE", "hostile.>", &[]);
    pubsub(&["publish", "hostile.a", "\u{1b}[2Jhidden\u{202e}"]).done();
    let text =
        run(on_server(&["tail", "hostile.>", "--from", "start", "-n", "1"]).env("CLICOLOR_FORCE", "1"))
            .done();
    assert!(text.contains("\\u{1b}[2Jhidden\\u{202e}"), "{text:?}");
}

#[test]
fn each_shell_has_its_completions() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = run(&mut command(&["completions", shell])).done();
        assert!(script.contains("dead-letters") && script.contains("topology"), "{shell}");
    }
}
