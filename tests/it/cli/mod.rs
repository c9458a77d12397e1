//! `pipe` as its users meet it: a project of their own, a command line, what it prints.

mod config;
mod doctor;
mod expand;
mod explain;
mod failing;
mod graph;
mod help;
mod images;
mod json;
mod lint;
mod list;
mod masked;
mod messages;
mod output;
mod own_project;
mod project;
mod refs;

pub(crate) use project::Project;
