//! Scripts as shells really run them: what the log shows and how it ends, line by line as with
//! GitLab Runner (runtime reference 2 to 4).

use std::sync::Arc;
use std::time::Duration;

use pipe::tested::exec::{
    Cancel, Cx, DockerExecutor, DockerSettings, Endpoint, EnvSpec, EnvVariable, Executor, Exit,
    Image, Owner, Reach, Script, Session, ShellExecutor, ShellSettings, Workspace,
};
use pipe::tested::exec::{Stage, Variable};
use tokio::sync::{mpsc, watch};

mod cases;

use cases::{CONTAINERS, Case, everywhere};

#[tokio::test]
async fn logs_in_docker() {
    let host = std::env::var("DOCKER_HOST").ok();
    let endpoint = Endpoint::find(host.as_deref(), None, Reach::Local).expect("a Docker daemon");
    let executor = DockerExecutor::new(endpoint, DockerSettings::default());
    let capabilities = executor
        .probe(&pipe::tested::exec::Cx::unstoppable())
        .await
        .expect("the daemon answers");
    assert!(!capabilities.description.is_empty());
    all_agree(&executor, everywhere().chain(CONTAINERS)).await;
    let released = executor.release(Duration::from_secs(30)).await;
    released.expect("nothing stays");
}

#[tokio::test]
async fn logs_in_the_shell() {
    let base = tempfile::tempdir().expect("a folder");
    let executor = ShellExecutor::new(ShellSettings {
        base: base.path().to_owned(),
        run: "scripts".to_owned(),
        grace: Duration::from_secs(3),
    });
    all_agree(&executor, everywhere()).await;
}

/// Runs every case, a few at once, and tells all that differ.
async fn all_agree(executor: &dyn Executor, cases: impl Iterator<Item = &'static Case>) {
    let slots = Arc::new(tokio::sync::Semaphore::new(4));
    let runs = cases.map(|case| {
        let slots = slots.clone();
        async move {
            let _slot = slots.acquire().await.expect("a slot");
            let (exit, log) = run(executor, case).await;
            let wanted = (case.exit, case.log.to_vec());
            let log: Vec<_> = log.iter().map(String::as_str).collect();
            (wanted != (exit, log.clone())).then(|| {
                format!(
                    "{}\n  wanted {wanted:?}\n  have   {:?}",
                    case.name,
                    (exit, log)
                )
            })
        }
    });
    let differ: Vec<String> = futures_util::future::join_all(runs)
        .await
        .into_iter()
        .flatten()
        .collect();
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

/// Around what a login shell says while it reads the profiles of this machine's user, which are no
/// part of a case.
const PROFILES: (&str, &str) = ("profiles begin", "profiles end");

fn variable((name, value): (String, String)) -> EnvVariable {
    EnvVariable {
        name,
        value,
        secret: false,
    }
}

/// One job: script, then `after_script`; the exit code of the script and the lines of both.
async fn run(executor: &dyn Executor, case: &Case) -> (i64, Vec<String>) {
    let plain = case.variables.iter();
    let files = case.files.iter();
    let variables: Vec<Variable> = plain
        .map(|(name, value)| Variable::plain(*name, *value))
        .chain(files.map(|(name, content)| Variable::file(*name, *content)))
        .collect();
    let layout = executor.layout("group/project", case.name, 1);
    let project_dir = layout.project_dir.clone();
    let stage = Stage::new(&variables, &project_dir);
    let (_live, cancel) = watch::channel(Cancel::Run);
    let (output, mut chunks) = mpsc::channel(8);
    let cx = Cx { cancel, output };
    let spec = EnvSpec {
        owner: Owner {
            owner: "tests/scripts".to_owned(),
            run: "scripts".to_owned(),
        },
        job: case.name.to_owned(),
        attempt: 1,
        image: Some(image(case)),
        layout,
        variables: stage.environment().into_iter().map(variable).collect(),
        services: Vec::new(),
        workspace: Workspace {
            tree: None,
            artifacts: Vec::new(),
        },
        init: false,
        owned_files: false,
        volumes_of: String::new(),
    };
    let mut session = executor.open(spec, &cx).await.expect(case.name);
    let is_login = executor.name() == "shell";
    let running = async {
        let cx = cx;
        let step = stage.step_script(case.script);
        let exit = code(session.as_mut(), step, &cx, is_login).await;
        if !case.after.is_empty() {
            let after = stage.after_script(case.after);
            code(session.as_mut(), after, &cx, is_login).await;
        }
        exit
    };
    let reading = async {
        let mut all = Vec::new();
        while let Some(chunk) = chunks.recv().await {
            all.extend(chunk);
        }
        String::from_utf8_lossy(&all).into_owned()
    };
    let (exit, log) = tokio::join!(running, reading);
    let closed = session.close(Duration::from_secs(30)).await;
    closed.expect("closes");
    (exit, lines(&without_profiles(&log)))
}

fn without_profiles(log: &str) -> String {
    let (begin, end) = PROFILES;
    let regex = regex::Regex::new(&format!("(?s){begin}\n.*?{end}\n")).expect("a pattern");
    regex.replace_all(log, "").into_owned()
}

fn image(case: &Case) -> Image {
    let words = case.entrypoint.iter().map(|&word| word.to_owned());
    Image {
        name: case.image.to_owned(),
        entrypoint: (!case.entrypoint.is_empty()).then(|| words.collect()),
        ..Image::default()
    }
}

async fn code(session: &mut dyn Session, text: String, cx: &Cx, is_login: bool) -> i64 {
    let (begin, end) = PROFILES;
    let text = if is_login {
        let begin = format!("{begin}\n").into_bytes();
        cx.output.send(begin).await.expect("somebody reads");
        format!("echo '{end}'\n{text}")
    } else {
        text
    };
    match session.run(&Script::whole(text), cx).await.expect("runs") {
        Exit::Code(code) => code,
        Exit::Stopped => panic!("nobody stops it"),
    }
}

/// Plain lines: no colours, no section markers, `<shell>: ` for the shell's own prefix.
fn lines(log: &str) -> Vec<String> {
    let plain = |pattern: &str, text: &str, with: &str| {
        let regex = regex::Regex::new(pattern).expect("a pattern");
        regex.replace_all(text, with).into_owned()
    };
    let log = plain(
        r"section_(start|end):\d+:[A-Za-z0-9_]+(\[[^\]]*\])?\r\x1b\[0K",
        log,
        "",
    );
    let log = plain(r"\x1b\[[0-9;]*[mK]", &log, "");
    log.lines()
        .map(|line| {
            plain(
                r"^(/\S+/)?(ba|da|a)?sh: (eval: )?line \d+: ",
                line,
                "<shell>: ",
            )
        })
        // Shells differ in what they say about a child that a signal ended.
        .filter(|line| !line.contains("Killed") && !line.contains("Terminated"))
        .collect()
}
