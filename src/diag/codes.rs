//! The table of diagnostic codes. Everything said about a code comes from here.

use super::Severity;

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct CodeEntry {
    /// Kebab-case name, stable.
    pub name: &'static str,
    /// Severity unless the place says otherwise.
    pub severity: Severity,
    /// One line.
    pub summary: &'static str,
}

macro_rules! codes {
    ($($(#[doc = $area:literal])? $variant:ident $name:literal $severity:ident $summary:literal;)*) => {
        /// A diagnostic code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $(#[doc = $summary] $variant,)* }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The row of this code.
            pub const fn entry(self) -> CodeEntry {
                match self {
                    $(Self::$variant => CodeEntry {
                        name: $name, severity: Severity::$severity, summary: $summary,
                    },)*
                }
            }
        }
    };
}

codes! {
    // Text and YAML (configuration reference 2).
    FileTooBig "file-too-big" Error "the file is larger than GitLab accepts";
    NotUtf8 "not-utf8" Error "the file is not UTF-8 text";
    YamlSyntax "yaml-syntax" Error "the YAML does not parse";
    YamlUnknownAlias "yaml-unknown-alias" Error "an alias names no anchor of this document";
    YamlTooBig "yaml-too-big" Error "the parsed YAML is deeper or larger than GitLab accepts";
    YamlTimestamp "yaml-timestamp" Error "an unquoted date or time, which GitLab refuses to load";
    YamlForeignTag "yaml-foreign-tag" Error "a tag that would build a Ruby object";
    YamlUnknownTag "yaml-unknown-tag" Warning "an unknown tag, which GitLab ignores";
    YamlDuplicateKey "yaml-duplicate-key" Warning "a key written twice in one mapping: the last one wins";
    YamlMergeOverrides "yaml-merge-overrides" Warning "a merge key overwrites a key written above it";
    ScalarRetyped "scalar-retyped" Warning "an unquoted number or boolean that becomes another text than is written";
    YamlIgnoredText "yaml-ignored-text" Warning "text that GitLab never reads";
    ConfigNotMapping "config-not-mapping" Error "the configuration is not a mapping";
    ConfigEmpty "config-empty" Error "the configuration file has no content";
    ConfigTooBig "config-too-big" Error "the configuration grows too large when it is written out";
    ReferenceInvalid "reference-invalid" Error "a `!reference` that is not a list of names";
    ReferenceMissing "reference-missing" Error "a `!reference` to something that does not exist";
    ReferenceCircular "reference-circular" Error "a `!reference` that leads back to itself";

    // Header and inputs (configuration reference 3).
    SpecInvalid "spec-invalid" Error "the `spec` header is not valid";
    InputMissing "input-missing" Error "an input without a default was given no value";
    InputUnknown "input-unknown" Error "a value for an input that is not declared";
    InputInvalid "input-invalid" Error "the value of an input does not fit its declaration";
    Interpolation "interpolation" Error "an interpolation block that can't be evaluated";

    // Includes and merging (configuration reference 4, 6.6).
    IncludeInvalid "include-invalid" Error "an `include` entry of no known form";
    IncludeMissing "include-missing" Error "an included file does not exist";
    IncludeOutside "include-outside" Error "an included file lies outside the repository";
    IncludeExtension "include-extension" Error "an included file is not named .yml or .yaml";
    IncludeEmpty "include-empty" Error "an included file has no content";
    IncludeUnmatched "include-unmatched" Warning "an `include` with wildcards that no file can match";
    IncludeLimit "include-limit" Error "more includes than GitLab accepts";
    IncludeIntegrity "include-integrity" Error "a remote file is not the one that `integrity` tells";
    IncludeNotFetched "include-not-fetched" Error "an include from elsewhere is not on this machine";
    FetchFailed "fetch-failed" Error "a file or an answer from elsewhere can't be brought here";
    ExtendsUnknown "extends-unknown" Error "`extends` names no job or template";
    ExtendsInvalid "extends-invalid" Error "`extends` is not usable";
    ExtendsCircular "extends-circular" Error "`extends` leads back to itself";
    ExtendsTooDeep "extends-too-deep" Error "more levels of `extends` than GitLab accepts";

    // Keywords (configuration reference 5, 6).
    UnknownKey "unknown-key" Error "a key that GitLab does not know at this place";
    MissingKey "missing-key" Error "a key that is required at this place is missing";
    ExclusiveKeys "exclusive-keys" Error "keys that can't be used together";
    WrongType "wrong-type" Error "a value of a type that GitLab does not accept here";
    InvalidValue "invalid-value" Error "a value that GitLab does not accept here";
    BlankValue "blank-value" Error "a value that may not be empty";
    TooMany "too-many" Error "more entries than GitLab accepts";
    InvalidDuration "invalid-duration" Error "a text that is no duration";
    InvalidRegex "invalid-regex" Error "a regular expression that RE2 does not accept";
    InvalidExpression "invalid-expression" Error "a condition that does not parse";
    JobNameInvalid "job-name-invalid" Error "a job name that GitLab does not accept";
    JobReplaced "job-replaced" Warning "a job takes the place of another one with its name";
    JobWithoutScript "job-without-script" Error "a job without `script`, `run` or `trigger`";
    NoVisibleJob "no-visible-job" Error "the configuration has no visible job";
    DefaultConflict "default-conflict" Error "a keyword given both at top level and in `default`";
    KeywordIgnored "keyword-ignored" Warning "a keyword that changes nothing in a local run";
    KeywordNotRun "keyword-not-run" Warning "a keyword whose effect `run` does not have yet";
    RetryReasonUnknown "retry-reason-unknown" Warning "a failure reason that GitLab 18.11 does not know";
    RuleUnreachable "rule-unreachable" Warning "a rule that never decides";
    JobUnreachable "job-unreachable" Warning "a job that no pipeline can have";
    VariableUndefined "variable-undefined" Warning "a condition reads a variable that nothing defines";
    DuplicatePipelines "duplicate-pipelines" Warning "rules that may start two pipelines for one push";

    // Checks across jobs (configuration reference 12.2).
    UnknownStage "unknown-stage" Error "a job in a stage that is not declared";
    UnknownNeed "unknown-need" Error "a need of a job that does not exist";
    NeedOrder "need-order" Error "a need of a job in a later stage";
    DuplicateNeed "duplicate-need" Error "a need listed twice";
    UnknownDependency "unknown-dependency" Error "a dependency on a job that does not exist";
    DependencyOrder "dependency-order" Error "a dependency on a job in a later stage";
    DependencyNotNeeded "dependency-not-needed" Error "a dependency that is not among the needs";
    CircularNeeds "circular-needs" Error "needs that lead back to the job";
    OnStopInvalid "on-stop-invalid" Error "`environment:on_stop` names no fitting job";
    MatrixUnknown "matrix-unknown" Error "a matrix expression names no variable of the matrix";
    PagesConflict "pages-conflict" Error "both forms of `publish` are given";

    // One pipeline (configuration reference 8, 10, 11).
    NeedNotInPipeline "need-not-in-pipeline" Error "a needed job is not in this pipeline";
    RuleFailed "rule-failed" Error "a rule that can't be evaluated";
    NeedElsewhere "need-elsewhere" Warning "a need on another pipeline, of which nothing is on this machine";
    EnvironmentInvalid "environment-invalid" Warning "an environment that can't be made: its job fails at once";
    ChangesUnknown "changes-unknown" Note "what changed is not known, so that `changes` is true";
    VariableCycle "variable-cycle" Error "variables that refer to each other in a circle";
    NothingToRun "nothing-to-run" Error "there is nothing to run for this ref";
    JobUnknown "job-unknown" Error "a job of that name is not in the configuration";
    JobNotInPipeline "job-not-in-pipeline" Error "a chosen job is not in this pipeline";
    JobNotStartable "job-not-startable" Error "a needed job would have to be played or released";

    // The repository (design chapter 2).
    ConfigMissing "config-missing" Error "there is no configuration file";
    ConfigUnreadable "config-unreadable" Error "the configuration file can't be read";
    NotARepository "not-a-repository" Error "this folder is not in a git repository";
    NoCommit "no-commit" Error "the repository has no commit yet";
    BareRepository "bare-repository" Error "the repository has no work tree";
    RepositoryUnreadable "repository-unreadable" Error "git's files can't be read";
    RevisionUnknown "revision-unknown" Error "a ref or revision does not exist";

    // Settings and trust (design chapter 3).
    SettingUnknown "setting-unknown" Error "a setting that does not exist";
    SettingInvalid "setting-invalid" Error "a setting with a value that does not fit";
    SettingUnreadable "setting-unreadable" Error "settings that are there but can't be read";
    SettingNotAllowed "setting-not-allowed" Error "a setting that only the user may make";
    GrantMissing "grant-missing" Error "a job needs something of this machine that only the user can grant";
    VariablesInvalid "variables-invalid" Error "a variables file that can't be read";

    // Running (design chapter 3, 6).
    KeywordUnsupported "keyword-unsupported" Error "the pipeline uses a keyword that `run` can't honour yet";
    ExecutorUnavailable "executor-unavailable" Error "the executor can't be used";
    ImageMissing "image-missing" Error "images are not on this machine";
    ImageUnset "image-unset" Error "a job has no image and the executor needs one";
    JobWithoutShell "job-without-shell" Error "what was chosen is not one job with a script";
    TerminalMissing "terminal-missing" Error "a shell is to have a terminal, and there is none";
    RunUnknown "run-unknown" Error "a run that is not on record";
    JobNotRecorded "job-not-recorded" Error "no run on record has what is asked for of that job";
    StateUnwritable "state-unwritable" Error "pipe's own folders can't be written";
    OutputUnwritable "output-unwritable" Error "what a command says can't be written";
}

impl Code {
    /// Kebab-case name.
    pub const fn as_str(self) -> &'static str {
        self.entry().name
    }

    /// The code of that name.
    pub fn parse(name: &str) -> Option<Self> {
        let mut all = Self::ALL.iter();
        all.find(|code| code.as_str() == name).copied()
    }

    /// Severity unless the place says otherwise.
    pub const fn severity(self) -> Severity {
        self.entry().severity
    }

    /// One line on what it means.
    pub const fn summary(self) -> &'static str {
        self.entry().summary
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_kebab_case() {
        let mut seen = std::collections::HashSet::new();
        for code in Code::ALL {
            let name = code.as_str();
            assert!(seen.insert(name), "{name} stands twice in the table");
            assert!(
                name.bytes()
                    .all(|b| b.is_ascii_lowercase() || b == b'-' || b.is_ascii_digit()),
                "{name} is not kebab-case"
            );
        }
    }
}
