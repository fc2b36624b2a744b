//! Takes connections and carries them from end to end.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::conditions::{Conditions, Side, Way};
use super::counts::Wire;
use super::pump::{Broken, pump};

/// What a connection hears from its proxy.
#[derive(Debug, Clone, Copy)]
enum Order {
    Reset,
    HalfOpen(Side),
}

/// The conditions, and those that a connection began with.
#[derive(Debug, Clone)]
struct Orders {
    conditions: watch::Receiver<Conditions>,
    began: Conditions,
}

impl Orders {
    fn new(mut conditions: watch::Receiver<Conditions>) -> Self {
        let began = *conditions.borrow_and_update();
        Self { conditions, began }
    }

    /// Ends with the first order that concerns this connection.
    async fn next(&mut self) -> Order {
        loop {
            let now = *self.conditions.borrow_and_update();
            if now.resets != self.began.resets {
                return Order::Reset;
            }
            if now.half_opens != self.began.half_opens {
                return Order::HalfOpen(now.gone);
            }
            if self.conditions.changed().await.is_err() {
                return Order::Reset;
            }
        }
    }

    /// Ends when faults have ended since the connection began, or with a reset.
    async fn resumed_or_reset(&mut self) {
        let ended = |now: &Conditions| now.resumes != self.began.resumes || now.resets != self.began.resets;
        // An error says that the proxy is gone, and so is the fault.
        let _ = self.conditions.wait_for(ended).await;
    }
}

/// Takes connections until it is aborted.
pub(super) async fn accept(
    listener: TcpListener,
    server: SocketAddr,
    conditions: watch::Receiver<Conditions>,
    wire: Arc<Wire>,
) {
    loop {
        // It fails for connections that are gone before they are taken, and when files run out: neither is for ever.
        let Ok((client, _)) = listener.accept().await else {
            tokio::task::yield_now().await;
            continue;
        };
        let orders = Orders::new(conditions.clone());
        if orders.began.refusing {
            reset(&wire, client);
            continue;
        }
        wire.opened();
        let wire = Arc::clone(&wire);
        tokio::spawn(async move {
            carry(client, server, orders, &wire).await;
            wire.closed();
        });
    }
}

async fn carry(client: TcpStream, server: SocketAddr, mut orders: Orders, wire: &Wire) {
    let mut conditions = orders.conditions.clone();
    let ordered = tokio::select! {
        biased;
        // An error says that the proxy is gone.
        free = conditions.wait_for(|now| !now.holds_anything()) => free.is_err(),
        _ = orders.next() => true,
    };
    // An order that comes from here on finds the connection made, so that both ends hear of it.
    let server = if ordered { None } else { TcpStream::connect(server).await.ok() };
    let Some(server) = server else {
        reset(wire, client);
        return;
    };
    // Latency is a fault here, so it must come from the faults alone.
    let (mut client, mut server) = (without_delay(client), without_delay(server));
    let ended = {
        let (client_reader, client_writer) = client.split();
        let (server_reader, server_writer) = server.split();
        let up = pump(Way::ToServer, client_reader, server_writer, orders.conditions.clone(), wire);
        let down = pump(Way::ToClient, server_reader, client_writer, orders.conditions.clone(), wire);
        tokio::select! {
            ended = futures::future::try_join(up, down) => match ended {
                Ok(_) => return,
                Err(Broken::Cut | Broken::Io) => Order::Reset,
            },
            order = orders.next() => order,
        }
    };
    match ended {
        Order::Reset => {
            wire.reset();
            abort(client);
            abort(server);
        }
        Order::HalfOpen(Side::Server) => {
            abort(server);
            swallow(client, &mut orders, wire).await;
        }
        Order::HalfOpen(Side::Client) => {
            abort(client);
            swallow(server, &mut orders, wire).await;
        }
    }
}

/// Reads what the side that was not told still sends, until it gives up or the fault ends.
async fn swallow(mut stream: TcpStream, orders: &mut Orders, wire: &Wire) {
    let mut swallowed = vec![0; 4096];
    let given_up = async { while stream.read(&mut swallowed).await.is_ok_and(|bytes| bytes > 0) {} };
    tokio::select! {
        () = given_up => {}
        () = orders.resumed_or_reset() => reset(wire, stream),
    }
}

fn without_delay(stream: TcpStream) -> TcpStream {
    // A connection that is gone already shows it soon.
    let _ = stream.set_nodelay(true);
    stream
}

fn reset(wire: &Wire, stream: TcpStream) {
    wire.reset();
    abort(stream);
}

/// Drops a connection so that the other end gets an RST, and what was on its way is lost.
fn abort(stream: TcpStream) {
    let _ = stream.set_zero_linger();
    drop(stream);
}
