//! Projects by ssh, from a real server with keys of its own.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use super::git_servers::{Projects, Server};
use crate::cli::Project;

fn key(path: &Path) {
    let status = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-f"])
        .arg(path)
        .stdout(Stdio::null())
        .status();
    assert!(status.is_ok_and(|status| status.success()), "ssh-keygen");
}

/// A server for whoever has the key `user`; its settings and keys lie in the folder.
fn server(folder: &Path) -> Server {
    for name in ["host", "user"] {
        key(&folder.join(name));
    }
    let allowed = folder.join("allowed");
    fs::copy(folder.join("user.pub"), &allowed).expect("a file");
    fs::set_permissions(&allowed, fs::Permissions::from_mode(0o600)).expect("rights");
    Server::start(|port| {
        let settings = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {0}/host\nAuthorizedKeysFile {0}/allowed\nStrictModes no\nUsePAM no\nPidFile none\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\n",
            folder.display()
        );
        fs::write(folder.join("sshd_config"), settings).expect("a file");
        let mut sshd = Command::new("/usr/sbin/sshd");
        sshd.arg("-D").arg("-f").arg(folder.join("sshd_config"));
        sshd
    })
}

#[test]
fn a_project_comes_by_ssh_with_sshd() {
    let projects = Projects::new().with("grp/one", &[("a.yml", "a: {script: a}\n")]);
    let folder = tempfile::tempdir().expect("a folder");
    let server = server(folder.path());
    let user = Command::new("id")
        .arg("-un")
        .output()
        .expect("a name")
        .stdout;
    let user = String::from_utf8(user).expect("text");
    // The path on the server is the whole path of this machine.
    let path = projects.root().display().to_string();
    let pipeline = "include: {project: grp/one, file: a.yml}\n";
    let project = Project::new(pipeline);
    let origin = format!("ssh://{}@127.0.0.1:{}/me/app.git", user.trim(), server.port);
    project.git(&["remote", "add", "origin", &origin]);
    let rewritten = origin.replace("/me/app.git", "/grp/one.git");
    let real = origin.replace("/me/app.git", &format!("{path}/grp/one.git"));
    let settings = format!("[url \"{real}\"]\n\tinsteadOf = {rewritten}\n");
    fs::write(project.home().join(".gitconfig"), settings).expect("a file");

    // Without a known host and a key nobody is asked for anything.
    let shown = project.pipe(&["fetch"]);
    assert!(shown.contains("can't be fetched: git says: "), "{shown}");

    let ssh = format!(
        "ssh -F /dev/null -i {0}/user -o IdentitiesOnly=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile={0}/known",
        folder.path().display()
    );
    let shown = project.env("GIT_SSH_COMMAND", &ssh).pipe(&["fetch"]);
    assert!(shown.contains("1 file fetched"), "{shown}");
}
