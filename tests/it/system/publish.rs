//! A tag becomes an image: compiled, built through the socket that the user grants, pushed to a
//! registry, pulled again and started.

use std::sync::{Mutex, PoisonError};

use super::checkout::{Ended, GuestBook};
use super::web;
use crate::engine::{Engine, Server, Wanted};
use crate::env::On;

/// A registry on loopback. Its images are removed from the daemon at the end.
struct Registry<'a> {
    engine: &'a Engine,
    name: String,
    _server: Server<'a>,
}

impl<'a> Registry<'a> {
    fn start(engine: &'a Engine) -> Self {
        let server = engine.serve(&Wanted {
            image: "pipe-system-registry:1",
            published: Some(5000),
            ..Wanted::default()
        });
        server.wait_for(5000);
        let port = server.loopback.expect("a published port");
        Self {
            engine,
            name: format!("localhost:{port}"),
            _server: server,
        }
    }

    fn get(&self, path: &str) -> String {
        web::get(&self.name, path).1
    }
}

impl Drop for Registry<'_> {
    fn drop(&mut self) {
        self.engine.remove_images_of(&self.name);
    }
}

/// The pipeline names its container by `CI_JOB_ID`, which two users of one daemon may share.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn published(book: &GuestBook, tag: &str) -> Ended {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let ended = book.run(&["--tag", tag, "--deploy=registry"]);
    assert_eq!(ended.exit, Some(0), "{}", ended.text);
    let jobs = ["front-end success", "compile success", "publish success"];
    assert_eq!(ended.jobs, jobs);
    ended
}

/// Publishes two versions, and uses the first.
fn a_tag_becomes_an_image(on: On) {
    let engine = Engine::new();
    let registry = Registry::start(&engine);
    let book = GuestBook::on(on);
    book.settings("[docker]\nhost_socket = true\n");
    book.variables(&[("REGISTRY", &registry.name)]);

    let ended = published(&book, "v1.0");
    let sha = book.short_sha();
    let first = format!("v1.0-{sha}");
    let log = ended.log("publish");
    assert!(log.contains(&format!("/version answers: {sha}")), "{log}");
    let manifest = format!("/v2/guestbook/manifests/{first}");
    let before = registry.get(&manifest);
    assert!(before.contains("\"layers\""), "{before}");

    // The next version does not take its place.
    book.edit(
        "guestbook/pages.py",
        "<h1>Guest book</h1>",
        "<h1>The guest book</h1>",
    );
    book.env.commit();
    published(&book, "v1.1");
    let second = format!("v1.1-{}", book.short_sha());
    let tags = registry.get("/v2/guestbook/tags/list");
    for tag in [&first, &second] {
        assert!(tags.contains(&format!("\"{tag}\"")), "{tag}: {tags}");
    }
    assert_eq!(registry.get(&manifest), before);
    assert_eq!(book.env.leftovers(), [""; 0]);

    works(&engine, &registry, &first);
}

#[test]
fn a_tag_becomes_an_image_in_a_registry_in_docker() {
    a_tag_becomes_an_image(On::Docker);
}

#[test]
fn a_tag_becomes_an_image_out_of_sandboxes_with_pasta_and_the_socket_in_docker() {
    a_tag_becomes_an_image(On::Sandbox);
}

/// What the registry has is the service: compiled, with its migrations, and it keeps a book beside a
/// database and a Redis.
fn works(engine: &Engine, registry: &Registry<'_>, tag: &str) {
    let image = format!("{}/guestbook:{tag}", registry.name);
    engine.remove_images_of(&registry.name);
    engine.pull(&image);
    let mysql = engine.serve(&Wanted {
        image: "pipe-system-mysql:1",
        command: &["--character-set-server=utf8"],
        variables: &[
            ("MYSQL_DATABASE", "guestbook"),
            ("MYSQL_USER", "guestbook"),
            ("MYSQL_PASSWORD", "of-the-image"),
            ("MYSQL_ROOT_PASSWORD", "of-root"),
        ],
        ..Wanted::default()
    });
    let redis = engine.serve(&Wanted {
        image: "pipe-system-redis:1",
        ..Wanted::default()
    });
    mysql.wait_for(3306);
    redis.wait_for(6379);
    let service = engine.serve(&Wanted {
        image: &image,
        command: &[
            "sh",
            "-c",
            "python3 run.py migrate && exec python3 run.py serve",
        ],
        variables: &[
            ("DB_HOST", &mysql.address),
            ("DB_PASSWORD", "of-the-image"),
            ("REDIS_HOST", &redis.address),
        ],
        ..Wanted::default()
    });
    service.wait_for(8000);
    let place = format!("{}:8000", service.address);
    assert_eq!(web::post(&place, "/entries", "name=Ada&words=Loops"), 303);
    let (status, page) = web::get(&place, "/");
    assert_eq!(status, 200, "{page}");
    assert!(
        page.contains("<h1>Guest book</h1>"),
        "the first version: {page}"
    );
    assert!(page.contains("<li><b>Ada</b>: Loops</li>"), "{page}");

    let sources = service.output(&["find", "guestbook", "-name", "*.py", "-size", "+0"]);
    assert_eq!(sources, "", "no sources");
    let modules = service.output(&["sh", "-c", "ls guestbook/*.so | wc -l"]);
    assert_eq!(modules.trim(), "6");
    let migrations = service.output(&["ls", "guestbook/migrations"]);
    assert!(migrations.starts_with("0001_"), "{migrations}");
}

#[test]
fn without_the_socket_nothing_starts_and_the_line_to_add_is_named_in_docker() {
    let book = GuestBook::on(On::Docker);
    let ended = book.run(&["--tag", "v1.0", "--deploy"]);
    assert_eq!(ended.exit, Some(4), "{}", ended.text);
    for part in [
        "job `publish` needs a Docker daemon",
        "`docker.host_socket = true` in `~/.config/pipe/config.toml`",
    ] {
        assert!(ended.text.contains(part), "{part}: {}", ended.text);
    }
    assert_eq!(ended.jobs, [""; 0], "nothing has started");
    assert_eq!(book.env.records(), [""; 0]);

    // The repository can't grant it to itself.
    book.env
        .write(".pipe/config.toml", "docker.host_socket = true\n");
    let ended = book.run(&["--tag", "v1.0", "--deploy"]);
    assert_eq!(ended.exit, Some(4), "{}", ended.text);
    assert!(ended.text.contains("only the user can"), "{}", ended.text);
}

#[test]
fn publishing_has_more_time_than_the_other_jobs() {
    let book = GuestBook::on(On::Docker);
    let list = book
        .env
        .output(&["list", "--format", "json", "--tag", "v1.0"]);
    let list: serde_json::Value = serde_json::from_slice(&list.stdout).expect("JSON");
    let jobs = list["jobs"].as_array().expect("jobs").iter();
    let times: Vec<_> = jobs
        .map(|job| (job["name"].as_str(), job["timeout"].as_u64()))
        .collect();
    let expected = [
        (Some("front-end"), Some(600)),
        (Some("compile"), Some(600)),
        (Some("publish"), Some(3600)),
    ];
    assert_eq!(times, expected);
}
