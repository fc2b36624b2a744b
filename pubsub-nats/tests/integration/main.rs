//! The NATS backend against a real nats-server. One file for each behaviour, one server for each test.

#[cfg(test)]
mod account_limits;
#[cfg(test)]
mod admin;
#[cfg(test)]
mod admin_features;
#[cfg(test)]
mod batches;
#[cfg(test)]
mod certificates;
#[cfg(test)]
mod close;
#[cfg(test)]
mod connect;
#[cfg(test)]
mod consumer_gone;
#[cfg(test)]
mod core_messaging;
#[cfg(test)]
mod credentials;
#[cfg(test)]
mod fetch;
#[cfg(test)]
mod forbidden;
#[cfg(test)]
mod foreign_clients;
#[cfg(test)]
mod frozen;
#[cfg(test)]
mod given_up;
#[cfg(test)]
mod hostile_input;
#[cfg(test)]
mod instructions;
#[cfg(test)]
mod lame_duck;
#[cfg(test)]
mod leaving;
#[cfg(test)]
mod lockout;
#[cfg(test)]
mod members;
#[cfg(test)]
mod observe;
#[cfg(test)]
mod operator;
#[cfg(test)]
mod outage;
#[cfg(test)]
mod partition;
#[cfg(test)]
mod peer;
#[cfg(test)]
mod permissions;
#[cfg(test)]
mod publish;
#[cfg(test)]
mod publish_faults;
#[cfg(test)]
mod publish_retry;
#[cfg(test)]
mod pull_bytes;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod settle;
#[cfg(test)]
mod settled;
#[cfg(test)]
mod settlement_rights;
#[cfg(test)]
mod subscribe;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tls;
#[cfg(test)]
mod too_old;
#[cfg(test)]
mod vanishing;
