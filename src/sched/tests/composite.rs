//! Composite statuses: a row for each rule, and GitLab's own table where a copy of it lies
//! beside the repository.

use crate::sched::composite::{StatusSet, composite};
use crate::types::Status;

use super::reader::{beside, status};

/// A word is a status; `?` behind it means allowed to fail.
fn set(words: &str) -> StatusSet {
    words
        .split_whitespace()
        .fold(StatusSet::EMPTY, |set, word| {
            set.with(status(word.trim_end_matches('?')), word.ends_with('?'))
        })
}

#[test]
fn rules() {
    let rows = [
        ("", "success", "success"),
        ("skipped manual?", "skipped", "skipped"),
        ("success skipped", "success", "skipped"),
        ("success failed?", "success", "success"),
        ("success manual?", "success", "skipped"),
        ("created failed? manual?", "created", "skipped"),
        ("created failed?", "created", "created"),
        ("preparing canceled?", "preparing", "preparing"),
        ("canceled success", "canceled", "canceled"),
        ("canceled? success", "success", "success"),
        ("pending created", "pending", "pending"),
        ("pending success", "running", "running"),
        ("running manual", "running", "running"),
        (
            "waiting_for_resource manual",
            "waiting_for_resource",
            "waiting_for_resource",
        ),
        (
            "waiting_for_callback manual",
            "waiting_for_callback",
            "waiting_for_callback",
        ),
        ("manual scheduled failed created", "manual", "manual"),
        ("scheduled preparing", "scheduled", "scheduled"),
        ("preparing created", "preparing", "preparing"),
        ("created success", "running", "running"),
        ("created failed", "running", "running"),
        ("canceling canceled", "canceling", "canceling"),
        ("failed success", "failed", "failed"),
        ("failed canceled", "failed", "failed"),
        ("failed skipped", "failed", "skipped"),
    ];
    for (words, plain, of_needs) in rows {
        assert_eq!(composite(set(words), false), status(plain), "{words}");
        assert_eq!(
            composite(set(words), true),
            status(of_needs),
            "needs: {words}"
        );
    }
}

#[test]
fn forgiving_hides_failures_only() {
    assert_eq!(
        composite(set("failed success").forgiving(), false),
        Status::Success
    );
    assert_eq!(
        composite(set("failed canceled").forgiving(), false),
        Status::Canceled
    );
    assert_eq!(set("success running").forgiving(), set("success running"));
}

#[test]
fn gitlabs_own_table() {
    let Ok(table) = std::fs::read_to_string(beside("composite.tsv")) else {
        return;
    };
    for row in table.lines().skip(1) {
        let cells: Vec<&str> = row.split('\t').collect();
        let [statuses, allowed, of_needs, want] = cells[..] else {
            panic!("four cells in: {row}");
        };
        let set = statuses.split(' ').fold(StatusSet::EMPTY, |set, word| {
            set.with(status(word), allowed == "true")
        });
        assert_eq!(composite(set, of_needs == "true"), status(want), "{row}");
    }
}

/// The short way that spares most composites says the same.
#[test]
fn only_settled_sets_have_a_final_status() {
    let sets = (0..1_u16 << 15).map(|bits| {
        let indexes = (0..15).filter(|index| bits >> index & 1 == 1);
        indexes.fold(StatusSet::EMPTY, StatusSet::with_index)
    });
    for set in sets {
        let status = composite(set, false);
        assert_eq!(
            set.is_settled(),
            status.is_completed(),
            "{set:?} is {status}"
        );
    }
}
