//! Reports of files: kept, listed and copied, and what is shown of tests (runtime reference 16.4).

use std::fs;

use crate::env::{On, TestEnv, told};

const JOBS: &str = r#"
stages: [test, check]
unit:
  stage: test
  script:
    - mkdir -p out
    - echo '<testsuite><testcase classname="Sum" name="adds"/><testcase classname="Sum" name="divides"><failure>1 is not 2</failure></testcase></testsuite>' >out/sum.xml
    - echo '<testsuites><testsuite><testcase name="spells"><skipped/></testcase></testsuite></testsuites>' >out/words.xml
    - echo '<coverage line-rate="0.5"/>' >cover.xml
    - "false"
  allow_failure: true
  artifacts:
    reports:
      junit: [out/*.xml]
      coverage_report: {coverage_format: cobertura, path: cover.xml}
      sast: none.json
broken:
  stage: test
  script: [echo '<testsuite>' >j.xml]
  artifacts: {paths: [j.xml], reports: {junit: j.xml}}
linked:
  stage: test
  script: [mkdir -p q, echo 12 >q/of-today.json, ln -s q/of-today.json latest.json]
  artifacts: {reports: {codequality: latest.json}}
two:
  stage: test
  script: [echo 1 >a.plan, echo 2 >b.plan]
  allow_failure: true
  artifacts: {reports: {terraform: "*.plan"}}
later:
  stage: check
  script: ['[ ! -e out ]', '[ ! -e cover.xml ]', '[ -e j.xml ]']
"#;

#[test]
fn reports_are_kept_and_their_tests_are_shown() {
    for on in On::here() {
        let env = TestEnv::new(JOBS);
        let (code, text) = env.told(&["run", "--executor", on.name()]);
        assert_eq!(code, Some(0), "{on:?}: {text}");
        for part in [
            "out/*.xml: found 2 matching artifact files and directories",
            "cover.xml: found 1 matching artifact files and directories",
            "ERROR: No files to upload",
            "    tests: 3, 1 failed, 1 skipped\n        divides (Sum)\n",
            "the junit report of job `broken` can't be read",
            "the terraform report is refused, as by GitLab Runner: only one file can be sent as it is, and `b.plan` is another",
        ] {
            assert!(text.contains(part), "{on:?}: `{part}`:\n{text}");
        }
        let list = env.output(&["artifacts"]).stdout;
        let list = String::from_utf8_lossy(&list);
        let rows: Vec<String> = (list.lines().skip(1))
            .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        assert_eq!(
            rows,
            [
                "unit 144 B junit out/sum.xml",
                "unit 94 B junit out/words.xml",
                "unit 28 B cobertura cover.xml",
                "broken 12 B j.xml",
                "broken 12 B junit j.xml",
                "linked 3 B codequality q/of-today.json",
            ],
            "{on:?}: {list}"
        );
        let to = env.folder().join("to");
        let copied = env.output(&["artifacts", "unit", "--to", &to.display().to_string()]);
        assert_eq!(copied.status.code(), Some(0), "{on:?}: {}", told(copied).1);
        let cover = fs::read_to_string(to.join("cover.xml")).expect("copied");
        assert_eq!(cover, "<coverage line-rate=\"0.5\"/>\n", "{on:?}");
        assert_eq!(env.leftovers(), Vec::<String>::new(), "{on:?}");
    }
}

#[test]
fn events_and_the_result_tell_of_tests() {
    let env = TestEnv::new(JOBS);
    let output = env.output(&["run", "--executor", "shell", "--format", "json", "unit"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let summary = r#""total":3,"failed":1,"errors":0,"skipped":1,"failures":["divides (Sum)"]}"#;
    let event = text
        .lines()
        .find(|line| line.contains(r#""kind":"test-summary""#));
    assert!(event.is_some_and(|line| line.ends_with(summary)), "{text}");
    let result = text.lines().last().unwrap_or_default();
    let tests = format!(r#""tests":{{{summary}"#);
    assert!(result.contains(&tests), "{result}");
}
