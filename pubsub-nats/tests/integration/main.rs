//! The NATS backend against a real nats-server. One file for each behaviour, one server for each test.

mod admin;
mod close;
mod connect;
mod consumer_gone;
mod fetch;
mod foreign_clients;
mod hostile_input;
mod outage;
mod permissions;
mod publish;
mod settle;
mod subscribe;
mod support;
