//! Sandboxes of images of the store: what they say holds, and their links lead nowhere outside.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use super::super::super::{
    ArtifactRef, Cx, EnvSpec, ExecError, Exit, Fault, SandboxExecutor, Script, image_store,
};
use super::super::cases::refused;
use super::super::owners::artifacts_keep_owners_and_set_ids;
use super::super::subject::{BUDGET, Step, Subject, context};
use super::{has_users, has_users_of_images, sandbox, sandbox_of};
use crate::images::testing::docker_archive;
use crate::images::{ImageName, ImportOptions};

/// Files that an image has: a path, and a content, or `-> ` and the target of a link.
type Files<'a> = &'a [(&'a str, &'a str)];

/// The head of an entry that belongs to root.
fn header() -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(1_600_000_000);
    header
}

/// Puts an image into the store of `subject`: busybox and `files`.
pub(super) fn import(subject: &Subject, name: &str, files: Files<'_>) {
    store(subject, name, &with_busybox(files));
}

/// The tar of a root file system: busybox and `files`.
fn with_busybox(files: Files<'_>) -> Vec<u8> {
    let busybox = std::fs::read("/usr/bin/busybox").or_else(|_| std::fs::read("/bin/busybox"));
    let busybox = busybox.expect("busybox-static is installed");
    let mut builder = tar::Builder::new(Vec::new());
    let mut add = |path: &str, kind: tar::EntryType, mode: u32, content: &[u8]| {
        let mut header = header();
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_size(content.len() as u64);
        builder
            .append_data(&mut header, path, content)
            .expect("an entry");
    };
    for (folder, mode) in [("bin", 0o755), ("home", 0o755), ("tmp", 0o1777)] {
        add(folder, tar::EntryType::Directory, mode, b"");
    }
    add("bin/busybox", tar::EntryType::Regular, 0o755, &busybox);
    let applets =
        ["sh", "id", "cat", "ls", "grep"].map(|name| (format!("bin/{name}"), "-> busybox"));
    let applets = applets
        .iter()
        .map(|(path, target)| (path.as_str(), *target));
    for (path, content) in files.iter().copied().chain(applets) {
        let mut header = header();
        header.set_mode(0o644);
        if let Some(target) = content.strip_prefix("-> ") {
            header.set_entry_type(tar::EntryType::Symlink);
            header.set_size(0);
            builder
                .append_link(&mut header, path, target)
                .expect("a link");
        } else {
            header.set_size(content.len() as u64);
            let content = content.as_bytes();
            builder
                .append_data(&mut header, path, content)
                .expect("an entry");
        }
    }
    builder.into_inner().expect("finished")
}

/// Puts an image into the store of `subject`: the tar of a root file system, or an archive of images.
fn store(subject: &Subject, name: &str, bytes: &[u8]) {
    let tar = subject.archive("image.tar");
    std::fs::write(&tar, bytes).expect("written");
    let store = image_store(&subject.scratch.path().join("images")).expect("a store");
    let mut arrival = store.arrival().expect("begun");
    let options = ImportOptions {
        name: ImageName::parse(name),
        platform: None,
    };
    let stop = AtomicBool::new(false);
    arrival
        .import(&tar, "image", &options, &|_| {}, &stop)
        .expect("imported");
    arrival.finish().expect("finished");
}

#[tokio::test]
async fn an_image_runs_as_who_is_asked_for() {
    let subject = sandbox().await;
    let passwd = "root:x:0:0::/root:/bin/sh\nann:x:1000:100::/home:/bin/sh\n";
    import(
        &subject,
        "test:1",
        &[
            ("etc/passwd", passwd),
            ("etc/group", "root:x:0:\njoe:x:60:\n"),
            ("word", "from the image\n"),
        ],
    );
    for (user, wanted) in [
        (None, "0 0\n"),
        (Some("1000"), "1000 100\n"),
        (Some("ann"), "1000 100\n"),
        (Some("ann:joe"), "1000 60\n"),
    ] {
        let mut spec = subject.spec("image");
        if let Some(image) = &mut spec.image {
            image.name = "test:1".to_owned();
            image.user = user.map(str::to_owned);
        }
        let mut session = subject.open_spec(spec).await;
        let script = Step::real(
            "echo $(id -u) $(id -g); cat /word; ls /usr 2>/dev/null; echo $PATH >/tmp/x && cat /tmp/x\n",
        );
        let (exit, output) = script.run(session.as_mut()).await;
        session.close(BUDGET).await.expect("closes");
        let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n";
        assert_eq!(
            output,
            format!("{wanted}from the image\n{path}"),
            "{user:?}"
        );
        assert_eq!(exit, Exit::Code(0), "{user:?}");
    }
    assert_eq!(subject.leftovers().await, Vec::<String>::new());
}

/// As many as Docker lets an image have.
#[tokio::test]
async fn an_image_may_have_many_layers() {
    let subject = sandbox().await;
    let mut layers = vec![with_busybox(&[])];
    for number in 1..127 {
        let mut builder = tar::Builder::new(Vec::new());
        let mut header = header();
        header.set_mode(0o644);
        header.set_size(0);
        builder
            .append_data(&mut header, format!("of-{number}"), std::io::empty())
            .expect("an entry");
        layers.push(builder.into_inner().expect("finished"));
    }
    store(&subject, "many:1", &docker_archive("many:1", &layers));
    let mut spec = subject.spec("many");
    if let Some(image) = &mut spec.image {
        image.name = "many:1".to_owned();
    }
    let mut session = subject.open_spec(spec).await;
    let script = Step::real("ls -d /of-1 /of-126; ls / | grep -c of-\n");
    let (exit, output) = script.run(session.as_mut()).await;
    assert_eq!(output, "/of-1\n/of-126\n126\n");
    assert_eq!(exit, Exit::Code(0));
    session.close(BUDGET).await.expect("closes");
    assert_eq!(subject.leftovers().await, Vec::<String>::new());
}

/// As every container that can't be started, under the runner too.
#[tokio::test]
async fn who_is_not_in_the_image_is_the_systems_fault() {
    let subject = sandbox().await;
    import(
        &subject,
        "test:3",
        &[("etc/passwd", "root:x:0:0::/root:/bin/sh\n")],
    );
    let mut spec = subject.spec("nobody");
    if let Some(image) = &mut spec.image {
        image.name = "test:3".to_owned();
        image.user = Some("ann".to_owned());
    }
    let error = not_started(&subject, spec).await;
    assert_eq!(error.fault, Fault::System, "{error}");
    assert!(error.message.contains("no user `ann`"), "{error}");
    assert_eq!(subject.leftovers().await, Vec::<String>::new());
}

/// Why no script of that attempt can be started.
async fn not_started(subject: &Subject, spec: EnvSpec) -> ExecError {
    let mut session = subject.open_spec(spec).await;
    let (cx, _live) = context();
    let script = Script {
        text: "true\n".to_owned(),
        brief: None,
    };
    let started = session.run(&script, &cx).await;
    session.close(BUDGET).await.expect("closes");
    started.expect_err("nobody can be that user")
}

/// Ids of one's own are no more than `/etc/subuid` says.
#[tokio::test]
async fn who_is_beyond_the_ids_of_the_user_is_told() {
    if has_users() || !has_users_of_images() {
        return;
    }
    let subject = sandbox().await;
    import(&subject, "test:4", &[]);
    let highest = "gives you, the highest inside is 65536";
    for (user, told) in [
        (
            "1000700000",
            "user 1000700000 can't be had here: with the ids that `/etc/subuid`",
        ),
        (
            "0:70000",
            "group 70000 can't be had here: with the ids that `/etc/subgid`",
        ),
    ] {
        let mut spec = subject.spec("beyond");
        if let Some(image) = &mut spec.image {
            image.name = "test:4".to_owned();
            image.user = Some(user.to_owned());
        }
        let error = not_started(&subject, spec).await;
        assert_eq!(error.message, format!("{told} {highest}"));
        let help = error.help.unwrap_or_default();
        assert!(help.contains("image:docker:user"), "{help}");
    }
}

#[tokio::test]
async fn an_image_has_its_users() {
    if !has_users_of_images() {
        return;
    }
    let subject = sandbox().await;
    let passwd = "root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home:/bin/sh\n";
    import(&subject, "test:2", &[("etc/passwd", passwd)]);
    for (user, wanted) in [("root", "0 1000"), ("ann", "1000 1000 denied")] {
        let mut spec = subject.spec("users");
        if let Some(image) = &mut spec.image {
            image.name = "test:2".to_owned();
            image.user = Some(user.to_owned());
        }
        let mut session = subject.open_spec(spec).await;
        // Folders that nobody but their owner may enter, or change.
        let script = "cd /tmp; busybox mkdir -p a/b; echo >a/b/c; busybox chmod 500 a/b; \
                      busybox chown 1000:1000 a/b a; busybox stat -c %u a/b/c a/b; \
                      busybox chown 5:5 a 2>/dev/null || echo denied\n";
        let (_, output) = Step::real(script).run(session.as_mut()).await;
        session.close(BUDGET).await.expect("closes");
        let output = output.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(output, wanted, "{user}");
    }
    assert_eq!(subject.leftovers().await, Vec::<String>::new());
}

#[tokio::test]
async fn artifacts_of_images_keep_owners_and_set_ids() {
    if !has_users_of_images() {
        return;
    }
    let mut subject = sandbox().await;
    import(&subject, "test:3", &[]);
    if let Some(image) = &mut subject.image {
        image.name = "test:3".to_owned();
    }
    artifacts_keep_owners_and_set_ids(&subject, "busybox").await;
}

/// With one id alone nothing fails: what can't be had is left out.
#[tokio::test]
async fn files_of_others_come_to_whoever_is_alone() {
    let subject = sandbox_of(|plain| plain, SandboxExecutor::copying);
    let tar = subject.archive("others.tar");
    let mut builder = tar::Builder::new(std::fs::File::create(&tar).expect("created"));
    for (name, mode, user) in [
        ("plain", 0o640, 1000),
        ("set-id", 0o4755, 0),
        ("high", 0o600, 1 << 40),
    ] {
        let mut header = header();
        header.set_mode(mode);
        header.set_uid(user);
        header.set_size(1);
        builder
            .append_data(&mut header, name, &b"x"[..])
            .expect("an entry");
    }
    builder.finish().expect("finished");
    let mut spec = subject.spec("alone");
    spec.workspace.artifacts = vec![ArtifactRef {
        tar,
        entries: 3,
        notes: Vec::new(),
        digest: None,
        lasts: false,
    }];
    let project = spec.layout.project_dir.clone();
    let mut session = subject.open_spec(spec).await;
    let script = format!("cd {project}; cat plain set-id high; stat -c %a plain set-id high\n");
    let (_, output) = Step::real(&script).run(session.as_mut()).await;
    session.close(BUDGET).await.expect("closes");
    assert_eq!(output, "xxx640\n4755\n600\n");
    assert_eq!(subject.leftovers().await, Vec::<String>::new());
}

#[tokio::test]
async fn an_image_that_is_not_here_is_the_jobs_fault() {
    let subject = sandbox().await;
    let mut spec = subject.spec("absent");
    if let Some(image) = &mut spec.image {
        image.name = "pipe-test-absent:1".to_owned();
    }
    let images: Vec<_> = spec.image.iter().cloned().collect();
    let missing = subject.executor.missing(&images, &Cx::unstoppable()).await;
    assert_eq!(missing.expect("asked"), images);
    let (cx, _live) = context();
    let error = refused(subject.executor.open(spec, &cx).await);
    assert_eq!(error.fault, Fault::User, "{error}");
    assert_eq!(subject.leftovers().await, Vec::<String>::new());
}

#[tokio::test]
async fn links_of_an_image_lead_nowhere_outside() {
    let subject = sandbox().await;
    let outside = subject.scratch.path().join("outside");
    std::fs::create_dir(&outside).expect("a folder");
    for (number, name) in ["sys", "proc", "dev", "builds", "etc", "tmp/x"]
        .into_iter()
        .enumerate()
    {
        for way in [
            "/proc/self/cwd",
            "/proc/1/cwd",
            "/proc/self/root/proc/self/cwd",
            "/../../..",
        ] {
            let target = format!("-> {way}{}/{number}", outside.display());
            let image = format!("hostile:{number}");
            import(&subject, &image, &[(name, &target)]);
            let mut spec = subject.spec("hostile");
            if let Some(image_of) = &mut spec.image {
                image_of.name.clone_from(&image);
            }
            let (cx, _live) = context();
            // It may come about or not; the links alone count.
            if let Ok(mut session) = subject.executor.open(spec, &cx).await {
                let _ = Step::real("ls /\n").run(session.as_mut()).await;
                session.close(BUDGET).await.expect("closes");
            }
            assert!(is_empty(&outside), "{name} {way}");
        }
    }
}

#[tokio::test]
async fn an_image_without_a_folder_for_the_kernels_files_is_the_jobs_fault() {
    let subject = sandbox().await;
    for (number, name) in ["proc", "sys", "dev"].into_iter().enumerate() {
        let image = format!("odd:{number}");
        import(&subject, &image, &[(name, "-> tmp")]);
        let mut spec = subject.spec("odd");
        if let Some(image_of) = &mut spec.image {
            image_of.name = image;
        }
        let (cx, _live) = context();
        let error = refused(subject.executor.open(spec, &cx).await);
        assert_eq!(error.fault, Fault::User, "{error}");
        let wanted = format!("`/{name}` of the image has to be a folder");
        assert!(error.message.contains(&wanted), "{error}");
    }
    assert_eq!(subject.leftovers().await, Vec::<String>::new());
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).expect("a folder").count() == 0
}
