//! One direction of one connection.

use std::io;

use bytes::{Bytes, BytesMut};
use futures::future::try_join;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use super::conditions::{Conditions, Way};
use super::counts::Wire;

/// The most bytes that are read at once.
const CHUNK: usize = 16 * 1024;

/// The most chunks under way while the wire is slow: 1 MiB. Then the sender has to wait, as on a real one.
const UNDER_WAY: usize = 64;

/// Why a direction ended before its time.
#[derive(Debug)]
pub(super) enum Broken {
    Cut,
    Io,
}

impl From<io::Error> for Broken {
    fn from(_: io::Error) -> Self {
        Self::Io
    }
}

/// Carries bytes until their end, which it passes on.
pub(super) async fn pump(
    way: Way,
    reader: impl AsyncRead + Unpin,
    writer: impl AsyncWrite + Unpin,
    conditions: watch::Receiver<Conditions>,
    wire: &Wire,
) -> Result<(), Broken> {
    let (sender, receiver) = mpsc::channel(UNDER_WAY);
    try_join(take(reader, sender), give(way, receiver, writer, conditions, wire)).await.map(drop)
}

type Chunk = (Instant, Bytes);

async fn take(mut reader: impl AsyncRead + Unpin, chunks: mpsc::Sender<Chunk>) -> Result<(), Broken> {
    loop {
        let mut chunk = BytesMut::with_capacity(CHUNK);
        if reader.read_buf(&mut chunk).await? == 0 {
            return Ok(());
        }
        if chunks.send((Instant::now(), chunk.freeze())).await.is_err() {
            return Ok(());
        }
    }
}

async fn give(
    way: Way,
    mut chunks: mpsc::Receiver<Chunk>,
    mut writer: impl AsyncWrite + Unpin,
    mut conditions: watch::Receiver<Conditions>,
    wire: &Wire,
) -> Result<(), Broken> {
    while let Some((came, chunk)) = chunks.recv().await {
        passable(way, came, &mut conditions).await;
        let allowance = wire.allow(way, chunk.len());
        writer.write_all(&chunk.slice(..allowance.bytes)).await?;
        wire.passed(way, u64::try_from(allowance.bytes).unwrap_or(u64::MAX));
        if allowance.cut {
            return Err(Broken::Cut);
        }
    }
    passable(way, Instant::now(), &mut conditions).await;
    Ok(writer.shutdown().await?)
}

/// Waits until what came then may go.
async fn passable(way: Way, came: Instant, conditions: &mut watch::Receiver<Conditions>) {
    loop {
        let (held, due) = {
            let now = conditions.borrow_and_update();
            (*now.held.get(way), came + *now.delay.get(way))
        };
        if !held && Instant::now() >= due {
            return;
        }
        let changed = async {
            if conditions.changed().await.is_err() {
                // The proxy is gone: whoever runs this pump ends it.
                std::future::pending::<()>().await;
            }
        };
        if held {
            changed.await;
        } else {
            tokio::select! {
                () = sleep_until(due) => {}
                () = changed => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::duplex;
    use tokio::time::sleep;

    use super::*;
    use crate::fault_proxy::conditions::Ways;

    #[tokio::test(start_paused = true)]
    async fn a_delay_does_not_limit_the_rate() {
        const DELAY: Duration = Duration::from_millis(100);
        const GAP: Duration = Duration::from_millis(2);
        let delay = Ways { to_server: DELAY, to_client: DELAY };
        let (_conditions, orders) = watch::channel(Conditions { delay, ..Conditions::default() });
        let (mut client, from_client) = duplex(4096);
        let (to_server, mut server) = duplex(4096);
        tokio::spawn(async move {
            let wire = Wire::default();
            pump(Way::ToServer, from_client, to_server, orders, &wire).await
        });

        let began = Instant::now();
        for _ in 0..20 {
            client.write_all(&[7; 100]).await.unwrap();
            sleep(GAP).await;
        }
        server.read_exact(&mut [0; 2000]).await.unwrap();
        // One after the other, they would take twenty delays.
        assert_eq!(began.elapsed().as_millis(), (GAP * 19 + DELAY).as_millis());
    }
}
