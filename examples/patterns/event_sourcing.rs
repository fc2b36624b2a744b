//! Accounts as events, with a guard against two clerks at once: `cargo run -p pubsub-examples --example event_sourcing [URL]`.
#![expect(clippy::print_stdout, reason = "a program for the command line")]

use pubsub::{
    AckPolicy, Client, ConsumerConfig, ErrorKind, Expectations, FetchOptions, OutboundMessage, Provision,
    Result, StreamConfig,
};
use serde::{Deserialize, Serialize};

/// What happened to an account; published to `account.NAME`, and never changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Event {
    /// So much was paid in.
    Deposited(u64),
    /// So much was paid out.
    Withdrawn(u64),
}

/// What the events of an account add up to.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Account {
    /// What is in it.
    pub(crate) balance: u64,
    /// The sequence of its last event; 0 if there is none.
    version: u64,
}

impl Account {
    fn apply(&mut self, event: Event, sequence: u64) {
        self.version = sequence;
        match event {
            Event::Deposited(amount) => self.balance += amount,
            Event::Withdrawn(amount) => self.balance -= amount,
        }
    }

    /// Reads all events of one account.
    async fn load(client: &Client, name: &str) -> Result<Self> {
        let filter = format!("account.{name}");
        let config = ConsumerConfig::ephemeral().with_filter(filter)?.with_ack(AckPolicy::None);
        let reader = client.ensure_consumer("ACCOUNT", config, Provision::CreateIfMissing).await?;
        let (mut account, mut left) = (Self::default(), reader.info().await?.pending);
        while left > 0 {
            for delivery in reader.fetch(FetchOptions::up_to(100)).await? {
                account.apply(delivery.json()?, delivery.info().stream_sequence);
                left = delivery.info().pending;
            }
        }
        Ok(account)
    }

    /// Stores the next event of the account as it was loaded. `Conflict` if there has been another one since: then load it
    /// anew, and decide anew.
    async fn store(self, client: &Client, name: &str, event: Event) -> Result<Self> {
        let unchanged = Expectations::none().with_last_subject_sequence(self.version);
        let message = OutboundMessage::json(format!("account.{name}"), &event)?.with_expectations(unchanged);
        let receipt = client.publish_message(message).await?;
        let mut next = self;
        next.apply(event, receipt.sequence.unwrap_or_default());
        Ok(next)
    }
}

/// Two clerks pay out the same 80 at the same time; the second one is told.
pub(crate) async fn run(client: &Client) -> Result<Account> {
    let accounts = StreamConfig::new("ACCOUNT", ["account.*"])?;
    client.ensure_stream(accounts, Provision::CreateIfMissing).await?;
    let opened = Account::load(client, "anna").await?.store(client, "anna", Event::Deposited(100)).await?;
    println!("anna has {}", opened.balance);

    let (first, second) = (Account::load(client, "anna").await?, Account::load(client, "anna").await?);
    first.store(client, "anna", Event::Withdrawn(80)).await?;
    match second.store(client, "anna", Event::Withdrawn(80)).await {
        Err(error) if error.kind() == ErrorKind::Conflict => println!("the second clerk is told: {error}"),
        other => println!("the second clerk was not told: {other:?}"),
    }
    let now = Account::load(client, "anna").await?;
    println!("anna has {}", now.balance);
    Ok(now)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "memory://".to_owned());
    let client = pubsub::connect(&url).await?;
    run(&client).await?;
    client.close().await
}
