//! What of this machine a job in the image `host` sees: the lists (design chapter 3).

/// Trees that are seen, where they are.
pub(super) const TREES: [&str; 3] = ["/usr", "/opt", "/nix/store"];

/// Folders that are links into `/usr` on most machines, and trees of their own on others.
pub(super) const MERGED: [&str; 6] = ["/bin", "/lib", "/lib32", "/lib64", "/libx32", "/sbin"];

/// Compilers and interpreters that people keep in their home, as far as there are no keys in there.
pub(super) const TOOLCHAINS: [&str; 15] = [
    ".asdf",
    ".bun/bin",
    ".cargo/bin",
    ".deno/bin",
    ".ghcup",
    ".juliaup",
    ".local/share/mise/installs",
    ".local/share/uv/python",
    ".nvm/versions",
    ".pyenv",
    ".rbenv",
    ".rustup",
    ".sdkman/candidates",
    ".volta",
    "go/bin",
];

/// What is copied of `/etc`; a `*` at the end stands for anything.
pub(super) const ETC: [&str; 44] = [
    "alternatives",
    "ca-certificates",
    "ca-certificates.conf",
    "crypto-policies",
    "debian_version",
    "dpkg",
    "fonts",
    "gai.conf",
    "group",
    "host.conf",
    "inputrc",
    "java*",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "locale.alias",
    "locale.conf",
    "locale.gen",
    "localtime",
    "login.defs",
    "magic",
    "magic.mime",
    "mime.types",
    "networks",
    "nsswitch.conf",
    "openssl",
    "os-release",
    "passwd",
    "perl",
    "pki/ca-trust",
    "pki/java",
    "pki/tls/cert.pem",
    "pki/tls/certs",
    "pki/tls/openssl.cnf",
    "protocols",
    "python*",
    "redhat-release",
    "rpc",
    "services",
    "shells",
    "ssl/certs",
    "ssl/openssl.cnf",
    "terminfo",
    "timezone",
];

/// Folders that are there, empty.
pub(super) const FOLDERS: [(&str, u32); 17] = [
    ("builds", 0o777),
    ("dev", 0o755),
    ("etc", 0o755),
    ("home", 0o755),
    ("mnt", 0o755),
    ("proc", 0o755),
    ("root", 0o700),
    ("run", 0o755),
    ("run/lock", 0o1777),
    ("srv", 0o755),
    ("sys", 0o755),
    ("tmp", 0o1777),
    ("var", 0o755),
    ("var/cache", 0o755),
    ("var/lib", 0o755),
    ("var/log", 0o755),
    ("var/tmp", 0o1777),
];

/// Links to where it is now what programs look for there.
pub(super) const VAR_LINKS: [(&str, &str); 2] = [("/var/lock", "/run/lock"), ("/var/run", "/run")];

/// Variables of this machine that jobs get where what they name can be seen.
pub(super) const VARIABLES: [&str; 11] = [
    "CARGO_HOME",
    "GOROOT",
    "JAVA_HOME",
    "LANG",
    "LC_ALL",
    "NVM_DIR",
    "PYENV_ROOT",
    "RBENV_ROOT",
    "RUSTUP_HOME",
    "SDKMAN_DIR",
    "TZ",
];

/// What every search path ends with.
pub(super) const USUAL_PATH: [&str; 6] = [
    "/usr/local/sbin",
    "/usr/local/bin",
    "/usr/sbin",
    "/usr/bin",
    "/sbin",
    "/bin",
];
