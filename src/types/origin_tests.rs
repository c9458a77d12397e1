//! The addresses of remotes that lead to a project on a server.

use super::origin::Origin;

#[test]
fn urls_of_remotes() {
    for (url, server, ssh_port, path) in [
        (
            "git@gitlab.com:group/p.git",
            "https://gitlab.com",
            22,
            "group/p",
        ),
        (
            "git@gitlab.com:group/sub/p",
            "https://gitlab.com",
            22,
            "group/sub/p",
        ),
        (
            "git@gitlab.com:/group/p.git",
            "https://gitlab.com",
            22,
            "group/p",
        ),
        (
            "GitLab.Example.com:g/p.git",
            "https://gitlab.example.com",
            22,
            "g/p",
        ),
        (
            "[git@h.example:2222]:g/p.git",
            "https://h.example",
            2222,
            "g/p",
        ),
        ("git@[::1]:g/p.git", "https://[::1]", 22, "g/p"),
        (
            "ssh://git@h.example/g/p.git",
            "https://h.example",
            22,
            "g/p",
        ),
        (
            "ssh://git@h.example:2222/g/p.git",
            "https://h.example",
            2222,
            "g/p",
        ),
        ("ssh://git@[::1]:2222/g/p.git", "https://[::1]", 2222, "g/p"),
        ("https://h.example/g/p.git", "https://h.example", 22, "g/p"),
        ("https://h.example/g/p.git/", "https://h.example", 22, "g/p"),
        (
            "https://h.example:8443/g/p",
            "https://h.example:8443",
            22,
            "g/p",
        ),
        (
            "https://me:s3cret@h.example/g/p.git",
            "https://h.example",
            22,
            "g/p",
        ),
        (
            "https://a@b:p@ss@h.example/g/p.git",
            "https://h.example",
            22,
            "g/p",
        ),
        ("http://h.example:80/g/p.git", "http://h.example", 22, "g/p"),
        (
            "http://localhost:8080/g/p.git",
            "http://localhost:8080",
            22,
            "g/p",
        ),
        ("git://h.example/g/p.git", "https://h.example", 22, "g/p"),
        (
            "https://h.example/g/my.git.repo.git",
            "https://h.example",
            22,
            "g/my.git.repo",
        ),
    ] {
        let origin = Origin::parse(url).unwrap_or_else(|| panic!("{url} names a project"));
        assert_eq!(origin.server_url(), server, "server of {url}");
        assert_eq!(origin.ssh_port, ssh_port, "ssh port of {url}");
        assert_eq!(origin.path, path, "project of {url}");
    }
}

#[test]
fn what_names_no_project() {
    for url in [
        "",
        "/srv/git/p.git",
        "./p.git",
        "../p.git",
        "~/p.git",
        "file:///srv/git/p.git",
        "p.git",
        "dir/with:colon",
        "https://h.example",
        "https://h.example/",
        "https://h.example:port/g/p",
        "https://h.example/../p.git",
        "git@h.example:g/../../p.git",
        "git@h.example:g//p.git",
        "git@h ost:g/p.git",
        "git@h.example:g/p\n.git",
        "ext::sh -c id",
        "https://evil.example?@h.example/g/p.git",
        "https://evil.example#@h.example/g/p.git",
        "https://evil.example\\@h.example/g/p.git",
        "https://h.example:+443/g/p.git",
        "https://h.example:/g/p.git",
        "https://h.example../g/p.git",
        "https://h[.example]/g/p.git",
    ] {
        assert_eq!(Origin::parse(url), None, "{url}");
    }
}

#[test]
fn a_server_is_named_by_host_service_and_port() {
    for (named, origin, expected) in [
        ("https://h.example", "https://h.example/g/p.git", true),
        ("https://h.example", "https://h.example:443/g/p", true),
        ("https://h.example", "https://H.Example./g/p", true),
        ("https://h.example", "https://me:s3cret@h.example/g/p", true),
        (
            "https://h.example",
            "https://h.example@evil.example/g/p",
            false,
        ),
        (
            "https://h.example",
            "https://h.example.evil.example/g/p",
            false,
        ),
        (
            "https://h.example",
            "https://evil.example/h.example/g/p",
            false,
        ),
        ("https://h.example", "https://h.example:8443/g/p", false),
        ("https://h.example", "http://h.example/g/p", false),
        ("https://h.example", "http://h.example:8080/g/p", false),
        ("http://h.example", "http://h.example:80/g/p", true),
        ("https://h.example:80", "http://h.example/g/p", true),
        ("https://h.example", "git@h.example:g/p.git", true),
        ("https://h.example:8443", "git@h.example:g/p.git", true),
        ("https://h.example", "ssh://git@h.example:22/g/p", true),
        ("https://h.example", "ssh://git@h.example:2222/g/p", false),
        ("ssh://h.example:2222", "ssh://git@h.example:2222/g/p", true),
        ("ssh://h.example", "https://h.example/g/p", false),
        ("https://h.example", "git://h.example/g/p", false),
        ("https://h.example", "git://h.example:443/g/p", false),
        ("https://[::1]", "ssh://git@[::1]/g/p", true),
        ("https://[::1]", "https://[::1]:8080/g/p", false),
    ] {
        let server = Origin::server(named).unwrap_or_else(|| panic!("{named} is a server"));
        let parsed = Origin::parse(origin).unwrap_or_else(|| panic!("{origin} is one"));
        assert_eq!(parsed.is_on(&server), expected, "{origin} on {named}");
    }
}

#[test]
fn an_address_reads_back_as_the_same_server() {
    for (url, address) in [
        ("https://h.example/g/p.git", "h.example/g/p"),
        ("git@h.example:g/p.git", "h.example/g/p"),
        ("http://h.example/g/p", "h.example:80/g/p"),
        ("ssh://h.example:2222/g/p", "ssh://h.example:2222/g/p"),
        ("git://h.example/g/p", "git://h.example/g/p"),
        ("git://h.example:1/g/p", "git://h.example:1/g/p"),
    ] {
        let origin = Origin::parse(url).unwrap_or_else(|| panic!("{url} names a project"));
        assert_eq!(origin.address(), address, "{url}");
    }
}

#[test]
fn a_folder_stands_for_a_project() {
    for (folder, path) in [
        ("shop", "local/shop"),
        ("My Shop", "local/My-Shop"),
        ("..", "local/project"),
        ("", "local/project"),
        ("a/b", "local/a-b"),
    ] {
        assert_eq!(Origin::local(folder).path, path);
    }
}
