//! What can be wrong with an `include`, in words.

use std::collections::HashMap;

use crate::diag::{Code, Diagnostic};
use crate::foreign::Command;
use crate::source::Span;
use crate::yaml::{Kind, Value};

use super::super::keywords::check_include_item;
use super::super::provider::ReadError;
use super::super::shape::Check;
use super::item::Component;
use super::outside::{Outside, ProjectAt};

/// What was fetched may be older than what is there now.
const RENEW: &str = "where it is newer than what was fetched, `pipe fetch --update` brings it";

/// Further places of one missing file that are shown.
const MAX_PLACES: usize = 3;

pub(super) fn main_unreadable(path: &str, error: &ReadError) -> Diagnostic {
    match error {
        ReadError::NotFound => Diagnostic::new(
            Code::ConfigMissing,
            format!("there is no file `{path}`"),
        )
        .help("run `pipe` in a repository with a `.gitlab-ci.yml`, or name the file with `--file`"),
        ReadError::Outside => Diagnostic::new(
            Code::IncludeOutside,
            format!("`{path}` lies outside the repository"),
        )
        .help("only a file of the repository can be its pipeline"),
        ReadError::NotAFile => {
            Diagnostic::new(Code::ConfigUnreadable, format!("`{path}` is not a file"))
                .help("name the pipeline's file with `--file`")
        }
        ReadError::NotUtf8 => Diagnostic::new(Code::NotUtf8, format!("`{path}` is not UTF-8 text"))
            .help("save the file as UTF-8"),
        ReadError::Unreadable(why) => Diagnostic::new(
            Code::ConfigUnreadable,
            format!("`{path}` can't be read: {why}"),
        ),
    }
}

/// Why an included file can't be read; `known` are files that may have been meant.
pub(super) fn unreadable(path: &str, error: &ReadError, known: &[String]) -> Diagnostic {
    let (code, problem) = match error {
        ReadError::Outside => (Code::IncludeOutside, "lies outside the repository"),
        ReadError::NotFound => (Code::IncludeMissing, "does not exist"),
        ReadError::NotAFile => (Code::IncludeMissing, "is not a file"),
        ReadError::NotUtf8 => (Code::NotUtf8, "is not UTF-8 text"),
        ReadError::Unreadable(_) => (Code::ConfigUnreadable, "can't be read"),
    };
    let mut diagnostic = Diagnostic::new(code, format!("included file `{path}` {problem}"));
    if let ReadError::Unreadable(why) = error {
        diagnostic = diagnostic.note(why.clone());
    }
    if code == Code::IncludeOutside {
        return diagnostic.help("only files of the repository can be included");
    }
    let files = known.iter().map(String::as_str);
    let diagnostic = diagnostic.did_you_mean(path, files.filter(|path| path.ends_with("ml")));
    if diagnostic.help.is_empty() && code == Code::IncludeMissing {
        return diagnostic.help(
            "the path counts from the top of the repository; files that git ignores are not seen",
        );
    }
    diagnostic
}

/// Every file that lies elsewhere and was not fetched, once with all its places.
pub(super) fn not_fetched(missing: &[(Outside, Span)]) -> Vec<Diagnostic> {
    let mut places: HashMap<&Outside, usize> = HashMap::new();
    let mut found: Vec<Diagnostic> = Vec::new();
    for (outside, span) in missing {
        if let Some(at) = places.get(outside) {
            let told = &mut found[*at];
            if told.labels.len() < MAX_PLACES && told.primary != Some(*span) {
                let diagnostic = told.clone().with(*span, "and here");
                *told = diagnostic;
            }
            continue;
        }
        places.insert(outside, found.len());
        let message = format!(
            "included file {} is not on this machine",
            outside.describe()
        );
        let diagnostic = Diagnostic::new(Code::IncludeNotFetched, message).at(*span);
        found.push(diagnostic.help("`pipe fetch` brings what is missing"));
    }
    found
}

/// A file that a project does not have at that revision; `known` are those that it has.
pub(super) fn not_in_project(path: &str, project: &ProjectAt, known: &[String]) -> Diagnostic {
    let message = format!(
        "project `{}` has no file `{path}` at `{}`",
        project.path, project.revision
    );
    let files = known.iter().map(String::as_str);
    let diagnostic = Diagnostic::new(Code::IncludeMissing, message)
        .did_you_mean(path, files.filter(|path| path.ends_with("ml")));
    if diagnostic.help.is_empty() {
        return diagnostic.help(RENEW);
    }
    diagnostic
}

/// A component that its project does not have at that version.
pub(super) fn no_such_component(component: &Component, span: Span) -> Diagnostic {
    let Component { project, name } = component;
    let message = format!(
        "project `{}` has no component `{name}` at `{}`",
        project.path, project.revision
    );
    Diagnostic::new(Code::IncludeMissing, message)
        .at(span)
        .note(format!(
            "it would be in `templates/{name}.yml` or `templates/{name}/template.yml`"
        ))
        .help(RENEW)
}

/// An include whose name has variables without a value in it: `cause` is what came of it.
pub(super) fn unset(cause: &Diagnostic, written: &str, names: &[&str]) -> Diagnostic {
    let listed: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let what = match listed.as_slice() {
        [one] => format!("the variable {one} is not set here"),
        several => format!("the variables {} are not set here", several.join(" and ")),
    };
    let message = format!("`{written}` can't be included: {what}");
    let options = names.iter().fold(Command::default(), |options, name| {
        options.option("--var", &format!("{name}=VALUE"))
    });
    let mut diagnostic = Diagnostic::new(cause.code, message);
    diagnostic.primary = cause.primary;
    diagnostic.help(format!(
        "where it comes from GitLab's server, say its value in `.pipe/variables.yml`, or with `{options}`"
    ))
}

fn invalid(span: Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::new(Code::IncludeInvalid, message).at(span)
}

/// An entry that names nothing.
pub(super) fn no_subkey(span: Span) -> Diagnostic {
    invalid(
        span,
        "an `include` needs one of `local`, `project`, `remote`, `template` and `component`",
    )
    .help("for a file of this repository, write `local: path/to/file.yml`")
}

/// An entry that names several files at once.
pub(super) fn several_subkeys(span: Span) -> Diagnostic {
    invalid(
        span,
        "an `include` can have only one of `local`, `project`, `remote`, `template`, `artifact` and `component`",
    )
    .help("write one entry for each")
}

/// A job of the parent pipeline that has nothing to include.
pub(super) fn nothing_kept(job: &str, span: Span) -> Diagnostic {
    let message = if job.is_empty() {
        "an `include` with `artifact` lacks the key `job`".to_owned()
    } else {
        format!("job `{job}` of the parent pipeline has kept no artifacts")
    };
    Diagnostic::new(Code::IncludeMissing, message)
        .at(span)
        .help("name a job that keeps the file in `artifacts:paths` and ends before this one begins")
}

/// Why a file can't be taken out of the artifacts of a job.
pub(super) fn not_kept(path: &str, job: &str, error: &ReadError, span: Span) -> Diagnostic {
    let (code, problem) = match error {
        ReadError::NotFound | ReadError::Outside => (Code::IncludeMissing, "is not there"),
        ReadError::NotAFile => (Code::IncludeMissing, "is not a plain file"),
        ReadError::NotUtf8 => (Code::NotUtf8, "is not UTF-8 text"),
        ReadError::Unreadable(_) => (Code::ConfigUnreadable, "can't be read"),
    };
    let message = format!("file `{path}` in the artifacts of job `{job}` {problem}");
    let diagnostic = Diagnostic::new(code, message).at(span);
    match error {
        ReadError::Unreadable(why) => diagnostic.note(why.clone()),
        _ => diagnostic,
    }
}

/// An artifact outside a trigger.
pub(super) fn artifact(span: Span) -> Diagnostic {
    invalid(span, "`include:artifact` works only inside `trigger`")
}

/// An entry that is neither text nor a mapping.
pub(super) fn wrong_kind(item: &Value) -> Diagnostic {
    let message = format!(
        "each `include` should be a path or a mapping, not {}",
        item.type_name()
    );
    invalid(item.span, message)
}

/// A project without a file.
pub(super) fn no_file(span: Span) -> Diagnostic {
    invalid(span, "an `include` of a `project` needs a `file`")
}

/// A `remote` that is no address.
pub(super) fn bad_address(address: &str, span: Span) -> Diagnostic {
    invalid(
        span,
        format!("`{address}` is no address that begins with `http://` or `https://`"),
    )
}

/// A `template` with a name that no template has.
pub(super) fn bad_template(name: &str, span: Span) -> Diagnostic {
    invalid(
        span,
        format!("`{name}` is no template: their names end in `.gitlab-ci.yml`"),
    )
}

/// A `component` that is not an address with a version.
pub(super) fn bad_component(address: &str, span: Span) -> Diagnostic {
    invalid(span, format!("`{address}` is no component"))
        .help("write it like `gitlab.com/group/project/name@1.0`")
}

/// A local file named by one that has no project.
pub(super) fn no_project(path: &str, span: Span) -> Diagnostic {
    let message =
        format!("included file `{path}` can't be found: the file that names it has no project");
    Diagnostic::new(Code::IncludeMissing, message)
        .at(span)
        .help("remote files and templates can include only files that are named in full")
}

/// A file with another ending than YAML's.
pub(super) fn extension(path: &str, span: Span) -> Diagnostic {
    let message = format!("included file `{path}` is not named `.yml` or `.yaml`");
    Diagnostic::new(Code::IncludeExtension, message)
        .at(span)
        .help("rename the file: GitLab includes no other")
}

/// A file without content.
pub(super) fn empty(path: &str, how: &str, span: Span) -> Diagnostic {
    Diagnostic::new(Code::IncludeEmpty, format!("included file `{path}` {how}"))
        .at(span)
        .help("give it a job or a template, or remove the `include`")
}

/// A remote file with another digest than its `integrity`.
pub(super) fn other_content(outside: &Outside, found: &str, span: Span) -> Diagnostic {
    let name = outside.describe();
    let message =
        format!("remote file {name} is not what `integrity` says: its digest is `{found}`");
    Diagnostic::new(Code::IncludeIntegrity, message)
        .at(span)
        .help(format!(
            "look at what changed in it before you take the new digest; {RENEW}"
        ))
}

/// Too many files.
pub(super) fn limit(limit: usize, span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::IncludeLimit,
        format!("more than {limit} files are included"),
    )
    .at(span)
    .help("look for a file that includes itself")
}

/// An `include` that brought nothing stays in the document and is checked like any keyword.
pub(super) fn check_left_over(include: &Value, found: &mut Vec<Diagnostic>) {
    match &include.kind {
        Kind::Map(_) => found.push(
            Diagnostic::new(
                Code::IncludeInvalid,
                "`include` brought nothing, and then GitLab accepts only a list or a string",
            )
            .at(include.span)
            .help("write the entry as a list: `include: [{local: …, rules: …}]`"),
        ),
        Kind::Seq(items) => {
            for item in items.iter() {
                if let Some(mapping) = item.as_map() {
                    check_include_item(item, mapping, &mut Check::new("`include`", found));
                }
            }
        }
        _ => {}
    }
}
