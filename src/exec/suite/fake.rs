//! The contract over the fake, and how it plays its plans.

use std::time::Duration;

use tokio::sync::{mpsc, watch};

use super::super::fake::{FakeExecutor, Run};
use super::super::{Cancel, Cx, Exit, Fault, Image, Script, ServiceSpec};
use super::contract;
use super::subject::{BUDGET, Step, Subject, context, globs};

#[expect(clippy::unused_async, reason = "made like the other subjects")]
async fn fake() -> Subject {
    let fake = FakeExecutor::new();
    let mut subject = Subject::new(fake.clone(), Some("any:1"));
    subject.fake = Some(fake);
    subject
}

contract!(fake:
    cases::exit_codes
    cases::output_keeps_its_order
    cases::all_output_comes_before_the_end
    cases::graceful_cancel_stops_the_script_only
    cases::force_ends_what_ignores_a_graceful_cancel
    cases::closing_twice_is_fine_and_leaves_nothing
    cases::a_tree_that_was_not_published_is_an_error
    cases::a_cancel_before_the_start_leaves_nothing
    cases::a_cancel_ends_every_call
);

#[tokio::test]
async fn services_say_when_they_are_ready() {
    let subject = fake().await;
    let mut spec = subject.spec("served");
    spec.services.push(ServiceSpec {
        image: Image {
            name: "db:1".to_owned(),
            ..Image::default()
        },
        command: None,
        aliases: Vec::new(),
        variables: Vec::new(),
        wait: Duration::from_secs(30),
        shows_output: false,
    });
    let (_live, cancel) = watch::channel(Cancel::Run);
    let (output, mut said) = mpsc::channel(8);
    let opened = subject.executor.open(spec, &Cx { cancel, output }).await;
    opened.expect("opens").close(BUDGET).await.expect("closes");
    let line = said.recv().await;
    assert_eq!(line.as_deref(), Some(&b"service `db:1` is ready\n"[..]));
}

#[tokio::test(start_paused = true)]
async fn plays_the_plan_of_the_attempt() {
    let fake = FakeExecutor::new();
    fake.plan("j", [Run::exits(1).taking(Duration::from_secs(9))]);
    fake.plan_attempt("j", 2, [Run::fails(Fault::System, "daemon gone")]);
    let subject = Subject::new(fake.clone(), Some("any:1"));
    let mut first = subject.open_spec(subject.spec("j")).await;
    let step = Step::real("text");
    assert_eq!(step.run(first.as_mut()).await.0, Exit::Code(1));
    assert_eq!(
        step.run(first.as_mut()).await.0,
        Exit::Code(0),
        "beyond the plan"
    );
    let mut spec = subject.spec("j");
    spec.attempt = 2;
    let mut second = subject.open_spec(spec).await;
    let script = Script {
        text: "text".to_owned(),
    };
    let (cx, _live) = context();
    let error = second.run(&script, &cx).await.expect_err("planned to fail");
    assert_eq!(
        (error.fault, error.message.as_str()),
        (Fault::System, "daemon gone")
    );
    first.close(BUDGET).await.expect("closes");
    second.close(BUDGET).await.expect("closes");
    assert_eq!(
        fake.calls(),
        [
            "open j 1",
            "run j 1",
            "run j 1",
            "open j 2",
            "run j 2",
            "close j 1",
            "close j 2"
        ]
    );
    assert_eq!(fake.scripts("j"), ["text", "text", "text"]);
}

#[tokio::test]
async fn files_travel_between_jobs() {
    let fake = FakeExecutor::new();
    fake.plan("p", [Run::exits(0).writing("out/a", "A").writing("b", "B")]);
    let subject = Subject::new(fake, Some("any:1"));
    let mut producer = subject.open_spec(subject.spec("p")).await;
    Step::real("").run(producer.as_mut()).await;
    let tar = subject.archive("a.tar");
    let packed = producer
        .collect(&globs(&["out"]), &tar, &Cx::unstoppable())
        .await
        .expect("packs");
    assert_eq!(packed.entries, 1);
    let mut spec = subject.spec("c");
    spec.workspace.artifacts = vec![packed];
    let mut consumer = subject.open_spec(spec).await;
    let again = consumer
        .collect(
            &globs(&["**"]),
            &subject.archive("b.tar"),
            &Cx::unstoppable(),
        )
        .await
        .expect("packs");
    assert_eq!(again.entries, 1);
    producer.close(BUDGET).await.expect("closes");
    consumer.close(BUDGET).await.expect("closes");
}

#[tokio::test]
async fn images_and_opens_fail_as_planned() {
    let fake = FakeExecutor::new();
    fake.lack("ruby:3.1");
    fake.fail_open("j", Fault::User, "no such image");
    let subject = Subject::new(fake.clone(), Some("any:1"));
    let ruby = Image {
        name: "ruby:3.1".to_owned(),
        ..Image::default()
    };
    let twice = [ruby.clone(), ruby.clone()];
    let missing = subject
        .executor
        .missing(&twice, &Cx::unstoppable())
        .await
        .expect("asks");
    assert_eq!(missing, std::slice::from_ref(&ruby));
    let (cx, _live) = context();
    let pulled = subject.executor.pull(&ruby, &|_, _| {}, &cx).await;
    pulled.expect("pulls");
    assert_eq!(
        subject
            .executor
            .missing(&twice, &Cx::unstoppable())
            .await
            .expect("asks"),
        []
    );
    let opened = subject.executor.open(subject.spec("j"), &cx).await;
    assert_eq!(opened.err().map(|error| error.fault), Some(Fault::User));
    assert_eq!(fake.calls(), ["pull ruby:3.1", "open j 1"]);
}

#[tokio::test]
#[should_panic(expected = "sessions were never closed: [\"left 1\"]")]
async fn a_session_that_stays_open_is_noticed() {
    let subject = Subject::new(FakeExecutor::new(), Some("any:1"));
    let _session = subject.open("left", &[]).await;
    drop(subject);
}
