//! Who may do what with the files of a sandbox.

use super::Place;

/// All users may enter the folders of a job's world, and write to the project, whatever the mask of
/// whoever starts `pipe`.
#[test]
fn the_mask_of_the_user_decides_about_nothing_in_a_job() {
    const JOBS: &str = "modes: {script: ['stat -c \"%n %a\" / /etc /usr /builds .']}\n";
    const WANTED: &str = "/ 755 /etc 755 /usr 755 /builds 777 . 777";
    for place in Place::all(JOBS) {
        let program = place.program.display().to_string();
        for mask in ["077", "022", "000"] {
            let script = "umask $0; exec \"$@\"";
            let run = [
                &*program,
                "run",
                "--executor",
                "sandbox",
                "--format",
                "plain",
            ];
            let words = [&["-c", script, mask][..], &run].concat();
            let output = place.command_of("sh", &words).output().expect("it starts");
            let said = String::from_utf8_lossy(&output.stdout);
            let modes: Vec<&str> = said
                .lines()
                .filter_map(|line| line.strip_prefix("modes > "))
                .filter(|line| !line.starts_with('$'))
                .collect();
            assert_eq!(modes.join(" "), WANTED, "{mask} {:?}: {said}", place.user);
            // Each mask begins anew.
            let cache = place.env.home().join("cache/pipe/sandbox");
            std::fs::remove_dir_all(cache).expect("removed");
        }
    }
}

/// The daemon's files are not the job's.
#[test]
fn a_daemons_socket_in_a_sandbox_brings_a_word_about_files() {
    let place = Place::of(
        None,
        "a:\n  script: [test -S /var/run/docker.sock && echo there]\n",
    );
    let socket = place.env.folder().join("docker.sock");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).expect("a socket");
    for (settings, is_told) in [("", false), ("docker.host_socket = true\n", true)] {
        place.env.user_settings(settings);
        let mut run = place.command(&["run", "--executor", "sandbox", "--format", "plain"]);
        run.env("DOCKER_HOST", format!("unix://{}", socket.display()));
        let output = run.output().expect("it starts");
        let said = String::from_utf8_lossy(&output.stdout);
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(said.contains("> there"), is_told, "{said}{told}");
        let notice = "`docker run -v \"$PWD:…\"` mounts an empty folder";
        assert_eq!(told.contains(notice), is_told, "{told}");
    }
}
