//! How the wire is at the moment: [`Conditions`].

use std::time::Duration;

/// Which way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the client to the server.
    ToServer,
    /// From the server to the client.
    ToClient,
    /// Either way.
    Both,
}

/// One end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Side {
    /// The one that connected to the proxy.
    Client,
    /// The one that the proxy connects to.
    #[default]
    Server,
}

/// A value for each way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Ways<T> {
    pub(super) to_server: T,
    pub(super) to_client: T,
}

/// The one way that a pump carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    ToServer,
    ToClient,
}

impl<T> Ways<T> {
    pub(super) fn get(&self, way: Way) -> &T {
        match way {
            Way::ToServer => &self.to_server,
            Way::ToClient => &self.to_client,
        }
    }

    pub(super) fn get_mut(&mut self, way: Way) -> &mut T {
        match way {
            Way::ToServer => &mut self.to_server,
            Way::ToClient => &mut self.to_client,
        }
    }
}

/// Sets the value of each way that the direction means.
pub(super) fn each<T: Copy>(ways: &mut Ways<T>, direction: Direction, value: T) {
    match direction {
        Direction::ToServer => ways.to_server = value,
        Direction::ToClient => ways.to_client = value,
        Direction::Both => *ways = Ways { to_server: value, to_client: value },
    }
}

/// What every connection looks at. The counters rise: a connection compares them with those of its beginning.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Conditions {
    pub(super) held: Ways<bool>,
    pub(super) delay: Ways<Duration>,
    pub(super) refusing: bool,
    pub(super) resets: u64,
    pub(super) half_opens: u64,
    pub(super) gone: Side,
    pub(super) resumes: u64,
}

impl Conditions {
    pub(super) fn holds_anything(&self) -> bool {
        self.held.to_server || self.held.to_client
    }
}
