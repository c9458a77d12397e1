//! Sandboxes whose layers are copied, as where the kernel lays them over each other for root alone.

use super::super::super::{Exit, SandboxExecutor};
use super::super::subject::{BUDGET, Step, write_tar};
use super::images::import;
use super::{has_users, sandbox_of, stays_inside};

#[tokio::test]
async fn layers_that_are_copied_are_as_those_that_lie_over_each_other() {
    let subject = sandbox_of(|plain| plain, SandboxExecutor::copying);
    let (low, high) = (subject.archive("low.tar"), subject.archive("high.tar"));
    write_tar(&low, &[("a", 0o644, "low\n"), ("b", 0o644, "low\n")]);
    write_tar(&high, &[("a", 0o644, "high\n"), ("b", 0o644, "gone")]);
    import(&subject, "copied:1", &[("word", "of the image\n")]);
    for (image, own) in [("host", ""), ("copied:1", "of the image\n")] {
        let mut spec = subject.spec("copied");
        let project = spec.layout.project_dir.clone();
        if let Some(image_of) = &mut spec.image {
            image_of.name = image.to_owned();
        }
        spec.workspace = subject.layers(&[low.clone(), high.clone()]).await;
        let mut session = subject.open_spec(spec).await;
        let script =
            format!("cd {project}; cat a; ls; cat /word 2>/dev/null; echo x >a && cat a; exit 0\n");
        let (exit, output) = Step::real(&script).run(session.as_mut()).await;
        session.close(BUDGET).await.expect("closes");
        assert_eq!(
            (exit, output),
            (Exit::Code(0), format!("high\na\n{own}x\n")),
            "{image}"
        );
    }
    let script = "grep -v -E ' (/dev/[a-z]+|/dev/pts|/proc/[a-z_]+|/sys/.*) ' /proc/self/mounts | grep -v nodev\n";
    stays_inside(&subject, "devices", script, "").await;
    assert_eq!(subject.leftovers().await, Vec::<String>::new());
}

#[tokio::test]
async fn no_job_sees_what_another_one_wrote() {
    no_job_sees_it(|usual| usual).await;
    no_job_sees_it(SandboxExecutor::laying).await;
}

/// What one job does to its root and to this machine's trees shows to no other, whoever of them has the
/// same copy.
async fn no_job_sees_it(layers: fn(SandboxExecutor) -> SandboxExecutor) {
    let subject = sandbox_of(|plain| plain, layers);
    let look = "for at in / /etc /usr /usr/bin /opt /tmp; do stat -c '%n %a %u' $at; ls $at | wc -l; done\n\
                cat /etc/hosts /etc/passwd | wc -c; getfattr -d / 2>/dev/null | grep -c user\n";
    let run = async |script: &str| {
        let mut session = subject.open("writes", &[]).await;
        let (_, output) = Step::real(script).run(session.as_mut()).await;
        session.close(BUDGET).await.expect("closes");
        output
    };
    let first = run(look).await;
    assert!(first.contains("/usr/bin 755"), "{first}");
    for writes in [
        "true",
        "touch /new",
        "mkdir -p /a/b && rm -r /a",
        "chmod 700 /",
        "echo 127.0.0.1 other >>/etc/hosts",
        "rm -f /etc/passwd",
        "touch /tmp/x",
        "mkdir /usr/bin/new || mkdir /opt/new",
        "chmod 711 /usr /opt",
        "mv /usr/share /usr/other && mkdir /usr/share",
        "rm -r /usr/lib/os-release /etc/os-release /usr/share/doc",
    ] {
        run(&format!("{writes}\n")).await;
        assert_eq!(run(look).await, first, "after `{writes}`");
    }
    assert_eq!(subject.leftovers().await, Vec::<String>::new());
}

/// Trees of this machine are whole, wherever they are put together, and on one device: `find` and `du`
/// can be told to stay on one.
#[tokio::test]
async fn trees_of_this_machine_are_as_they_are() {
    for layers in [SandboxExecutor::uniting, SandboxExecutor::laying] {
        if !has_users() {
            return;
        }
        let subject = sandbox_of(|plain| plain, layers);
        let look = "ls -R /usr/bin /usr/lib/x86_64-linux-gnu /opt 2>&1 | sort | cksum\n\
                    cat /usr/bin/* 2>/dev/null | cksum; stat -c '%a %s %Y %n' /usr/bin/* | cksum\n\
                    exit 0\n";
        let here = std::process::Command::new("sh")
            .arg("-c")
            .arg(look)
            .output();
        let here = String::from_utf8(here.expect("a shell").stdout).expect("text");
        stays_inside(&subject, "as outside", look, &here).await;
        let devices = "cd /usr; stat -c %d . bin bin/env lib bin/sh | sort -u | wc -l\n";
        stays_inside(&subject, "one device", devices, "1\n").await;
        let alone = "ls -d /trees /boot /lost+found /sbin/../boot 2>/dev/null | wc -l\n";
        stays_inside(&subject, "nothing else", alone, "0\n").await;
        assert_eq!(subject.leftovers().await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn what_no_job_will_need_is_removed_before_the_end_of_the_run() {
    if !has_users() {
        return;
    }
    for is_last in [true, false] {
        let subject = sandbox_of(|plain| plain, |executor| executor);
        subject.executor.expect(if is_last { 1 } else { 2 });
        let mut session = subject.open("a job", &[]).await;
        session.close(BUDGET).await.expect("closes");
        let runs = subject.archive("sandbox").join("jobs");
        let runs = std::fs::read_dir(runs).expect("a folder").flatten();
        let overlays = runs.filter_map(|run| run.path().join("overlays").read_dir().ok());
        assert_eq!(overlays.flatten().count() == 0, is_last);
        assert_eq!(subject.leftovers().await, Vec::<String>::new());
    }
}
