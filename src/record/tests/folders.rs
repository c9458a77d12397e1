//! Folders, ids, locks: what is kept, what goes, who may see it.

use std::os::unix::fs::PermissionsExt;

use super::*;

#[test]
fn a_run_lives_while_its_lock_is_held() {
    let fixture = Fixture::new();
    let (state, project) = (fixture.state(), fixture.project());
    assert_eq!(project.last(), None);
    let run = project.begin(at(0)).expect("a run");
    assert_eq!(run.id(), "20270115-080000-000001");
    assert!(state.is_alive(run.id()));
    assert!(project.last().expect("a run").alive);
    let id = run.id().to_owned();
    drop(run);
    assert!(!state.is_alive(&id));
    assert!(!state.is_alive("20270115-080000-000099"));
    assert!(!state.is_alive("../../etc"));
}

#[test]
fn a_shell_lives_like_a_run_and_is_none() {
    let fixture = Fixture::new();
    let (state, project) = (fixture.state(), fixture.project());
    let shell = project.begin_shell(at(0)).expect("a place");
    let (id, folder) = (shell.id().to_owned(), shell.folder().to_owned());
    assert_eq!(id, "shell-20270115-080000-000001");
    assert_eq!(project.list(), []);
    project.prune(Keep::default(), at(9)).expect("pruned");
    assert!(state.is_alive(&id));
    // As after `kill -9`.
    drop(shell);
    assert!(!state.is_alive(&id));
    project.prune(Keep::default(), at(9)).expect("pruned");
    assert!(!folder.exists());
}

#[test]
fn ids_and_numbers_count_up() {
    let fixture = Fixture::new();
    let (one, two) = (
        fixture.project(),
        fixture
            .state()
            .project("team/other", Path::new("/src/other/.git")),
    );
    let runs = [&one, &two, &one].map(|project| project.begin(at(0)).expect("a run"));
    assert_eq!(runs.each_ref().map(LiveRun::pipeline_id), [1, 2, 3]);
    assert_eq!(runs.each_ref().map(LiveRun::iid), [1, 1, 2]);
    let ids: std::collections::HashSet<_> = runs.iter().map(LiveRun::id).collect();
    assert_eq!(ids.len(), 3);
    assert_eq!(fixture.state().take_job_ids(5).expect("ids"), 1..6);
}

#[test]
fn folders_are_the_users_alone() {
    let fixture = Fixture::new();
    let run = fixture.project().begin(at(0)).expect("a run");
    for folder in run.folder().ancestors().take(4) {
        let mode = folder.metadata().expect("a folder").permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{}", folder.display());
    }
}

#[test]
fn clones_have_a_record_each_and_names_are_harmless() {
    let state = Fixture::new().state();
    let here = state.project("team/shop", Path::new("/a/.git"));
    let there = state.project("team/shop", Path::new("/b/.git"));
    assert_ne!(here.folder(), there.folder());
    let odd = state.project("../..", Path::new("/a/.git"));
    assert_eq!(odd.folder().parent(), Some(state.root()));
}

#[test]
fn old_runs_go_and_live_ones_stay() {
    let fixture = Fixture::new();
    let project = fixture.project();
    let ids: Vec<_> = (0..5)
        .map(|second| past(&project, second * 100, Vec::new()))
        .collect();
    let live = project.begin(at(50)).expect("a run");
    std::fs::create_dir(project.folder().join("runs/.new-crashed")).expect("a leftover");
    let keep = Keep {
        count: 3,
        age: Duration::from_secs(150),
    };
    let removed = project.prune(keep, at(400)).expect("pruned");
    assert_eq!(removed, [&ids[2], &ids[1], &ids[0]].map(Clone::clone));
    let left: Vec<_> = project.list().into_iter().map(|run| run.id).collect();
    assert_eq!(left, [ids[4].as_str(), &ids[3], live.id()]);
    let entries = std::fs::read_dir(project.folder().join("runs")).expect("runs");
    assert_eq!(entries.count(), 3, "nothing half made or half removed");
}

#[test]
fn the_record_of_a_checkout_that_is_gone_goes_with_its_last_run() {
    let fixture = Fixture::new();
    let state = fixture.state();
    let checkout = |name: &str| {
        let path = fixture.folder.path().join(name);
        std::fs::create_dir(&path).expect("a folder");
        path
    };
    let (gone, there) = (checkout("gone"), checkout("there"));
    let alive = checkout("alive");
    let records = [&gone, &there, &alive].map(|path| state.project("team/shop", path));
    let _live = records[2].begin(at(0)).expect("a run");
    for record in &records[..2] {
        record.begin(at(0)).expect("a run");
    }
    for path in [&gone, &alive] {
        std::fs::remove_dir(path).expect("a folder");
    }
    std::fs::create_dir(state.root().join("shell")).expect("a folder");

    let keep = Keep {
        count: 3,
        age: Duration::from_secs(150),
    };
    state.prune(keep, at(100));
    let is_there = |record: &ProjectRecord| record.folder().exists();
    assert_eq!(records.each_ref().map(is_there), [true, true, true]);
    state.prune(keep, at(200));
    assert_eq!(records.each_ref().map(is_there), [false, true, true]);
    assert_eq!(records[1].list().len(), 0);
    assert_eq!(records[1].begin(at(300)).expect("a run").iid(), 2);
    assert_eq!(records[2].list().len(), 1, "a run that lives stays");
    assert!(state.root().join("shell").exists());
}

#[test]
fn other_projects_are_looked_through_once_a_day() {
    let fixture = Fixture::new();
    let state = fixture.state();
    let gone = fixture.folder.path().join("gone");
    let begin = |seconds| {
        let record = state.project("team/shop", &gone);
        drop(record.begin(at(seconds)).expect("a run"));
        record
    };
    let keep = Keep {
        count: 0,
        age: Duration::ZERO,
    };
    let day = 24 * 60 * 60;
    for (now, is_pruned) in [
        (10, true),
        (20, false),
        (day, false),
        (day + 10, true),
        (5, true),
    ] {
        let record = begin(0);
        state.prune_daily(keep, at(now));
        assert_eq!(!record.folder().exists(), is_pruned, "{now}");
    }
}

#[test]
fn what_was_open_to_others_is_closed() {
    let fixture = Fixture::new();
    let mode = |path: &Path| {
        let about = std::fs::metadata(path).expect("it is there");
        about.permissions().mode() & 0o777
    };
    let open = |path: &Path, mode| {
        let mode = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(path, mode).expect("ours");
    };
    let (state, project) = (fixture.state(), fixture.project());
    project.begin(at(0)).expect("a run");
    let lock = project.folder().join("iid.lock");
    open(state.root(), 0o755);
    open(project.folder(), 0o755);
    open(&lock, 0o644);
    let run = project.begin(at(1)).expect("a run");
    record(&run, &story(vec![line("unit", "one", false)]));
    for folder in [state.root(), project.folder(), run.folder()] {
        assert_eq!(mode(folder), 0o700, "{}", folder.display());
    }
    let log = live::log(run.folder(), &[], "unit", 1);
    for file in [lock, run.folder().join("events.jsonl"), log] {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[test]
fn a_place_that_can_not_be_written_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    std::fs::write(&file, "").expect("a file");
    let state = State::new(file.join("state"));
    let error = state.take_pipeline_id().expect_err("a file is no folder");
    let text = error.to_string();
    assert!(text.starts_with("can't make `"), "{text}");
    assert_eq!(
        error.help(),
        "`XDG_STATE_HOME` names another place for pipe's records"
    );
}

#[test]
fn the_owner_names_machine_user_and_state() {
    let fixture = Fixture::new();
    let owner = fixture.state().owner();
    let parts: Vec<_> = owner.split('/').collect();
    assert_eq!(parts.len(), 3, "{owner}");
    assert_eq!(parts[1], rustix::process::getuid().as_raw().to_string());
    assert_eq!(owner, fixture.state().owner());
    assert_ne!(owner, Fixture::new().state().owner());
    let machine = std::fs::read_to_string("/etc/machine-id").unwrap_or_default();
    assert!(machine.trim().is_empty() || !owner.contains(machine.trim()));
}
