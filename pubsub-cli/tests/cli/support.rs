//! One server for the whole file, the command, and a client beside it.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;

use pubsub::nats::{NatsBroker, NatsConfig};
use pubsub::{Client, Provision, StreamConfig};
use pubsub_testkit::nats_server::NatsServer;
use serde_json::Value;

/// Each test has streams and subjects of its own.
static SERVER: LazyLock<NatsServer> = LazyLock::new(|| NatsServer::start().unwrap());

/// What a command printed, and how it ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) code: Option<i32>,
}

impl Ran {
    fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { out: text(output.stdout), err: text(output.stderr), code: output.status.code() }
    }

    /// What was printed, if all went well.
    #[track_caller]
    pub(crate) fn done(self) -> String {
        self.ended(0).out
    }

    /// Both, if it ended so.
    #[track_caller]
    pub(crate) fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}{}", self.out, self.err);
        self
    }

    /// The document that was printed.
    #[track_caller]
    pub(crate) fn json(self) -> Value {
        serde_json::from_str(&self.done()).unwrap()
    }

    /// The documents that were printed, each in a line.
    #[track_caller]
    pub(crate) fn json_lines(self) -> Vec<Value> {
        self.done().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// The command, with nothing in its environment but what is said.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pubsub"));
    command.args(arguments).env_clear().stdin(Stdio::null());
    command
}

/// On the server of the tests, which the environment names.
pub(crate) fn on_server(arguments: &[&str]) -> Command {
    let mut command = command(arguments);
    command.env("NATS_URL", SERVER.url());
    command
}

pub(crate) fn run(command: &mut Command) -> Ran {
    Ran::of(command.output().unwrap())
}

/// Runs a command on the server of the tests.
pub(crate) fn pubsub(arguments: &[&str]) -> Ran {
    run(&mut on_server(arguments))
}

/// As [`pubsub`], with this as standard input.
pub(crate) fn pubsub_reading(arguments: &[&str], input: &[u8]) -> Ran {
    let mut command = on_server(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        // A command that has seen enough reads no more.
        scope.spawn(move || stdin.write_all(input));
        Ran::of(child.wait_with_output().unwrap())
    })
}

pub(crate) fn url() -> &'static str {
    SERVER.url()
}

/// Does something with a client on the server of the tests.
pub(crate) fn with_client<T>(task: impl AsyncFnOnce(&Client) -> pubsub::Result<T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let broker = NatsBroker::connect(NatsConfig::new(SERVER.url()).unwrap()).await.unwrap();
        let client = Client::new(std::sync::Arc::new(broker));
        let done = task(&client).await.unwrap();
        client.close().await.unwrap();
        done
    })
}

/// Makes a stream over one filter, with these messages on its subjects.
pub(crate) fn stream(name: &str, filter: &str, messages: &[(&str, &str)]) {
    with_client(async |client| {
        let config = StreamConfig::new(name, [filter])?;
        client.ensure_stream(config, Provision::CreateIfMissing).await?;
        for (subject, payload) in messages {
            client.publish(*subject, payload.to_string()).await?;
        }
        Ok(())
    });
}
