//! Jobs with services: their images, and what their executor is asked for.

use crate::run::RunError;

use super::story::{Story, job};

#[tokio::test(start_paused = true)]
async fn images_of_services_are_brought_and_the_services_asked_for() {
    let ended = Story::new([job("a", 0, "say hi").image("ruby").beside(&["db", "web"])])
        .lacking("web")
        .run()
        .await;
    assert_eq!(ended.log("a"), ["hi"]);
    assert!(ended.asked.calls.contains(&"pull web".to_owned()));
    let services = &ended.asked.opened[0].services;
    let names: Vec<&str> = services.iter().map(|it| &*it.image.name).collect();
    assert_eq!(names, ["db", "web"]);
}

#[tokio::test(start_paused = true)]
async fn a_service_whose_image_can_not_be_had_fails_its_job() {
    let ended = Story::new([
        job("a", 0, "say never").beside(&["gone-db"]),
        job("b", 0, "say hi"),
    ])
    .lacking("gone-db")
    .run()
    .await;
    assert_eq!(ended.jobs(), ["a failed: script_failure", "b success"]);
}

#[tokio::test(start_paused = true)]
async fn nothing_begins_where_an_image_of_a_service_may_not_be_brought() {
    let offline = Story::new([job("a", 0, "").image("ruby").beside(&["db"])])
        .lacking("db")
        .with(|spec| spec.settings.offline = true);
    let error = offline.try_run().await.err().expect("an image is missing");
    assert!(
        matches!(&error, RunError::MissingImages { images, .. } if images == &["`db`"]),
        "{error}"
    );
}
