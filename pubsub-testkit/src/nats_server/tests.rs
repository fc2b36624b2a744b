//! The fixture against a real server: what it starts, keeps and takes away.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use pubsub_core::ErrorKind;

use super::{NatsServer, ServerBinary, ServerVersion};

const SOON: Duration = Duration::from_secs(10);

/// Set for the test process that [`killing_the_test_process_takes_the_server_down`] starts and kills.
const CHILD: &str = "PUBSUB_TESTKIT_HOLDS_A_SERVER";

fn greeting(port: u16) -> std::io::Result<String> {
    let stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(SOON))?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    Ok(line)
}

fn is_alive(pid: u32) -> bool {
    let signal = Command::new("kill").args(["-0", &pid.to_string()]).stderr(Stdio::null()).status();
    signal.unwrap().success()
}

fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + SOON;
    while !condition() {
        assert!(Instant::now() < deadline, "not within {SOON:?}: {what}");
        thread::park_timeout(Duration::from_millis(5));
    }
}

#[test]
fn a_server_greets_its_clients_once_started() {
    let server = NatsServer::start().unwrap();
    let line = greeting(server.port()).unwrap();
    assert!(line.starts_with("INFO {"), "{line}");
    assert!(line.contains("\"jetstream\":true"), "{line}");
    assert!(line.contains(&format!("\"version\":\"{}\"", server.version())), "{line}");
    assert_eq!(server.url(), format!("nats://127.0.0.1:{}", server.port()));
}

#[test]
fn jetstream_can_be_off() {
    let server = NatsServer::builder().jetstream(false).start().unwrap();
    assert!(!greeting(server.port()).unwrap().contains("\"jetstream\":true"));
}

#[test]
fn configuration_lines_reach_the_server() {
    let server = NatsServer::builder().config_text("authorization { token: \"t\" }").start().unwrap();
    assert!(greeting(server.port()).unwrap().contains("\"auth_required\":true"));
}

#[test]
fn dropped_the_server_and_its_folder_are_gone() {
    let server = NatsServer::start().unwrap();
    let (pid, folder) = (server.pid().unwrap(), server.folder().to_path_buf());
    assert!(is_alive(pid) && folder.is_dir());
    drop(server);
    assert!(!is_alive(pid));
    assert!(!folder.exists());
}

#[test]
fn a_restart_keeps_port_and_store() {
    let mut server = NatsServer::start().unwrap();
    let (pid, port) = (server.pid().unwrap(), server.port());
    let kept = server.folder().join("store/kept");
    std::fs::write(&kept, "").unwrap();
    server.restart().unwrap();
    assert_ne!(server.pid(), Some(pid));
    assert!(!is_alive(pid));
    assert_eq!(server.port(), port);
    assert!(greeting(port).is_ok());
    assert!(kept.exists());
}

#[test]
fn a_killed_server_refuses_connections_until_it_is_restarted() {
    let mut server = NatsServer::start().unwrap();
    let pid = server.pid().unwrap();
    server.kill().unwrap();
    assert_eq!(server.pid(), None);
    assert!(!is_alive(pid));
    assert!(greeting(server.port()).is_err());
    server.restart().unwrap();
    assert!(greeting(server.port()).is_ok());
}

#[test]
fn restarted_then_dropped_the_folder_is_gone() {
    let mut server = NatsServer::start().unwrap();
    server.restart().unwrap();
    server.kill().unwrap();
    server.restart().unwrap();
    let (pid, folder) = (server.pid().unwrap(), server.folder().to_path_buf());
    drop(server);
    assert!(!is_alive(pid));
    assert!(!folder.exists());
}

#[test]
fn dropped_after_a_kill_the_folder_is_gone() {
    let mut server = NatsServer::start().unwrap();
    let folder = server.folder().to_path_buf();
    server.kill().unwrap();
    assert!(folder.is_dir());
    drop(server);
    assert!(!folder.exists());
}

#[test]
fn a_frozen_server_is_silent_until_thawed() {
    let mut server = NatsServer::start().unwrap();
    server.freeze();
    // The signal takes a moment; from then on the kernel still accepts, but nobody greets.
    let is_silent = || {
        let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        stream.read(&mut [0; 1]).is_err()
    };
    wait_until("silence", is_silent);
    server.thaw();
    assert!(greeting(server.port()).unwrap().starts_with("INFO "));
}

#[test]
fn a_frozen_server_is_taken_down_too() {
    let mut server = NatsServer::start().unwrap();
    let pid = server.pid().unwrap();
    server.freeze();
    drop(server);
    assert!(!is_alive(pid));
}

#[test]
fn a_store_folder_of_the_callers_stays() {
    let store = tempfile::tempdir().unwrap();
    let server = NatsServer::builder().store_dir(store.path()).start().unwrap();
    drop(server);
    assert!(store.path().join("jetstream").is_dir());
}

#[test]
fn a_taken_port_is_an_error_with_the_servers_own_words() {
    let first = NatsServer::start().unwrap();
    let error = NatsServer::builder().port(first.port()).start().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let report = format!("{error:?}");
    assert!(report.contains("address already in use"), "{report}");
}

#[test]
fn a_broken_configuration_is_an_error_and_leaves_no_folder() {
    let error = NatsServer::builder().config_text("no_such_setting: 1").start().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    // The log names the configuration file, and so the folder.
    let log = error.context("log").unwrap();
    let config = log.split_whitespace().find_map(|word| word.split_once("server.conf")).unwrap().0;
    assert!(!Path::new(config.trim_matches(['"', '\''])).exists(), "{log}");
}

#[test]
fn many_run_side_by_side() {
    let starting: Vec<_> = (0..8).map(|_| thread::spawn(NatsServer::start)).collect();
    let servers: Vec<_> = starting.into_iter().map(|server| server.join().unwrap().unwrap()).collect();
    for server in &servers {
        assert!(greeting(server.port()).is_ok());
    }
}

#[test]
fn the_binary_is_found_and_new_enough() {
    let binary = ServerBinary::find().unwrap();
    assert!(binary.version() >= ServerVersion::OLDEST);
    assert_eq!(ServerBinary::at(binary.path()).unwrap(), binary);
}

#[test]
fn a_path_without_a_server_is_not_found() {
    let error = ServerBinary::at("/no/such/nats-server").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(error.context("path"), Some("/no/such/nats-server"));
}

#[test]
fn killing_the_test_process_takes_the_server_down() {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "nats_server::tests::the_child_that_is_killed", "--ignored", "--nocapture"])
        .env(CHILD, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let printed = BufReader::new(child.stdout.take().unwrap()).lines();
    let told = printed.map(Result::unwrap).find_map(|line| {
        let (_, told) = line.split_once("holds ")?;
        let (pid, folder) = told.split_once(' ')?;
        Some((pid.parse::<u32>().ok()?, folder.to_owned()))
    });
    let (pid, folder) = told.expect("the child tells its server");
    assert!(is_alive(pid) && Path::new(&folder).is_dir());

    child.kill().unwrap();
    child.wait().unwrap();
    wait_until("the server is gone", || !is_alive(pid));
    wait_until("the folder is gone", || !Path::new(&folder).exists());
}

#[test]
#[ignore = "runs only as the child process of another test, which kills it"]
fn the_child_that_is_killed() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let server = NatsServer::start().unwrap();
    println!("holds {} {}", server.pid().unwrap(), server.folder().display());
    // Until killed; or until the parent is gone without having done so.
    let _ = std::io::stdin().read(&mut [0; 1]);
}
