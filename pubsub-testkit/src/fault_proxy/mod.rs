//! A TCP proxy that misbehaves on command: [`FaultProxy`].

mod carry;
mod conditions;
mod counts;
mod pump;

#[cfg(test)]
mod tests;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use pubsub_core::{Error, ErrorKind, Result};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::AbortHandle;

pub use conditions::{Direction, Side};
pub use counts::ProxyCounts;

use crate::nats_server::NatsServer;
use conditions::{Conditions, each};
use counts::Wire;

/// A proxy between a client and a server on loopback, whose wire a test can cut, block, slow down and mend while it runs.
///
/// It starts out right: bytes pass as they come. Each fault is one call, takes effect on the connections that are open and
/// on those to come, and lasts until [`resume`](Self::resume). Calls return at once; their effect follows within
/// microseconds, so a test waits for what its client then sees.
///
/// It runs on the tokio runtime that it was started on, by that runtime's clock, and ends with the value: connections that
/// are still open are then reset.
///
/// ```
/// use std::time::Duration;
/// use tokio::io::{AsyncReadExt, AsyncWriteExt};
/// use tokio::net::{TcpListener, TcpStream};
/// use pubsub_testkit::fault_proxy::{Direction, FaultProxy};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let server = TcpListener::bind("127.0.0.1:0").await?;
/// let proxy = FaultProxy::start(server.local_addr()?).await?;
///
/// let mut client = TcpStream::connect(proxy.address()).await?;
/// let (mut accepted, _) = server.accept().await?;
/// proxy.black_hole(Direction::ToServer);
/// client.write_all(b"hello").await?;
/// let mut greeting = [0; 5];
/// let nothing = tokio::time::timeout(Duration::from_millis(50), accepted.read_exact(&mut greeting)).await;
/// assert!(nothing.is_err());
///
/// proxy.resume();
/// accepted.read_exact(&mut greeting).await?;
/// assert_eq!(&greeting, b"hello");
/// assert_eq!(proxy.counts().bytes_to_server, 5);
/// # Ok(())
/// # }
/// ```
///
/// In front of a nats-server: `FaultProxy::in_front_of(&server)`, and the client connects to [`url`](Self::url). A client
/// of a cluster learns the addresses of the servers themselves and passes the proxy by, unless it is told to ignore them.
#[derive(Debug)]
pub struct FaultProxy {
    address: SocketAddr,
    conditions: watch::Sender<Conditions>,
    wire: Arc<Wire>,
    accepting: AbortHandle,
}

impl FaultProxy {
    /// Listens on a free port of the loopback interface and passes each connection on to `server`. The server need not
    /// be there yet: a connection that it does not take is reset.
    ///
    /// # Errors
    /// `Unavailable` if no port can be had.
    ///
    /// # Cancel safety
    /// Dropped before completion, nothing listens.
    pub async fn start(server: SocketAddr) -> Result<Self> {
        let no_port = |cause: std::io::Error| {
            Error::new(ErrorKind::Unavailable, "no port for the proxy")
                .with_operation("start fault proxy")
                .with_source(cause)
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(no_port)?;
        let address = listener.local_addr().map_err(no_port)?;
        let (conditions, observed) = watch::channel(Conditions::default());
        let wire = Arc::new(Wire::default());
        let accepting = tokio::spawn(carry::accept(listener, server, observed, Arc::clone(&wire)));
        Ok(Self { address, conditions, wire, accepting: accepting.abort_handle() })
    }

    /// A proxy in front of a nats-server of a test. It stays right over the server's restarts, which keep the port.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    ///
    /// # Cancel safety
    /// As [`start`](Self::start).
    pub async fn in_front_of(server: &NatsServer) -> Result<Self> {
        Self::start((Ipv4Addr::LOCALHOST, server.port()).into()).await
    }

    /// Where clients connect.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where NATS clients connect: `nats://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://{}", self.address)
    }

    /// Resets every open connection (RST), on both sides, with what was on its way. New ones are taken.
    pub fn reset(&self) {
        self.conditions.send_modify(|conditions| conditions.resets += 1);
    }

    /// Resets every open connection and each new one at once, as a host does whose server is gone, until
    /// [`resume`](Self::resume).
    pub fn refuse(&self) {
        self.conditions.send_modify(|conditions| {
            conditions.refusing = true;
            conditions.resets += 1;
        });
    }

    /// Lets nothing through in this direction, and tells nobody: connections stay open. What is sent meanwhile is held,
    /// as TCP holds it for a network that is down, and arrives after [`resume`](Self::resume); a sender soon finds its
    /// buffers full. A new connection is taken, and reaches the server once nothing is held in either direction.
    pub fn black_hole(&self, direction: Direction) {
        self.conditions.send_modify(|conditions| each(&mut conditions.held, direction, true));
    }

    /// Makes open connections half open: the `gone` side's end is reset, and the other side is not told. What that one
    /// sends is swallowed. At [`resume`](Self::resume) it is reset; new connections are taken as ever.
    pub fn half_open(&self, gone: Side) {
        self.conditions.send_modify(|conditions| {
            conditions.half_opens += 1;
            conditions.gone = gone;
        });
    }

    /// Lets what comes in this direction through so much later, in order and without limiting the rate. Zero ends it.
    pub fn delay(&self, direction: Direction, delay: Duration) {
        self.conditions.send_modify(|conditions| each(&mut conditions.delay, direction, delay));
    }

    /// Lets `bytes` more bytes through in this direction, counted over all connections, and then resets the connection
    /// that the last of them went over: a cut in the middle of a message. With [`Direction::Both`] each direction has a
    /// count of its own. It happens once.
    pub fn cut_after(&self, direction: Direction, bytes: u64) {
        self.wire.cut_after(direction, bytes);
    }

    /// Ends every fault: what is held goes on, half open connections are reset, a cut that was still to come does not.
    pub fn resume(&self) {
        self.wire.cut_never();
        self.conditions.send_modify(|conditions| {
            *conditions = Conditions {
                resets: conditions.resets,
                half_opens: conditions.half_opens,
                resumes: conditions.resumes + 1,
                ..Conditions::default()
            };
        });
    }

    /// What has gone over the wire until now.
    #[must_use]
    pub fn counts(&self) -> ProxyCounts {
        self.wire.counts()
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        // The connections see that the sender of the conditions is gone.
        self.accepting.abort();
    }
}
