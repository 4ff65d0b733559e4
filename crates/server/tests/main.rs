//! The server, as its clients see it.
//! One program for all of them: each would link all of Burn again.

mod bad_requests;
mod common;
mod descriptions;
mod network;
mod predictions;
