//! What the user's runner gives sandboxes: just that, and nothing beside it.

use std::fs;
use std::os::unix::net::UnixListener;

use super::super::super::{Cx, Exit, Fault, SandboxExtras, SandboxSettings};
use super::super::subject::{BUDGET, Step, Subject, context, globs, scratch, write_tar};
use super::{has_users, sandbox_of};

pub(super) fn with(extras: SandboxExtras) -> Subject {
    sandbox_of(
        |plain| SandboxSettings { extras, ..plain },
        |executor| executor,
    )
}

async fn printed(subject: &Subject, script: &str) -> String {
    let mut session = subject.open("extras", &[]).await;
    let (exit, output) = Step::real(script).run(session.as_mut()).await;
    session.close(BUDGET).await.expect("closes");
    assert_eq!(exit, Exit::Code(0), "{output}");
    output
}

#[tokio::test]
async fn folders_files_and_the_socket_of_the_settings_are_there() {
    let outside = scratch();
    let at = |name: &str| outside.path().join(name);
    for name in ["data", "kept"] {
        fs::create_dir(at(name)).expect("a folder");
    }
    fs::write(at("kept/file"), "of the machine\n").expect("written");
    fs::write(at("single"), "one file\n").expect("written");
    fs::write(at("secret"), "secret\n").expect("written");
    let _listener = UnixListener::bind(at("socket")).expect("a socket");
    let volume = |name: &str, behind: &str| format!("{}:{behind}", at(name).display());
    let subject = with(SandboxExtras {
        socket: Some(at("socket")),
        volumes: vec![
            volume("data", "/data"),
            volume("kept", "/srv/kept:ro"),
            volume("single", "in/project"),
        ],
        ..SandboxExtras::default()
    });
    let project = subject.spec("extras").layout.project_dir;
    let script = format!(
        "cat /srv/kept/file {project}/in/project\n\
         echo written >/data/new\n\
         (echo x >/srv/kept/file) 2>/dev/null || echo refused\n\
         cat /data/../secret 2>/dev/null || echo none\n\
         test -S /var/run/docker.sock && echo socket\n"
    );
    let output = printed(&subject, &script).await;
    assert_eq!(output, "of the machine\none file\nrefused\nnone\nsocket\n");
    assert_eq!(
        fs::read_to_string(at("data/new")).expect("written"),
        "written\n"
    );
    subject.release().await;
    assert!(
        at("kept/file").exists() && at("data/new").exists(),
        "nothing of it is removed"
    );
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_named() {
    let subject = with(SandboxExtras {
        volumes: vec!["/not/there:/data".to_owned()],
        ..SandboxExtras::default()
    });
    let (cx, _live) = context();
    let opened = subject.executor.open(subject.spec("extras"), &cx).await;
    let error = opened.err().expect("it can't be had");
    assert_eq!(error.fault, Fault::Lasting, "{error}");
    let text = error.in_one_line();
    assert!(
        text.contains("`/not/there`, which your setting `/not/there:/data`"),
        "{text}"
    );
    subject.release().await;
}

#[tokio::test]
async fn hosts_memory_and_rights_are_those_of_the_settings() {
    let subject = with(SandboxExtras {
        tmpfs: vec![("/fast".to_owned(), "rw,exec,size=64k".to_owned())],
        cap_drop: vec!["CAP_CHOWN".to_owned(), "net_raw".to_owned()],
        shm_size: Some(1 << 20),
        dns: vec!["192.0.2.1".to_owned()],
        extra_hosts: vec!["db:192.0.2.2".to_owned()],
        ..SandboxExtras::default()
    });
    let script = "grep -c '^192.0.2.2 db$' /etc/hosts\n\
                  cat /etc/resolv.conf\n\
                  df -k --output=size /dev/shm /fast | tail -n 2 | tr -d ' '\n\
                  cp /bin/true /fast/true && /fast/true && echo runs\n\
                  sed -n 's/^CapBnd:.//p' /proc/self/status\n";
    let output = printed(&subject, script).await;
    let docker_less_mknod = 0xa804_25fb_u64 & !(1 << 27);
    // By the numbers of `linux/capability.h`.
    let (chown, net_raw) = (1 << 0, 1 << 13);
    let left = docker_less_mknod & !chown & !net_raw;
    let wanted = format!("1\nnameserver 192.0.2.1\n1024\n64\nruns\n{left:016x}\n");
    assert_eq!(output, wanted);
    subject.release().await;
}

/// They are given up last: whoever starts a program makes its folder and becomes its user before.
#[tokio::test]
async fn capabilities_that_jobs_do_not_have_are_none_too_few_for_their_start() {
    let users = if has_users() {
        &[None, Some("nobody")][..]
    } else {
        &[None]
    };
    let all = [
        "ALL",
        "SETUID",
        "setgid",
        "CAP_CHOWN",
        "DAC_OVERRIDE",
        "SETPCAP",
    ];
    for dropped in all {
        let subject = with(SandboxExtras {
            cap_drop: vec![dropped.to_owned()],
            ..SandboxExtras::default()
        });
        for user in users {
            let mut spec = subject.spec("dropped");
            let tar = subject.archive("own.tar");
            write_tar(
                &tar,
                &[("closed/", 0o700, ""), ("closed/file", 0o600, "kept\n")],
            );
            spec.workspace = subject.layers(&[tar]).await;
            spec.init = true;
            if let Some(image) = &mut spec.image {
                image.user = user.map(str::to_owned);
            }
            let mut session = subject.open_spec(spec).await;
            let script = "id -un; sed -n 's/^CapBnd:.//p' /proc/self/status\n";
            let (exit, output) = Step::real(script).run(session.as_mut()).await;
            assert_eq!(exit, Exit::Code(0), "{dropped} {user:?}: {output}");
            let (who, bounds) = output.trim().split_once('\n').expect("two lines");
            assert_eq!(who, user.unwrap_or("root"), "{dropped}");
            let is_all = bounds.trim_matches('0').is_empty();
            assert_eq!(is_all, dropped == "ALL", "{dropped} {user:?}: {bounds}");
            let has = |name: &str| dropped == "ALL" || dropped.ends_with(name);
            let (exit, output) = Step::real("chown 1:1 / 2>&1\n").run(session.as_mut()).await;
            let is_refused = user.is_some() || has("CHOWN") || !has_users();
            assert_eq!(
                exit != Exit::Code(0),
                is_refused,
                "{dropped} {user:?}: {output}"
            );
            // Work on files is not the job's, and needs them.
            let packed = session
                .collect(
                    &globs(&["closed"]),
                    &subject.archive("a.tar"),
                    &Cx::unstoppable(),
                )
                .await;
            assert_eq!(packed.expect("collects").entries, 2, "{dropped} {user:?}");
            session.close(BUDGET).await.expect("closes");
        }
        subject.release().await;
    }
}
