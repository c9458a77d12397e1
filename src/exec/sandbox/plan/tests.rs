//! What holds for the steps of every sandbox.

use super::*;

fn is_lookup(step: &Step) -> bool {
    matches!(
        step,
        Step::Attach { .. }
            | Step::Fresh { .. }
            | Step::Folder { .. }
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
            writable: false,
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
    [made.outside, made.inside].concat()
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
