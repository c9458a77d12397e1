//! `pipe fetch` against real servers on loopback: git by its own protocol, by http with a password
//! and by ssh, addresses by http and https, GitLab's API as a stub.

mod api;
mod git_servers;
mod lint;
mod map;
mod projects;
mod remote;
mod ssh;
mod templates;
mod terminal;
pub(crate) mod web_server;
