//! Networks that jobs have one after the other (design chapter 6).

use tokio::sync::watch;

use super::super::super::{Exit, Session, Turn};
use super::super::subject::{BUDGET, Step, Subject, context};
use super::in_docker;

/// Jobs enough for one network, and for two.
const FOR_ONE: usize = 4;
const FOR_TWO: usize = 8;

/// Where a job is: containers on one network have one name.
const WHERE: &str = "hostname\n";

async fn says(session: &mut dyn Session, script: &str) -> String {
    let (exit, output) = Step::real(script).run(session).await;
    assert_eq!(exit, Exit::Code(0), "{script}: {output}");
    output
}

/// Opens, says where it is and runs the script, closes.
async fn place(subject: &Subject, job: &str, script: &str) -> String {
    let mut session = subject.open(job, &[]).await;
    let place = says(session.as_mut(), &format!("{WHERE}{script}")).await;
    session.close(BUDGET).await.expect("closes");
    place
}

#[tokio::test]
async fn jobs_one_after_the_other_have_one_network() {
    in_docker(async |subject: &Subject| {
        subject.executor.expect(FOR_ONE);
        let first = place(subject, "one", "touch /tmp/mine; sleep 77 &\n").await;
        let gone = "[ ! -e /tmp/mine ]; ps | grep -c '[s]leep 77' || true\n";
        let second = place(subject, "two", gone).await;
        assert_eq!(second, format!("{first}0\n"));
        assert_eq!(subject.leftovers().await, Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn jobs_at_the_same_time_have_a_network_each() {
    in_docker(async |subject: &Subject| {
        subject.executor.expect(FOR_TWO);
        let mut one = subject.open("one", &[]).await;
        let mut two = subject.open("two", &[]).await;
        let (of_one, of_two) = tokio::join!(says(one.as_mut(), WHERE), says(two.as_mut(), WHERE));
        assert_ne!(of_one, of_two);
        for mut session in [one, two] {
            session.close(BUDGET).await.expect("closes");
        }
        assert_eq!(subject.leftovers().await, Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn what_a_job_leaves_in_a_network_is_no_other_jobs() {
    for (what, script) in [
        ("a name", "echo 127.0.0.1 left >>/etc/hosts\n"),
        (
            "a resolver",
            "echo nameserver 127.0.0.1 >/etc/resolv.conf\n",
        ),
        ("an open file", "chmod 666 /etc/hosts\n"),
        (
            "more names than anybody reads",
            "yes 127.0.0.1 left | head -c 200000 >>/etc/hosts\n",
        ),
        (
            "a connection that has just ended",
            "mkdir /w; httpd -p 8080 -h /w; wget -qO- http://127.0.0.1:8080/ >/dev/null 2>&1 || true\n",
        ),
    ] {
        in_docker(async |subject: &Subject| {
            subject.executor.expect(FOR_ONE);
            let first = place(subject, "leaves", script).await;
            let look = "grep left /etc/hosts || true; ls -l /etc/hosts | cut -c1-10\n\
                        grep -c : /proc/net/tcp || true\n";
            let second = place(subject, "finds", look).await;
            let (second, found) = second.split_once('\n').expect("a name");
            assert_ne!(first.trim_end(), second, "{what}");
            assert_eq!(found, "-rw-r--r--\n0\n", "{what}");
            assert_eq!(subject.leftovers().await, Vec::<String>::new());
        })
        .await;
    }
}

#[tokio::test]
async fn few_jobs_have_networks_of_their_own() {
    in_docker(async |subject: &Subject| {
        subject.executor.expect(2);
        let first = place(subject, "one", "").await;
        let second = place(subject, "two", "").await;
        assert_ne!(first, second);
    })
    .await;
}

#[tokio::test]
async fn who_is_early_waits_for_a_network_and_whose_turn_has_come_goes_first() {
    in_docker(async |subject: &Subject| {
        subject.executor.expect(FOR_ONE);
        let mut first = subject.open("first", &[]).await;
        let place_of_first = says(first.as_mut(), WHERE).await;
        let (cx, _live) = context();
        let (come, has_come) = watch::channel(false);
        let turn = |number| Turn {
            number,
            has_come: has_come.clone(),
        };
        let late = subject
            .executor
            .open_ahead(subject.spec("late"), turn(2), &cx);
        let early = subject
            .executor
            .open_ahead(subject.spec("early"), turn(1), &cx);
        let closing = async {
            tokio::task::yield_now().await;
            first.close(BUDGET).await.expect("closes");
            come.send_replace(true);
        };
        let (late, early, ()) = tokio::join!(late, early, closing);
        let (mut late, mut early) = (late.expect("opens"), early.expect("opens"));
        let places = (
            says(early.as_mut(), WHERE).await,
            says(late.as_mut(), WHERE).await,
        );
        for mut session in [late, early] {
            session.close(BUDGET).await.expect("closes");
        }
        assert_eq!(places.0, place_of_first);
        assert_ne!(places.1, place_of_first);
        assert_eq!(subject.leftovers().await, Vec::<String>::new());
    })
    .await;
}
