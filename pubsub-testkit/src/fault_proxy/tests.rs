//! Each fault as both ends of a connection see it.

use std::io::ErrorKind as IoErrorKind;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout};

use super::{Direction, FaultProxy, Side};
use crate::nats_server::NatsServer;

const SOON: Duration = Duration::from_secs(10);

/// For what is not to happen: the opposite is proven right after by the end of the fault.
const A_WHILE: Duration = Duration::from_millis(50);

struct Bench {
    listener: TcpListener,
    proxy: FaultProxy,
}

impl Bench {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = FaultProxy::start(listener.local_addr().unwrap()).await.unwrap();
        Self { listener, proxy }
    }

    async fn connect(&self) -> (TcpStream, TcpStream) {
        let client = TcpStream::connect(self.proxy.address()).await.unwrap();
        let (server, _) = soon(self.listener.accept()).await.unwrap();
        (client, server)
    }
}

async fn soon<T>(work: impl Future<Output = T>) -> T {
    timeout(SOON, work).await.expect("it took too long")
}

async fn says(from: &mut TcpStream, to: &mut TcpStream, words: &[u8]) {
    from.write_all(words).await.unwrap();
    let mut heard = vec![0; words.len()];
    soon(to.read_exact(&mut heard)).await.unwrap();
    assert_eq!(heard, words);
}

/// Waits for the end of a connection and tells which it was.
async fn end_of(stream: &mut TcpStream) -> Result<(), IoErrorKind> {
    let mut rest = Vec::new();
    soon(stream.read_to_end(&mut rest)).await.map(drop).map_err(|error| error.kind())
}

#[tokio::test]
async fn without_a_fault_bytes_and_ends_pass_both_ways() {
    let bench = Bench::new().await;
    let (mut client, mut server) = bench.connect().await;
    says(&mut client, &mut server, b"ping").await;
    says(&mut server, &mut client, b"a longer pong").await;
    client.shutdown().await.unwrap();
    assert_eq!(end_of(&mut server).await, Ok(()));
    says(&mut server, &mut client, b"after the client's end").await;
    drop(server);
    assert_eq!(end_of(&mut client).await, Ok(()));
    let counts = bench.proxy.counts();
    assert_eq!((counts.connections, counts.resets), (1, 0));
    assert_eq!((counts.bytes_to_server, counts.bytes_to_client), (4, 13 + 22));
}

#[tokio::test]
async fn a_reset_ends_both_sides_and_lets_new_connections_through() {
    let bench = Bench::new().await;
    let (mut client, mut server) = bench.connect().await;
    bench.proxy.reset();
    assert_eq!(end_of(&mut client).await, Err(IoErrorKind::ConnectionReset));
    assert_eq!(end_of(&mut server).await, Err(IoErrorKind::ConnectionReset));
    assert_eq!(bench.proxy.counts().resets, 1);
    let (mut client, mut server) = bench.connect().await;
    says(&mut client, &mut server, b"again").await;
}

#[tokio::test]
async fn a_refusing_proxy_resets_at_once_until_it_resumes() {
    let bench = Bench::new().await;
    bench.proxy.refuse();
    let mut refused = TcpStream::connect(bench.proxy.address()).await.unwrap();
    assert_eq!(end_of(&mut refused).await, Err(IoErrorKind::ConnectionReset));
    bench.proxy.resume();
    let (mut client, mut server) = bench.connect().await;
    says(&mut client, &mut server, b"welcome").await;
    assert_eq!(bench.proxy.counts().connections, 1);
}

#[tokio::test]
async fn a_black_hole_holds_one_direction_and_keeps_order() {
    let bench = Bench::new().await;
    let (mut client, mut server) = bench.connect().await;
    bench.proxy.black_hole(Direction::ToClient);
    says(&mut client, &mut server, b"asked").await;
    server.write_all(b"first ").await.unwrap();
    let mut heard = [0; 12];
    assert!(timeout(A_WHILE, client.read_exact(&mut heard)).await.is_err());
    server.write_all(b"second").await.unwrap();
    bench.proxy.resume();
    soon(client.read_exact(&mut heard)).await.unwrap();
    assert_eq!(&heard, b"first second");
}

#[tokio::test]
async fn a_new_connection_reaches_the_server_only_after_the_black_hole() {
    let bench = Bench::new().await;
    bench.proxy.black_hole(Direction::Both);
    let mut client = TcpStream::connect(bench.proxy.address()).await.unwrap();
    assert!(timeout(A_WHILE, bench.listener.accept()).await.is_err());
    bench.proxy.resume();
    let (mut server, _) = soon(bench.listener.accept()).await.unwrap();
    says(&mut client, &mut server, b"at last").await;
}

#[tokio::test]
async fn half_open_the_gone_side_is_reset_and_the_other_learns_nothing_until_the_end() {
    let bench = Bench::new().await;
    for gone in [Side::Server, Side::Client] {
        let (client, server) = bench.connect().await;
        let (mut dead, mut living) = match gone {
            Side::Server => (server, client),
            Side::Client => (client, server),
        };
        bench.proxy.half_open(gone);
        assert_eq!(end_of(&mut dead).await, Err(IoErrorKind::ConnectionReset));
        living.write_all(b"is anybody there?").await.unwrap();
        assert!(timeout(A_WHILE, living.read(&mut [0; 1])).await.is_err(), "{gone:?}");
        bench.proxy.resume();
        assert_eq!(end_of(&mut living).await, Err(IoErrorKind::ConnectionReset), "{gone:?}");
    }
}

#[tokio::test]
async fn half_open_connections_do_not_keep_new_ones_away() {
    let bench = Bench::new().await;
    let (_client, _server) = bench.connect().await;
    bench.proxy.half_open(Side::Server);
    let (mut client, mut server) = bench.connect().await;
    says(&mut client, &mut server, b"fresh").await;
}

#[tokio::test]
async fn a_delay_is_kept_each_way() {
    const DELAY: Duration = Duration::from_millis(100);
    let bench = Bench::new().await;
    let (mut client, mut server) = bench.connect().await;
    bench.proxy.delay(Direction::Both, DELAY);
    let began = Instant::now();
    says(&mut client, &mut server, b"there").await;
    assert!(began.elapsed() >= DELAY, "{:?}", began.elapsed());
    says(&mut server, &mut client, b"back").await;
    assert!(began.elapsed() >= DELAY * 2, "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_cut_comes_after_exactly_so_many_bytes_and_once() {
    let bench = Bench::new().await;
    let (mut client, mut server) = bench.connect().await;
    bench.proxy.cut_after(Direction::ToServer, 7);
    client.write_all(b"PUB ").await.unwrap();
    client.write_all(b"subject 5\r\nhello\r\n").await.unwrap();
    let mut heard = Vec::new();
    let end = soon(server.read_to_end(&mut heard)).await.unwrap_err();
    assert_eq!(end.kind(), IoErrorKind::ConnectionReset);
    assert_eq!(heard, b"PUB sub");
    assert_eq!(end_of(&mut client).await, Err(IoErrorKind::ConnectionReset));
    let (mut client, mut server) = bench.connect().await;
    says(&mut client, &mut server, b"more than seven bytes").await;
}

#[tokio::test]
async fn a_server_that_is_not_there_resets_the_client() {
    let bench = Bench::new().await;
    let Bench { listener, proxy } = bench;
    drop(listener);
    let mut client = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(end_of(&mut client).await, Err(IoErrorKind::ConnectionReset));
}

#[tokio::test]
async fn dropped_it_resets_what_is_open() {
    let bench = Bench::new().await;
    let (mut client, mut server) = bench.connect().await;
    drop(bench.proxy);
    assert_eq!(end_of(&mut client).await, Err(IoErrorKind::ConnectionReset));
    assert_eq!(end_of(&mut server).await, Err(IoErrorKind::ConnectionReset));
}

#[tokio::test]
async fn open_connections_are_counted_down_again() {
    let bench = Bench::new().await;
    let (client, server) = bench.connect().await;
    assert_eq!(bench.proxy.counts().open, 1);
    drop((client, server));
    let deadline = Instant::now() + SOON;
    while bench.proxy.counts().open > 0 {
        assert!(Instant::now() < deadline);
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_nats_server_greets_through_it() {
    let server = NatsServer::start().unwrap();
    let proxy = FaultProxy::in_front_of(&server).await.unwrap();
    assert_eq!(proxy.url(), format!("nats://{}", proxy.address()));
    let mut client = TcpStream::connect(proxy.address()).await.unwrap();
    let mut greeting = [0; 5];
    soon(client.read_exact(&mut greeting)).await.unwrap();
    assert_eq!(&greeting, b"INFO ");
}
