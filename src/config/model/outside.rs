//! What reaches beyond one machine, as types: `release`, `pages`, `id_tokens`, `secrets`.

use std::sync::Arc;

use crate::source::Span;

/// `release` (configuration reference 6.21). No text is expanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseConfig {
    /// `tag_name`.
    pub tag_name: Arc<str>,
    /// `tag_message`.
    pub tag_message: Option<Arc<str>>,
    /// `description`.
    pub description: Arc<str>,
    /// `name`; `None` for that of the tag.
    pub name: Option<Arc<str>>,
    /// `ref` of a tag that does not exist yet.
    pub reference: Option<Arc<str>>,
    /// `milestones`.
    pub milestones: Vec<Arc<str>>,
    /// `released_at`.
    pub released_at: Option<Arc<str>>,
    /// `assets:links`. What stands in a link is not checked, so anything may be missing.
    pub links: Vec<ReleaseLink>,
    /// Where it was written.
    pub span: Span,
}

/// One of `release:assets:links`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseLink {
    /// `name`.
    pub name: Option<Arc<str>>,
    /// `url`.
    pub url: Option<Arc<str>>,
    /// `filepath`.
    pub filepath: Option<Arc<str>>,
    /// `link_type`.
    pub link_type: Option<Arc<str>>,
}

/// What a Pages job publishes (configuration reference 6.22). No text is expanded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PagesConfig {
    /// `publish`, also in its old place beside `pages`; `None` for `public`.
    pub publish: Option<Arc<str>>,
    /// `path_prefix`.
    pub path_prefix: Option<Arc<str>>,
    /// `expire_in`.
    pub expire_in: Option<Arc<str>>,
}

/// One of `id_tokens` (configuration reference 6.24).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdTokenConfig {
    /// The variable that holds it.
    pub name: Arc<str>,
    /// `aud`, unexpanded.
    pub audience: Vec<Arc<str>>,
    /// Where it was written.
    pub span: Span,
}

/// One of `secrets` (configuration reference 6.24). No text is expanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretConfig {
    /// The variable that holds it.
    pub name: Arc<str>,
    /// Where its value comes from.
    pub provider: SecretProvider,
    /// `file`: the variable is the path of a file with the value. So it is unless this says no.
    pub file: bool,
    /// `token` that the provider is asked with.
    pub token: Option<Arc<str>>,
    /// Where it was written.
    pub span: Span,
}

/// Who keeps a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretProvider {
    /// `vault`.
    Vault,
    /// `azure_key_vault`.
    AzureKeyVault,
    /// `gcp_secret_manager`.
    GcpSecretManager,
    /// `gitlab_secrets_manager`.
    GitlabSecretsManager,
    /// `aws_secrets_manager`.
    AwsSecretsManager,
}

impl SecretProvider {
    /// Every one.
    pub const ALL: [Self; 5] = [
        Self::Vault,
        Self::AzureKeyVault,
        Self::GcpSecretManager,
        Self::GitlabSecretsManager,
        Self::AwsSecretsManager,
    ];

    /// GitLab's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Vault => "vault",
            Self::AzureKeyVault => "azure_key_vault",
            Self::GcpSecretManager => "gcp_secret_manager",
            Self::GitlabSecretsManager => "gitlab_secrets_manager",
            Self::AwsSecretsManager => "aws_secrets_manager",
        }
    }
}
