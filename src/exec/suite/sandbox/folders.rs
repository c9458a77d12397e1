//! Folders that a job needs, where its image has something else.

use super::super::super::{Exit, Fault};
use super::super::cases::refused;
use super::super::subject::{BUDGET, Step, context};
use super::images::import;
use super::sandbox;

/// Docker's daemon starts no such container, which the runner counts as the system's failure.
#[tokio::test]
async fn a_file_in_place_of_a_folder_is_told_and_is_no_fault_of_the_machine() {
    let subject = sandbox().await;
    import(&subject, "file:1", &[("builds", "x")]);
    let mut spec = subject.spec("file");
    if let Some(image) = &mut spec.image {
        image.name = "file:1".to_owned();
    }
    let (cx, _live) = context();
    let error = refused(subject.executor.open(spec, &cx).await);
    assert_eq!(error.fault, Fault::System, "{error}");
    let wanted = "`/builds` can't be made: it is a file in the image, or a folder above it is one";
    assert_eq!(error.message, wanted);
    assert_eq!(subject.leftovers().await, Vec::<String>::new());
}

/// As in a container.
#[tokio::test]
async fn behind_links_that_lead_nowhere_folders_are_made() {
    let subject = sandbox().await;
    let links = [("builds", "-> one"), ("one", "-> /two/deep/three")];
    import(&subject, "link:1", &links);
    let mut spec = subject.spec("link");
    if let Some(image) = &mut spec.image {
        image.name = "link:1".to_owned();
    }
    let project = spec.layout.project_dir.clone();
    let mut session = subject.open_spec(spec).await;
    let script = format!("cd {project} && echo >x && busybox readlink -f /builds\n");
    let ended = Step::real(&script).run(session.as_mut()).await;
    session.close(BUDGET).await.expect("closes");
    assert_eq!(ended, (Exit::Code(0), "/two/deep/three\n".to_owned()));
    assert_eq!(subject.leftovers().await, Vec::<String>::new());
}
