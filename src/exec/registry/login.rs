//! Who one is to a registry, and what a job knows of it. Nothing of it shows in debug output.

use std::fmt;

/// What a registry is told.
#[derive(Clone, PartialEq, Eq)]
pub enum Login {
    /// Name and password.
    Password {
        /// The name.
        user: String,
        /// The password.
        password: String,
    },
    /// A token that the registry's own authority takes in exchange for others.
    Identity {
        /// The name that goes with it; may be empty.
        user: String,
        /// The token.
        token: String,
    },
    /// A token that goes to the registry as it is.
    Bearer(String),
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::Password { .. } => "Password",
            Self::Identity { .. } => "Identity",
            Self::Bearer(_) => "Bearer",
        };
        write!(f, "{kind}([MASKED])")
    }
}

/// What a job's variables say about registries.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct JobLogins {
    /// `DOCKER_AUTH_CONFIG`: the text, for a file variable too.
    pub auth_config: Option<String>,
    /// `CI_REGISTRY`, with `CI_REGISTRY_USER` and `CI_REGISTRY_PASSWORD`.
    pub own: Option<(String, Login)>,
}

impl fmt::Debug for JobLogins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobLogins")
            .field("auth_config", &self.auth_config.is_some())
            .field("own", &self.own)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::{JobLogins, Login};

    #[test]
    fn debug_output_shows_no_secret() {
        let login = Login::Password {
            user: "ada".to_owned(),
            password: "hush-hush".to_owned(),
        };
        let logins = JobLogins {
            auth_config: Some("hush-hush".to_owned()),
            own: Some(("reg.io".to_owned(), login)),
        };
        let shown = format!("{logins:?} {:?}", Login::Bearer("hush-hush".to_owned()));
        assert!(!shown.contains("hush"), "{shown}");
    }
}
