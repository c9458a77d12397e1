//! Which of several settings counts, and what is said about mistakes.

use super::problem::ProblemKind;
use super::{Inputs, Key, Place, Source, resolve};

fn problems(inputs: &Inputs<'_>) -> Vec<(String, Option<String>)> {
    let (_, problems) = resolve(inputs);
    problems.into_iter().map(|p| (p.message, p.help)).collect()
}

fn from_repository(text: &str) -> Vec<(String, Option<String>)> {
    problems(&Inputs {
        repository: Some(text),
        ..Inputs::default()
    })
}

#[test]
fn defaults() {
    let (settings, problems) = resolve(&Inputs::default());
    assert_eq!(problems, []);
    assert_eq!(settings.text(Key::File), Some(".gitlab-ci.yml"));
    assert_eq!(settings.text(Key::DefaultImage), None);
    assert_eq!(settings.text(Key::Executor), Some("auto"));
    assert_eq!(settings.text(Key::Deploy), Some("ask"));
    assert_eq!(settings.list(Key::RefsIssue), ["issue-*"]);
    assert_eq!(settings.list(Key::Held), [""; 0]);
    assert_eq!(settings.jobs(), 16);
    assert_eq!(settings.iter().count(), Key::ALL.len());
}

#[test]
fn the_strongest_source_wins() {
    let flags = [(Key::DefaultImage, "flag".to_owned())];
    let environment = [("PIPE_DEFAULT_IMAGE".to_owned(), "environment".to_owned())];
    let all = Inputs {
        flags: &flags,
        environment: &environment,
        user: Some("default-image = 'user'"),
        repository: Some("default-image = 'repository'"),
    };
    let no_flag = Inputs { flags: &[], ..all };
    let files = Inputs {
        environment: &[],
        ..no_flag
    };
    let repository = Inputs {
        user: None,
        ..files
    };
    for (inputs, value, source) in [
        (all, "flag", Source::Flag),
        (no_flag, "environment", Source::Environment),
        (files, "user", Source::User),
        (repository, "repository", Source::Repository),
    ] {
        let (settings, problems) = resolve(&inputs);
        assert_eq!(problems, [], "{value}");
        assert_eq!(settings.text(Key::DefaultImage), Some(value));
        assert_eq!(
            settings.get(Key::DefaultImage).map(|s| s.source),
            Some(source)
        );
    }
}

#[test]
fn held_jobs_only_add_up() {
    let (settings, problems) = resolve(&Inputs {
        flags: &[(Key::Held, String::new())],
        user: Some("held = ['mine', 'both']"),
        repository: Some("held = ['theirs', 'both']"),
        ..Inputs::default()
    });
    assert_eq!(problems, []);
    assert_eq!(settings.list(Key::Held), ["theirs", "both", "mine"]);
}

#[test]
fn projects_are_read_in_their_order_and_only_from_the_user() {
    let own = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    let (settings, problems_found) = resolve(&Inputs {
        user: Some("[projects]\n\"g/p\" = '~/p'\n\"a/b\" = 'git@h:a/b'\n"),
        ..Inputs::default()
    });
    assert_eq!(problems_found, []);
    let expected = [own("g/p", "~/p"), own("a/b", "git@h:a/b")];
    assert_eq!(settings.pairs(Key::Projects), expected);
    let environment = [("PIPE_PROJECTS".to_owned(), "g/p=/x; a/b=y=z".to_owned())];
    let (settings, _) = resolve(&Inputs {
        environment: &environment,
        ..Inputs::default()
    });
    let expected = [own("g/p", "/x"), own("a/b", "y=z")];
    assert_eq!(settings.pairs(Key::Projects), expected);
    assert_eq!(
        from_repository("[projects]\n\"g/p\" = '/x'\n"),
        [(
            "a repository can't set `projects`, only the user can".to_owned(),
            Some(
                "if you want it, put `\"g/p\" = \"/x\"` below `[projects]` into `~/.config/pipe/config.toml`"
                    .to_owned()
            )
        )]
    );
}

#[test]
fn what_adds_up_has_all_its_places() {
    let (settings, _) = resolve(&Inputs {
        user: Some("jobs = 3\nheld = ['mine']"),
        repository: Some("\nheld = ['theirs']"),
        ..Inputs::default()
    });
    let places =
        |key: Key| -> Vec<_> { settings.get(key).expect("it is there").places().collect() };
    let (repository, user) = (Source::Repository, Source::User);
    assert_eq!(places(Key::Held), [(repository, Some(2)), (user, Some(2))]);
    assert_eq!(places(Key::Jobs), [(user, Some(1))]);
    assert_eq!(places(Key::Deploy), [(Source::Default, None)]);
}

#[test]
fn lists_of_the_environment() {
    let environment = [(
        "PIPE_REFS_ISSUE".to_owned(),
        " feature/* ,fix-*,".to_owned(),
    )];
    let (settings, _) = resolve(&Inputs {
        environment: &environment,
        ..Inputs::default()
    });
    assert_eq!(settings.list(Key::RefsIssue), ["feature/*", "fix-*"]);
}

#[test]
fn a_repository_gets_only_what_is_safe() {
    let text = "executor = \"shell\"\n\n[refs]\nissue = ['task-*']\n";
    let (settings, problems) = resolve(&Inputs {
        repository: Some(text),
        ..Inputs::default()
    });
    assert_eq!(settings.text(Key::Executor), Some("auto"));
    assert_eq!(settings.list(Key::RefsIssue), ["task-*"]);
    let [problem] = problems.as_slice() else {
        panic!("one problem: {problems:?}")
    };
    assert_eq!(problem.kind, ProblemKind::NotAllowed);
    assert_eq!(problem.place, Place::Repository(0..8));
    assert_eq!(
        problem.message,
        "a repository can't set `executor`, only the user can"
    );
    assert_eq!(
        problem.help.as_deref(),
        Some("if you want it, put `executor = \"shell\"` into `~/.config/pipe/config.toml`")
    );
}

#[test]
fn what_a_repository_asks_for_is_fine_where_the_user_grants_it() {
    let asks = "docker.host_socket = true\ndocker.volumes = ['/cache']\n";
    for (user, refused) in [
        ("", 2),
        ("docker.host_socket = true", 1),
        (
            "docker.host_socket = false\ndocker.volumes = ['/a:/b', '/cache']",
            1,
        ),
        ("[docker]\nhost_socket = true\nvolumes = ['/cache']", 0),
    ] {
        let (settings, problems) = resolve(&Inputs {
            user: Some(user),
            repository: Some(asks),
            ..Inputs::default()
        });
        assert_eq!(problems.len(), refused, "{user}: {problems:?}");
        let granted = user.contains("host_socket = true");
        assert_eq!(
            settings.switch(Key::DockerHostSocket) == Some(true),
            granted
        );
    }
}

#[test]
fn the_forms_of_values() {
    let text = "[docker]\nmemory = '512m'\nshm_size = 1024\ncpus = 1.5\nprivileged = true\n\
                [docker.tmpfs]\n'/run' = 'rw,noexec'\n";
    let environment = [("PIPE_DOCKER_SYSCTLS".to_owned(), "a=1;b=2".to_owned())];
    let (settings, problems) = resolve(&Inputs {
        user: Some(text),
        environment: &environment,
        ..Inputs::default()
    });
    assert_eq!(problems, []);
    assert_eq!(settings.size(Key::DockerMemory), Some(512 << 20));
    assert_eq!(settings.size(Key::DockerShmSize), Some(1024));
    assert_eq!(settings.nano_cpus(), Some(1_500_000_000));
    assert_eq!(settings.switch(Key::DockerPrivileged), Some(true));
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(
        settings.pairs(Key::DockerTmpfs),
        [pair("/run", "rw,noexec")]
    );
    assert_eq!(
        settings.pairs(Key::DockerSysctls),
        [pair("a", "1"), pair("b", "2")]
    );
    assert_eq!(settings.number(Key::DockerWaitForServicesTimeout), Some(30));
    assert_eq!(settings.switch(Key::DockerHostSocket), None);
}

#[test]
fn each_mistake_has_its_message() {
    for (text, message, help) in [
        (
            "default-imge = 'x'",
            "there is no setting `default-imge`",
            Some("did you mean `default-image`?"),
        ),
        (
            "refs.isue = []",
            "there is no setting `refs.isue`",
            Some("did you mean `refs.issue`?"),
        ),
        (
            "[variables]\nA = '1'",
            "there is no setting `variables`",
            Some("variables go into `.pipe/variables.yml`"),
        ),
        (
            "colour = 1",
            "there is no setting `colour`",
            Some(
                "the settings are file, default-image, refs.issue, refs.develop, refs.release, held",
            ),
        ),
        (
            "default-image = 3",
            "`default-image` must be a text that is not empty",
            None,
        ),
        ("file = ''", "`file` must be a text that is not empty", None),
        ("held = 'deploy'", "`held` must be a list of texts", None),
        ("held = [1]", "`held` must be a list of texts", None),
        (
            "refs = 'x'",
            "there is no setting `refs`",
            Some(
                "the settings are file, default-image, refs.issue, refs.develop, refs.release, held",
            ),
        ),
    ] {
        let expected = (message.to_owned(), help.map(str::to_owned));
        assert_eq!(from_repository(text), [expected], "{text}");
    }
}

#[test]
fn values_are_checked_wherever_they_come_from() {
    let flags = [(Key::Jobs, "0".to_owned())];
    let environment = [("PIPE_EXECUTOR".to_owned(), "dokcer".to_owned())];
    let found = problems(&Inputs {
        flags: &flags,
        environment: &environment,
        user: Some("jobs = 1001\ndeploy = 'yes'"),
        repository: None,
    });
    let executors = "one of `auto`, `docker`, `sandbox`, `shell`";
    let expected = [
        ("`jobs` must be a number from 1 to 1000".to_owned(), None),
        (
            "`deploy` must be one of `ask`, `hold`, `run`".to_owned(),
            None,
        ),
        (
            format!("`PIPE_EXECUTOR` must be {executors}, not `dokcer`"),
            Some("did you mean `docker`?".to_owned()),
        ),
        (
            "`--jobs` must be a number from 1 to 1000, not `0`".to_owned(),
            None,
        ),
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_broken_file_says_where() {
    let text = "file = 'a.yml'\nheld = [\n";
    let (settings, problems) = resolve(&Inputs {
        user: Some(text),
        ..Inputs::default()
    });
    assert_eq!(settings.text(Key::File), Some("a.yml"));
    assert!(!problems.is_empty());
    let diagnostic = problems[0].diagnostic(Some(crate::source::FileId(0)));
    assert_eq!(diagnostic.code, crate::diag::Code::SettingInvalid);
    assert!(
        diagnostic.message.starts_with("this is no TOML: "),
        "{}",
        diagnostic.message
    );
    let span = diagnostic.primary.expect("a place");
    assert!(span.start >= 22, "{span:?} lies in the list");
}
