//! Images from a registry on loopback that does as each case wants.

use std::net::TcpListener;

use super::super::sha256::sha256;
use super::super::testing::listing;
use super::super::{Arrived, ImageError, ImageName, ImageStore, Login, PullOptions};
use super::imports::{all_files, store};
use super::registry::{Behaviour, Registry};

fn pull(store: &ImageStore, name: &str, options: &PullOptions) -> Result<Vec<Arrived>, ImageError> {
    let name = ImageName::parse(name).expect("a name");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("threads").block_on(async {
        let mut arrival = store.arrival()?;
        let arrived = arrival.pull(&name, options, &|_| {}).await?;
        arrival.finish()?;
        Ok(arrived)
    })
}

fn options(password: Option<&str>) -> PullOptions {
    PullOptions {
        login: password.map(|password| Login::Password {
            user: "ada".to_owned(),
            password: password.to_owned(),
        }),
        platform: Some("linux/amd64".parse().expect("a platform")),
        certificates: None,
    }
}

/// `ada:love`.
const ADA: &str = "YWRhOmxvdmU=";

#[test]
fn an_image_comes_from_its_registry() {
    for (case, behaviour, password) in [
        ("for all", Behaviour::default(), None),
        (
            "a token for all",
            Behaviour {
                gives_token: true,
                ..Behaviour::default()
            },
            None,
        ),
        (
            "with a password",
            Behaviour {
                password: Some(ADA),
                ..Behaviour::default()
            },
            Some("love"),
        ),
        (
            "a token for a password",
            Behaviour {
                password: Some(ADA),
                gives_token: true,
                ..Behaviour::default()
            },
            Some("love"),
        ),
        (
            "with breaks, going on",
            Behaviour {
                breaks: 2,
                goes_on: true,
                ..Behaviour::default()
            },
            None,
        ),
        (
            "with breaks, anew",
            Behaviour {
                breaks: 2,
                ..Behaviour::default()
            },
            None,
        ),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let (store, registry) = (store(folder.path()), Registry::start(behaviour));
        let arrived = pull(&store, &registry.name(), &options(password)).expect(case);
        assert_eq!((arrived[0].new_layers, arrived[0].layers), (2, 2), "{case}");
        let image = store.open(&registry.name(), None).expect(case);
        assert_eq!(listing(&image.layers()[1]), ["- gone"], "{case}");
        let digest = image.digest().expect("of its manifest");
        let by_digest = format!("{}/tool@{digest}", registry.address);
        assert_eq!(
            store.open(&by_digest, None).expect(case).id(),
            image.id(),
            "{case}"
        );
        assert!(all_files(&store.folder.join("tmp")).is_empty(), "{case}");
        // What is here is not brought again.
        let before = registry.asked().len();
        let again = pull(&store, &registry.name(), &options(password)).expect(case);
        assert_eq!(again[0].new_layers, 0, "{case}");
        let asked = registry.asked();
        let blobs = asked[before..]
            .iter()
            .filter(|path| path.contains("/blobs/"));
        assert_eq!(blobs.count(), 1, "{case}: the configuration alone");
    }
}

const NONE: &str = r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"none"}]}"#;
const DENIED: &str = r#"{"errors":[{"code":"DENIED","message":"no"}]}"#;
const MANY: &str = r#"{"errors":[{"code":"TOOMANYREQUESTS","message":"wait"}]}"#;

#[test]
fn what_a_registry_refuses_or_spoils_leaves_nothing() {
    let refused = |status, text| Behaviour {
        status: Some((status, text)),
        ..Behaviour::default()
    };
    let damaged = |damage| Behaviour {
        damage: Some(damage),
        ..Behaviour::default()
    };
    let locked = |gives_token| Behaviour {
        password: Some(ADA),
        gives_token,
        ..Behaviour::default()
    };
    for (case, behaviour, password, expected, of_the_image) in [
        (
            "not there",
            refused(404, NONE),
            None,
            "the registry does not have it",
            true,
        ),
        (
            "not there, in plain words",
            refused(404, "no"),
            None,
            "the registry does not have it",
            true,
        ),
        (
            "denied",
            refused(403, DENIED),
            None,
            "does not give it to whoever asks",
            true,
        ),
        (
            "too often",
            refused(429, MANY),
            None,
            "fewer questions",
            false,
        ),
        ("broken", refused(503, ""), None, "it answers 503", false),
        (
            "nobody",
            locked(false),
            None,
            "does not give it to whoever asks",
            true,
        ),
        (
            "a wrong password",
            locked(false),
            Some("hate"),
            "does not give it to whoever asks",
            true,
        ),
        (
            "a wrong password for a token",
            locked(true),
            Some("hate"),
            "does not give it",
            true,
        ),
        (
            "another digest",
            damaged(|blob| blob[20] ^= 1),
            None,
            "a layer that the registry sent has another digest",
            true,
        ),
        (
            "more than it should be",
            damaged(|blob| blob.extend([0; 100])),
            None,
            "sends more than its manifest says",
            true,
        ),
        (
            "no image at all",
            refused(200, "<html>hello</html>"),
            None,
            "its manifest can't be read",
            true,
        ),
        (
            "the old kind",
            refused(200, r#"{"schemaVersion":1,"fsLayers":[]}"#),
            None,
            "its manifest is of the old kind",
            true,
        ),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let (store, registry) = (store(folder.path()), Registry::start(behaviour));
        let error = pull(&store, &registry.name(), &options(password)).expect_err(case);
        assert!(error.to_string().contains(expected), "{case}: {error}");
        assert_eq!(error.is_of_the_image(), of_the_image, "{case}: {error}");
        assert!(!error.to_string().contains("hate"), "{case}: {error}");
        let mut left = all_files(&store.folder);
        left.retain(|file| !file.ends_with("lock"));
        assert!(left.is_empty(), "{case}: {left:?}");
    }
}

#[test]
fn a_registry_that_is_not_there_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = store(folder.path());
    let free = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = free.local_addr().expect("bound");
    drop(free);
    let error = pull(&store, &format!("{address}/tool:1"), &options(None)).expect_err("nobody");
    let start = format!("registry `{address}` can't be reached: ");
    assert!(error.to_string().starts_with(&start), "{error}");
    assert!(!error.is_of_the_image());
}

#[test]
fn a_name_with_a_digest_gets_that_and_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let (store, registry) = (store(folder.path()), Registry::start(Behaviour::default()));
    let other = sha256("other");
    let name = format!("{}/tool:1@{other}", registry.address);
    let error = pull(&store, &name, &options(None)).expect_err("another");
    assert!(error.to_string().contains("does not have it"), "{error}");
}

#[test]
fn a_login_does_not_show() {
    let login = Login::Password {
        user: "ada".to_owned(),
        password: "hush-hush".to_owned(),
    };
    assert!(!format!("{login:?}").contains("hush"));
}
