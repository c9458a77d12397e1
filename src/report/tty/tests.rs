//! Golden frames, and what holds for every frame.

use std::time::Duration;

use crate::event::{Phase, SourceMode};
use crate::report::testing::Story;
use crate::report::text;

use super::frame::frame;
use super::terminal::Size;

const SMALL: Size = Size {
    width: 40,
    height: 24,
};
const USUAL: Size = Size {
    width: 80,
    height: 24,
};
const LARGE: Size = Size {
    width: 200,
    height: 50,
};

/// The frames of a story at the three sizes, edges drawn.
fn frames(story: &Story, now: u64) -> String {
    [SMALL, USUAL, LARGE]
        .map(|size| draw(story, size, now))
        .join("\n\n")
}

fn draw(story: &Story, size: Size, now: u64) -> String {
    let Size { width, height } = size;
    let lines = checked(story, size, now);
    let title = format!("{width}x{height}, {} rows", lines.len());
    let rule = "-".repeat(usize::from(width));
    format!("{title}\n{rule}\n{}\n{rule}", lines.join("\n"))
}

/// The frame as text, once it is sure that it fits.
fn checked(story: &Story, size: Size, now: u64) -> Vec<String> {
    let (width, height) = (usize::from(size.width), usize::from(size.height));
    let lines = frame(&story.view(), width, height, Duration::from_millis(now));
    assert!(
        lines.len() < height.max(2),
        "{} rows of {height}",
        lines.len()
    );
    for line in &lines {
        assert!(line.width() <= width, "{width} columns: {}", line.text());
        assert!(!line.text().contains('\x1b'), "{}", line.text());
    }
    lines.iter().map(crate::report::line::Line::text).collect()
}

const JOBS: &[(&str, &str)] = &[
    ("build", "compile"),
    ("build", "assets"),
    ("test", "lint"),
    ("test", "unit"),
    ("test", "integration"),
    ("deploy", "staging"),
    ("deploy", "production"),
];

fn start() -> Story {
    Story::new()
        .mode(SourceMode::WorkTree {
            uncommitted: 3,
            untracked: 1,
        })
        .run(JOBS)
}

fn running() -> Story {
    start()
        .start("compile")
        .start("assets")
        .at(1200)
        .succeed("compile")
        .at(1900)
        .succeed("assets")
        .start("lint")
        .start("unit")
        .start("integration")
        .phase("lint", Phase::Script)
        .phase("unit", Phase::Script)
        .phase("integration", Phase::Prepare)
        .pull("registry.example.com/group/postgres:16", Some((34_000_000, 120_000_000)), false)
        .log("lint", "\x1b[32;1m$ cargo clippy --all-targets\x1b[0;m")
        .log("unit", "\x1b[1mtest\x1b[0m config::tests::extends_merges_deeply ... \x1b[32mok\x1b[0m, and many more of them follow")
        .at(2700)
        .succeed("lint")
}

#[test]
fn at_the_start() {
    insta::assert_snapshot!(frames(&start(), 0));
}

#[test]
fn under_way() {
    insta::assert_snapshot!(frames(&running(), 6300));
}

#[test]
fn with_a_failure() {
    let story = running()
        .at(7000)
        .fail("unit", 101)
        .warn("integration", 3)
        .skip("staging", "stage test failed")
        .skip("production", "stage test failed");
    insta::assert_snapshot!(frames(&story, 7000));
}

#[test]
fn with_a_held_and_a_manual_job() {
    let story = running()
        .held("staging", "deploys to staging")
        .at(7000)
        .succeed("unit")
        .succeed("integration")
        .pull("registry.example.com/group/postgres:16", None, true)
        .wait("staging")
        .wait("production");
    insta::assert_snapshot!(frames(&story, 7000));
}

#[test]
fn an_image_that_is_not_to_be_had_is_no_longer_on_its_way() {
    let name = "registry.example.com/group/postgres:16";
    let on_its_way = |story: &Story| draw(story, USUAL, 6300).contains("pulling");
    assert!(on_its_way(&running()));
    assert!(!on_its_way(&running().not_pulled(name, "no such tag")));
}

#[test]
fn while_it_stops() {
    let story = running()
        .at(6300)
        .retry("unit", 1)
        .attempt("unit", 2)
        .delay("staging", 90_000)
        .interrupt();
    insta::assert_snapshot!(draw(&story, USUAL, 6300));
}

#[test]
fn with_long_and_wide_names() {
    let story = Story::new()
        .run(&[
            ("infrastructure-provisioning", "deploy: [production, eu-central-1, very-long-instance-type-name, blue]"),
            ("テスト", "単体テスト"),
            ("テスト", "kurz"),
        ])
        .start("deploy: [production, eu-central-1, very-long-instance-type-name, blue]")
        .start("単体テスト")
        .log("単体テスト", "全てのテストが通りました。全てのテストが通りました。全てのテストが通りました。全てのテストが通りました。")
        .log("deploy: [production, eu-central-1, very-long-instance-type-name, blue]", "\x1b]0;title\x07\x1b[2Japplying 👩\u{200d}💻 \u{202e}changes");
    insta::assert_snapshot!(frames(&story, 4000));
}

/// A run of jobs, each with its stage in front.
fn of_jobs(names: &[(String, String)]) -> Story {
    let jobs: Vec<(&str, &str)> = names
        .iter()
        .map(|(stage, name)| (stage.as_str(), name.as_str()))
        .collect();
    Story::new().run(&jobs)
}

/// Three hundred jobs in three stages, the second one under way.
fn many() -> Story {
    let names: Vec<(String, String)> = (0..300)
        .map(|n| {
            let stage = ["build", "test", "deploy"][n / 100];
            (stage.to_owned(), format!("{stage} {}/100", n % 100 + 1))
        })
        .collect();
    let mut story = of_jobs(&names);
    for (_, name) in &names[..100] {
        story = story.start(name).at(900).succeed(name);
    }
    for (nth, (_, name)) in names[100..160].iter().enumerate() {
        story = story
            .start(name)
            .phase(name, Phase::Script)
            .log(name, "working");
        story = match nth {
            7 => story.fail(name, 1),
            0..44 => story.succeed(name),
            _ => story,
        };
    }
    story
}

#[test]
fn with_three_hundred_jobs() {
    insta::assert_snapshot!(frames(&many(), 12_000));
}

#[test]
fn with_more_stages_than_rows() {
    let names: Vec<(String, String)> = (0..60)
        .map(|n| (format!("stage {n}"), format!("job {n}")))
        .collect();
    let mut story = of_jobs(&names);
    for (_, name) in &names[..30] {
        story = story.start(name).succeed(name);
    }
    let story = story.start("job 30");
    insta::assert_snapshot!(draw(&story, USUAL, 3000));
}

#[test]
fn every_size_holds() {
    let stories = [
        start(),
        running(),
        many(),
        Story::new(),
        Story::new().start("x"),
    ];
    for story in &stories {
        for width in [0, 1, 2, 7, 19, 20, 21, 39, 63, 64, 65, 100, 300] {
            for height in [0, 1, 2, 3, 5, 9, 10, 11, 12, 24, 400] {
                checked(story, Size { width, height }, 5000);
            }
        }
    }
}

#[test]
fn what_runs_stays_in_sight_on_a_small_screen() {
    let lines = checked(
        &many(),
        Size {
            width: 80,
            height: 12,
        },
        5000,
    )
    .join("\n");
    assert!(lines.contains("● running"), "{lines}");
    assert!(text::width(&lines) > 0);
}

proptest::proptest! {
    #[test]
    fn no_log_line_breaks_the_frame(line in "(\x1b\\[[0-9;?]{0,4}[a-zA-Z]|\\PC|\r|\t|\x1b\\]|\x07){0,60}", width in 0u16..120) {
        let story = start().start("unit").phase("unit", Phase::Script).log("unit", &line);
        checked(&story, Size { width, height: 24 }, 1000);
    }
}
