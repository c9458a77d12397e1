//! What jobs find in their project directory, in containers: which users may write where, and links.

use std::os::unix::fs::symlink;

use crate::env::{On, TestEnv};

/// Runs the pipeline in containers of each kind; all of it is to pass.
fn passes(env: &TestEnv) {
    for on in On::here().filter(|on| *on != On::Shell) {
        let output = env.output(&["run", "--executor", on.name()]);
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(0), "{on:?}: {told}");
    }
}

/// Jobs of another user than root, as that of many images is. What is of the sandbox alone runs where
/// there is a daemon too, for the image comes from it.
const OF_NOBODY: &str = "\
.user: {image: {name: pipe-test-busybox:1, docker: {user: nobody}}}
own:
  extends: .user
  stage: build
  script: [touch new kept/new changed/new]
make:
  stage: build
  script: [mkdir -p a/b/c d, touch a/b/c/x d/y d/z]
  artifacts: {paths: ['a/**/x', d/y], untracked: false}
  cache: {key: k, paths: [cached/in/z]}
  after_script: [mkdir -p cached/in, touch cached/in/z]
use:
  extends: .user
  needs: [make]
  script: [touch new a/new a/b/new a/b/c/new d/new cached/new cached/in/new]
  cache: {key: k, paths: [cached/in/z], policy: pull}
";

#[test]
fn any_user_may_write_wherever_files_came_to_in_docker() {
    let env = TestEnv::new(OF_NOBODY);
    env.write("kept/a", "a");
    env.write("changed/a", "a");
    env.commit();
    passes(&env);
    // Files of the work tree are a layer of their own over those of the commit.
    env.write("changed/a", "b");
    env.write("added", "c");
    passes(&env);
}

#[test]
fn links_that_lead_far_out_of_the_project_are_links_in_docker() {
    let env = TestEnv::new(
        "read:\n  script: ['[ \"$(readlink committed)\" = ../../../../../nowhere/at/all ]', '[ \"$(readlink added)\" = ../../../../../nowhere ]']\n",
    );
    symlink(
        "../../../../../nowhere/at/all",
        env.project().join("committed"),
    )
    .expect("a link");
    env.commit();
    symlink("../../../../../nowhere", env.project().join("added")).expect("a link");
    passes(&env);
}
