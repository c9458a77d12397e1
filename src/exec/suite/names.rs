//! Files that have several names.

use super::super::{Cx, Exit};
use super::subject::{BUDGET, Step, Subject, globs};

/// As GitLab's archives have it (runtime reference 16.2), also where what is kept is all that the job has
/// written, and large enough to be a layer of others.
pub(super) async fn a_file_with_two_names_is_two_files_for_the_next_job(subject: &Subject) {
    for (way, size) in [("few", 3), ("many", 5_000_000)] {
        let project = subject.spec(way).layout.project_dir;
        let mut makes = subject.open(way, &[]).await;
        let script = format!(
            "cd {project}; mkdir out; head -c {size} /dev/urandom >out/a; ln out/a out/b; echo end >out/c\n"
        );
        let made = Step::real(&script).run(makes.as_mut()).await;
        assert_eq!(made, (Exit::Code(0), String::new()), "{way}");
        let (out, cx) = (globs(&["out"]), Cx::unstoppable());
        let tar = subject.archive(&format!("{way}.tar"));
        let kept = makes.collect(&out, &tar, &cx).await.expect("collects");
        assert_eq!(kept.entries, 4, "{way}");
        makes.close(BUDGET).await.expect("closes");
        let mut spec = subject.spec("uses");
        let project = spec.layout.project_dir.clone();
        spec.workspace.artifacts = vec![kept];
        let mut uses = subject.open_spec(spec).await;
        let script = format!("cd {project}/out; cmp a b && cat c; echo more >>a; wc -c <b\n");
        let (_, output) = Step::real(&script).run(uses.as_mut()).await;
        uses.close(BUDGET).await.expect("closes");
        assert_eq!(output, format!("end\n{size}\n"), "{way}");
    }
}
