//! What the authors of a configuration say about its jobs and variables.

use crate::config::{ChildInclude, Loaded};
use crate::plan::Job;
use crate::report::line::{Line, Tone};
use crate::source::SourceMap;
use crate::yaml::Value;

use super::printer::Printer;
use super::table::Table;

/// Begins the comment above a job that says what it is for, as other tools have it too.
const MARK: &str = "@Description";

/// The description of a job: the comment `# @Description …` above it.
pub(super) fn of_job(job: &Job, sources: &SourceMap) -> Option<String> {
    let span = job.config.span;
    let above = sources.get(span.file)?.text.get(..span.start as usize)?;
    in_comment(above)
}

/// What a trigger job makes its child pipeline from, as written.
pub(super) fn of_child(job: &Job) -> Option<String> {
    let includes = job.child_includes().iter();
    let parts: Vec<String> = includes.map(of_include).collect();
    (!parts.is_empty()).then(|| format!("makes a child pipeline from {}", parts.join(" and ")))
}

fn of_include(include: &ChildInclude) -> String {
    if let Some(file) = &include.artifact {
        let job = include.job.as_ref().map_or("", |job| &job.text);
        return format!("{file} of job {job}");
    }
    let Some(mapping) = include.entry.as_map() else {
        return include.entry.as_str().unwrap_or_default().to_owned();
    };
    let text = |key: &str| mapping.get(key).and_then(|entry| entry.value.as_str());
    if let (Some(project), Some(file)) = (text("project"), mapping.get("file")) {
        let files = match file.value.as_seq() {
            Some(files) => files.iter().filter_map(Value::as_str).collect(),
            None => Vec::from_iter(file.value.as_str()),
        };
        return format!("{} of project {project}", files.join(" and "));
    }
    let keys = ["local", "component", "template", "remote"];
    keys.into_iter().find_map(text).unwrap_or("?").to_owned()
}

/// The description in the comment that a text ends with.
fn in_comment(text: &str) -> Option<String> {
    let lines = text.strip_suffix('\n')?.split('\n').rev();
    let mut comments = lines.map_while(|line| line.trim().strip_prefix('#'));
    comments.find_map(|comment| {
        let said = comment.trim().strip_prefix(MARK)?.trim();
        (!said.is_empty()).then(|| said.to_owned())
    })
}

/// The variables that one may set, under a heading of their own.
pub(super) fn of_variables(loaded: &Loaded, printer: &Printer) -> Vec<Line> {
    let all = loaded.config.iter().flat_map(|config| &config.prefilled);
    let mut table = Table::new(&["variable", "value", "description"]);
    let mut described = false;
    for variable in all {
        let said = variable.description.lines().next().unwrap_or_default();
        let said = match variable.options.as_slice() {
            [] => said.to_owned(),
            options => format!("{said}; one of: {}", options.join(", ")),
        };
        let value = printer.masked(&variable.value);
        table.row(&[&variable.key, &value, &printer.masked(&said)]);
        described = true;
    }
    if !described {
        return Vec::new();
    }
    let heading = Line::of(Tone::Plain, "variables to set with --var");
    let rows = table.lines(printer.width);
    [Line::new(), heading].into_iter().chain(rows).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_describes_the_job_below_it() {
        for (text, expected) in [
            ("# @Description Builds the site\n", Some("Builds the site")),
            ("a: {}\n#@Description  Tests  \n# more\n", Some("Tests")),
            ("# @Description of another\n\n", None),
            ("# @Description of another\nother: x\n", None),
            ("# @Description\n", None),
            ("# no word\n", None),
            ("", None),
        ] {
            assert_eq!(in_comment(text).as_deref(), expected, "{text}");
        }
    }
}
