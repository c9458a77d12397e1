//! What holds for the steps of every sandbox.

use super::*;

fn is_lookup(step: &Step) -> bool {
    matches!(
        step,
        Step::Attach { .. }
            | Step::Fresh { .. }
            | Step::Folder { .. }
            | Step::OpenFolder { .. }
            | Step::Own { .. }
            | Step::PlainFolder { .. }
            | Step::File { .. }
            | Step::Link { .. }
            | Step::Hide { .. }
            | Step::ReadOnly { .. }
            | Step::Lend { .. }
            | Step::Sysctl { .. }
    )
}

fn made(identity: &Identity, is_job: bool) -> Vec<Step> {
    let root = Root {
        layers: vec!["/image".into()],
        marks: None,
        trees: vec![HostTree {
            at: "/usr".into(),
            form: TreeForm::Shared,
        }],
    };
    let layout = Layout {
        builds_dir: "/builds".to_owned(),
        project_dir: "/builds/g/p".to_owned(),
    };
    let folder = Path::new("/attempt");
    let made = setup(&Plan {
        builds: &["/tree".into()],
        is_job,
        ..Plan::plain(folder, &root, &layout, identity, Marks::Root)
    });
    let for_each = [made.for_program, made.rights].concat();
    [made.outside, made.inside, for_each].concat()
}

#[test]
fn no_name_of_an_image_is_looked_up_while_this_machine_can_be_reached() {
    let single = Identity::Single { user: 0, group: 0 };
    for (identity, is_job) in [
        (Identity::Same, true),
        (Identity::Same, false),
        (single, true),
    ] {
        let steps = made(&identity, is_job);
        let entered = (steps.iter())
            .position(|step| matches!(step, Step::EnterRoot { .. }))
            .expect("it is entered");
        let looked_up = steps.iter().position(is_lookup).expect("names");
        assert!(entered < looked_up, "{identity:?} {is_job}: {steps:?}");
    }
}

/// As Docker makes them.
#[test]
fn volumes_of_an_image_are_folders_inside() {
    let root = Root {
        layers: vec!["/image".into()],
        marks: None,
        trees: Vec::new(),
    };
    let layout = Layout {
        builds_dir: "/builds".to_owned(),
        project_dir: "/builds/g/p".to_owned(),
    };
    let volumes = ["/data", "srv/x/", "/../up"].map(str::to_owned);
    let steps = setup(&Plan {
        volumes: &volumes,
        ..Plan::plain(
            Path::new("/attempt"),
            &root,
            &layout,
            &Identity::Same,
            Marks::Root,
        )
    });
    let entered = |step: &Step| matches!(step, Step::EnterRoot { .. });
    let entered = steps.inside.iter().position(entered).expect("entered");
    for at in ["/data", "/srv/x", "/up"] {
        let is_made = steps.inside[entered..].contains(&folder(Path::new(at), 0o755));
        assert!(is_made, "{at}: {steps:?}");
    }
}

#[test]
fn trees_of_this_machine_are_put_together_where_that_can_be_done() {
    let tree = |at: &str, form| HostTree {
        at: at.into(),
        form,
    };
    let root = Root {
        layers: vec!["/lowest".into()],
        marks: None,
        trees: vec![
            tree("/usr", TreeForm::United),
            tree("/opt", TreeForm::Layered),
            tree("/nix/store", TreeForm::Shared),
        ],
    };
    let layout = Layout {
        builds_dir: "/builds".to_owned(),
        project_dir: "/builds/g/p".to_owned(),
    };
    let at = Path::new("/run/united");
    let layers = |identity: &Identity, united, copies_layers| {
        let made = setup(&Plan {
            copies_layers,
            united,
            ..Plan::plain(Path::new("/attempt"), &root, &layout, identity, Marks::Root)
        });
        let steps = [made.outside, made.inside].concat();
        let unites = steps.iter().filter_map(|step| match step {
            Step::Unite { trees, .. } => Some(trees.clone()),
            _ => None,
        });
        let lower = steps.iter().filter_map(|step| match step {
            Step::Overlay { lower, .. } | Step::Copied { lower, .. } => Some(lower.clone()),
            _ => None,
        });
        (unites.collect::<Vec<_>>(), lower.collect::<Vec<_>>())
    };
    let paths = |paths: &[&str]| paths.iter().map(PathBuf::from).collect::<Vec<_>>();
    assert_eq!(
        layers(&Identity::Same, Some(at), false),
        (
            vec![paths(&["/usr"])],
            vec![vec!["/lowest".into(), united_trees(at)], paths(&["/opt"])]
        )
    );
    let own = (
        Vec::new(),
        vec![paths(&["/lowest"]), paths(&["/usr"]), paths(&["/opt"])],
    );
    assert_eq!(layers(&Identity::Same, None, false), own);
    let single = Identity::Single { user: 0, group: 0 };
    assert_eq!(layers(&single, Some(at), false), own);
    let copied = (Vec::new(), vec![paths(&["/lowest"])]);
    assert_eq!(layers(&Identity::Same, Some(at), true), copied);
}

#[test]
fn every_tree_gets_the_place_that_is_its_own() {
    for is_job in [true, false] {
        let steps = made(&Identity::Same, is_job);
        let mut names: Vec<String> = Vec::new();
        names.extend((!is_job).then(|| "/builds".to_owned()));
        for step in &steps {
            match step {
                Step::Overlay { upper, .. } if upper.ends_with("root-upper") => {
                    names.push("/".to_owned());
                }
                Step::Overlay { .. } => names.push("/builds".to_owned()),
                Step::Device(at) | Step::Share(at) => names.push(at.display().to_string()),
                Step::KernelTree(KernelTree::Proc) => names.push("/proc".to_owned()),
                Step::KernelTree(KernelTree::Sys) => names.push("/sys".to_owned()),
                Step::EnterRoot { tree } => assert_eq!(names[*tree], "/"),
                Step::Attach { tree, at } => assert_eq!(Path::new(&names[*tree]), at),
                _ => {}
            }
        }
    }
}
