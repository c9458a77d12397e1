//! How commands show what they find: the values of `--format`.

use clap::ValueEnum;

/// How a run is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RunFormat {
    /// A live board on a terminal, plain lines elsewhere
    Auto,
    /// Plain lines: logs on stdout, progress on stderr
    Plain,
    /// One event a line, as JSON, on stdout
    Json,
}

/// How a list is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// A table for people
    Table,
    /// JSON
    Json,
}

/// How a list of jobs is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum JobsFormat {
    /// A table for people
    Table,
    /// JSON
    Json,
    /// A table of Markdown
    Markdown,
    /// Comma-separated values
    Csv,
}

/// How a pipeline is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum GraphFormat {
    /// Lines for the terminal
    Tree,
    /// A flowchart of Mermaid
    Mermaid,
    /// A graph of Graphviz
    Dot,
    /// An image
    Svg,
}

/// How is said what a command did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ResultFormat {
    /// Lines for people
    Text,
    /// JSON
    Json,
}

/// How findings are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LintFormat {
    /// With the source lines
    Full,
    /// One line each, for editors and grep
    Concise,
    /// JSON
    Json,
    /// The XML of `JUnit`, for reports of tests
    Junit,
    /// GitLab's report of code quality
    Codequality,
    /// SARIF, for editors and code scanners
    Sarif,
}
