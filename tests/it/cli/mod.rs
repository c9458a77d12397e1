//! `pipe` as its users meet it: a project of their own, a command line, what it prints.

mod config;
mod doctor;
mod failing;
mod help;
mod images;
mod json;
mod list;
mod masked;
mod messages;
mod output;
mod own_project;
mod project;

pub(crate) use project::Project;
