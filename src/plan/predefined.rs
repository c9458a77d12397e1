//! Predefined variables (runtime reference 13), phase by phase.

use crate::expr::expand::Value;
use crate::types::{RefKind, ZEROS, slug};

use super::facts::{PipelineFacts, Versions};
use super::model::Environment;

/// Characters of a commit's title beyond which the description is the whole message.
const TITLE_LIMIT: usize = 100;
/// Bytes of a commit message that are passed on.
const MESSAGE_LIMIT: usize = 100_000;

/// Names and values, in GitLab's order as far as it can be seen.
pub(super) type Pairs = Vec<(&'static str, String)>;

/// Variables known before any job is: usable in includes, `workflow:rules` and `rules`.
pub(super) fn pipeline_variables(facts: &PipelineFacts) -> Vec<(&'static str, Value)> {
    let known = |(key, text): (&'static str, String)| (key, Value::from(text));
    let before = [server(facts), project(facts), commit_ids(facts)];
    let behind = [commit(facts), merge_request(facts)];
    let mut pairs: Vec<_> = before.into_iter().flatten().map(known).collect();
    pairs.push(("CI_COMMIT_BEFORE_SHA", before_sha(facts)));
    pairs.extend(behind.into_iter().flatten().map(known));
    pairs
}

/// Variables of the pipeline that includes do not see yet.
pub(super) fn late_pipeline_variables(facts: &PipelineFacts) -> Pairs {
    vec![("CI_PIPELINE_IID", facts.iid.to_string())]
}

/// `GITLAB_USER_*`, which no YAML variable can override.
pub(super) fn user(facts: &PipelineFacts) -> Pairs {
    vec![
        ("GITLAB_USER_ID", "1".to_owned()),
        ("GITLAB_USER_EMAIL", facts.user.email.clone()),
        ("GITLAB_USER_LOGIN", facts.user.login.clone()),
        ("GITLAB_USER_NAME", facts.user.name.clone()),
    ]
}

fn server(facts: &PipelineFacts) -> Pairs {
    let server = &facts.project.server;
    let mut version = Versions::SERVER.split('.').map(str::to_owned);
    let mut part = || version.next().unwrap_or_default();
    vec![
        ("CI", "true".to_owned()),
        ("GITLAB_CI", "true".to_owned()),
        ("GITLAB_FEATURES", String::new()),
        ("CI_SERVER_FQDN", server.fqdn()),
        ("CI_SERVER_HOST", server.host.clone()),
        ("CI_SERVER_NAME", "GitLab".to_owned()),
        ("CI_SERVER_PORT", server.effective_port().to_string()),
        ("CI_SERVER_PROTOCOL", server.protocol.clone()),
        ("CI_SERVER_SHELL_SSH_HOST", server.host.clone()),
        ("CI_SERVER_SHELL_SSH_PORT", server.ssh_port.to_string()),
        ("CI_SERVER_URL", server.url()),
        ("CI_SERVER_VERSION", Versions::SERVER.to_owned()),
        ("CI_SERVER_VERSION_MAJOR", part()),
        ("CI_SERVER_VERSION_MINOR", part()),
        ("CI_SERVER_VERSION_PATCH", part()),
        ("CI_SERVER_REVISION", "0000000000000000".to_owned()),
        ("CI_API_V4_URL", format!("{}/api/v4", server.url())),
        (
            "CI_API_GRAPHQL_URL",
            format!("{}/api/graphql", server.url()),
        ),
        (
            "CI_TEMPLATE_REGISTRY_HOST",
            "registry.gitlab.com".to_owned(),
        ),
    ]
}

fn project(facts: &PipelineFacts) -> Pairs {
    let project = &facts.project;
    let registry = format!("registry.{}", project.server.host);
    let proxy = format!(
        "{}:{}",
        project.server.host,
        project.server.effective_port()
    );
    let pages_domain = format!("pages.{}", project.server.host);
    let path_in_root = project.path.split_once('/').map_or("", |(_, rest)| rest);
    let proxy_prefix = |group: &str| {
        format!(
            "{proxy}/{}/dependency_proxy/containers",
            group.to_lowercase()
        )
    };
    vec![
        ("CI_PROJECT_ID", "1".to_owned()),
        ("CI_PROJECT_NAME", project.name().to_owned()),
        ("CI_PROJECT_TITLE", project.name().to_owned()),
        ("CI_PROJECT_DESCRIPTION", String::new()),
        ("CI_PROJECT_TOPICS", String::new()),
        ("CI_PROJECT_PATH", project.path.clone()),
        ("CI_PROJECT_PATH_SLUG", slug(&project.path)),
        ("CI_PROJECT_NAMESPACE", project.namespace().to_owned()),
        ("CI_PROJECT_NAMESPACE_ID", "1".to_owned()),
        ("CI_PROJECT_NAMESPACE_SLUG", slug(project.namespace())),
        (
            "CI_PROJECT_ROOT_NAMESPACE",
            project.root_namespace().to_owned(),
        ),
        ("CI_PROJECT_URL", project.url()),
        ("CI_PROJECT_VISIBILITY", "private".to_owned()),
        ("CI_PROJECT_REPOSITORY_LANGUAGES", String::new()),
        ("CI_PROJECT_CLASSIFICATION_LABEL", String::new()),
        ("CI_DEFAULT_BRANCH", facts.reference.default_branch.clone()),
        (
            "CI_DEFAULT_BRANCH_SLUG",
            slug(&facts.reference.default_branch),
        ),
        ("CI_CONFIG_PATH", facts.config_path.clone()),
        ("CI_PAGES_DOMAIN", pages_domain.clone()),
        (
            "CI_PAGES_URL",
            format!(
                "https://{}.{pages_domain}/{path_in_root}",
                project.root_namespace()
            ),
        ),
        ("CI_REGISTRY", registry.clone()),
        (
            "CI_REGISTRY_IMAGE",
            format!("{registry}/{}", project.path.to_lowercase()),
        ),
        ("CI_DEPENDENCY_PROXY_SERVER", proxy.clone()),
        (
            "CI_DEPENDENCY_PROXY_GROUP_IMAGE_PREFIX",
            proxy_prefix(project.root_namespace()),
        ),
        (
            "CI_DEPENDENCY_PROXY_DIRECT_GROUP_IMAGE_PREFIX",
            proxy_prefix(project.namespace()),
        ),
        ("CI_PIPELINE_SOURCE", facts.source.as_str().to_owned()),
        ("CI_PIPELINE_CREATED_AT", facts.created_at.clone()),
    ]
}

fn commit_ids(facts: &PipelineFacts) -> Pairs {
    let sha = &facts.commit.sha;
    vec![
        ("CI_COMMIT_SHA", sha.clone()),
        ("CI_COMMIT_SHORT_SHA", sha.chars().take(8).collect()),
    ]
}

/// What the push is compared with: in a checkout that was pushed a look at the whole work tree.
fn before_sha(facts: &PipelineFacts) -> Value {
    let before = facts.commit.before_sha.clone();
    before.map_or_else(|| ZEROS.into(), Value::Late)
}

fn commit(facts: &PipelineFacts) -> Pairs {
    let commit = &facts.commit;
    let reference = &facts.reference;
    let (message, truncated) = cut(&commit.message, MESSAGE_LIMIT);
    let title = message.lines().next().unwrap_or_default();
    let mut pairs = vec![
        ("CI_COMMIT_REF_NAME", reference.name.clone()),
        ("CI_COMMIT_REF_SLUG", slug(&reference.name)),
        ("CI_COMMIT_REF_PROTECTED", reference.protected.to_string()),
        ("CI_COMMIT_MESSAGE", message.to_owned()),
        ("CI_COMMIT_MESSAGE_IS_TRUNCATED", truncated.to_string()),
        ("CI_COMMIT_TITLE", title.to_owned()),
        ("CI_COMMIT_DESCRIPTION", description(message, title)),
        ("CI_COMMIT_TIMESTAMP", commit.timestamp.clone()),
        ("CI_COMMIT_AUTHOR", commit.author.clone()),
    ];
    match reference.kind {
        RefKind::Branch => pairs.push(("CI_COMMIT_BRANCH", reference.name.clone())),
        RefKind::Tag => {
            pairs.push(("CI_COMMIT_TAG", reference.name.clone()));
            pairs.push((
                "CI_COMMIT_TAG_MESSAGE",
                commit.tag_message.clone().unwrap_or_default(),
            ));
        }
        RefKind::MergeRequest { .. } => {}
    }
    pairs
}

/// Everything behind a short title's line; the whole message under a long one.
fn description(message: &str, title: &str) -> String {
    if title.chars().count() >= TITLE_LIMIT {
        return message.to_owned();
    }
    let rest = message.split_once('\n').map_or("", |(_, rest)| rest);
    rest.strip_suffix('\n').unwrap_or(rest).to_owned()
}

/// At most `limit` bytes, cut at a character's border.
fn cut(text: &str, limit: usize) -> (&str, bool) {
    if text.len() <= limit {
        return (text, false);
    }
    let end = (0..=limit)
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0);
    (&text[..end], true)
}

fn merge_request(facts: &PipelineFacts) -> Pairs {
    let RefKind::MergeRequest { target } = &facts.reference.kind else {
        return Vec::new();
    };
    let source = &facts.reference.name;
    let project = &facts.project;
    let target_protected = *target == facts.reference.default_branch;
    vec![
        ("CI_MERGE_REQUEST_ID", "1".to_owned()),
        ("CI_MERGE_REQUEST_IID", "1".to_owned()),
        (
            "CI_MERGE_REQUEST_REF_PATH",
            "refs/merge-requests/1/head".to_owned(),
        ),
        ("CI_MERGE_REQUEST_PROJECT_ID", "1".to_owned()),
        ("CI_MERGE_REQUEST_PROJECT_PATH", project.path.clone()),
        ("CI_MERGE_REQUEST_PROJECT_URL", project.url()),
        ("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "1".to_owned()),
        ("CI_MERGE_REQUEST_SOURCE_PROJECT_PATH", project.path.clone()),
        ("CI_MERGE_REQUEST_SOURCE_PROJECT_URL", project.url()),
        ("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", source.clone()),
        (
            "CI_MERGE_REQUEST_SOURCE_BRANCH_PROTECTED",
            facts.reference.protected.to_string(),
        ),
        ("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", String::new()),
        ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", target.clone()),
        (
            "CI_MERGE_REQUEST_TARGET_BRANCH_PROTECTED",
            target_protected.to_string(),
        ),
        ("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", String::new()),
        (
            "CI_MERGE_REQUEST_DIFF_BASE_SHA",
            facts.commit.merge_base.clone().unwrap_or_default(),
        ),
        ("CI_MERGE_REQUEST_DIFF_ID", "1".to_owned()),
        ("CI_MERGE_REQUEST_EVENT_TYPE", "detached".to_owned()),
        (
            "CI_MERGE_REQUEST_TITLE",
            facts
                .commit
                .message
                .lines()
                .next()
                .unwrap_or_default()
                .to_owned(),
        ),
        ("CI_MERGE_REQUEST_DESCRIPTION", String::new()),
        (
            "CI_MERGE_REQUEST_DESCRIPTION_IS_TRUNCATED",
            "false".to_owned(),
        ),
        ("CI_MERGE_REQUEST_DRAFT", "false".to_owned()),
        ("CI_MERGE_REQUEST_SQUASH_ON_MERGE", "false".to_owned()),
    ]
}

/// Variables of one job that rules see (configuration reference 10.4).
pub(super) fn job(
    config: &crate::config::JobConfig,
    environment: Option<&Environment>,
    when: crate::types::When,
) -> Pairs {
    use crate::types::When;
    let mut pairs = vec![
        ("CI_JOB_NAME", config.name.to_string()),
        ("CI_JOB_NAME_SLUG", slug(&config.name)),
        ("CI_JOB_GROUP_NAME", config.base_name.to_string()),
        ("CI_JOB_STAGE", config.stage.to_string()),
    ];
    match &config.instance {
        Some(instance) => {
            pairs.push(("CI_NODE_INDEX", instance.index.to_string()));
            pairs.push(("CI_NODE_TOTAL", instance.total.to_string()));
        }
        None => pairs.push(("CI_NODE_TOTAL", "1".to_owned())),
    }
    if matches!(when, When::Manual | When::Delayed) {
        pairs.push(("CI_JOB_MANUAL", "true".to_owned()));
    }
    if let Some(environment) = environment {
        pairs.push(("CI_ENVIRONMENT_NAME", environment.name.clone()));
        pairs.push(("CI_ENVIRONMENT_SLUG", environment.slug.clone()));
        pairs.push((
            "CI_ENVIRONMENT_ACTION",
            environment.action.as_str().to_owned(),
        ));
        pairs.push(("CI_ENVIRONMENT_TIER", environment.tier.clone()));
        if let Some(url) = &environment.url {
            pairs.push(("CI_ENVIRONMENT_URL", url.to_string()));
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_title_is_left_out_of_the_description() {
        assert_eq!(description("t\n\nbody\n", "t"), "\nbody");
        assert_eq!(description("t", "t"), "");
        let long = "x".repeat(100);
        let message = format!("{long}\nbody");
        assert_eq!(description(&message, &long), message);
    }

    #[test]
    fn a_cut_keeps_characters_whole() {
        assert_eq!(cut("aé", 2), ("a", true));
        assert_eq!(cut("ab", 2), ("ab", false));
    }
}
