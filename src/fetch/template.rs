//! GitLab's templates: from where the user says, else from the server, else from the repository
//! that publishes them.

use crate::web::{Client, Question};

use super::api::Api;
use super::brought::MAX_FILE;
use super::error::FetchError;
use super::folder;
use super::place::Place;

/// Where the templates lie in GitLab's own repository.
const IN_REPOSITORY: &str = "lib/gitlab/ci/templates";
/// GitLab's own repository, at the version whose behaviour `pipe` has.
const PUBLISHED: &str =
    "https://gitlab.com/gitlab-org/gitlab/-/raw/v18.11.0-ee/lib/gitlab/ci/templates";

/// A template and where it came from.
pub(super) async fn bring(
    name: &str,
    setting: Option<&str>,
    home: &std::path::Path,
    api: &Api,
) -> Result<(String, String), FetchError> {
    if !name.split('/').all(is_part) {
        return Err(FetchError::new("that is no name of a template"));
    }
    let Some(setting) = setting else {
        let own = api.template(name).await;
        return match own {
            Ok(Some(text)) => Ok((text, api.server.clone())),
            Ok(None) => below(&api.client, PUBLISHED, name).await,
            Err(error) => Err(error),
        };
    };
    if setting.starts_with("https://") || setting.starts_with("http://") {
        return below(&api.client, setting.trim_end_matches('/'), name).await;
    }
    let Some(Place::Folder(folder)) = Place::of_setting(setting, home) else {
        return Err(FetchError::new(
            "the setting `templates` names no folder and no address of the web",
        )
        .help("write `/a/folder`, `~/a/folder` or `https://…`"));
    };
    for path in [format!("{IN_REPOSITORY}/{name}"), name.to_owned()] {
        if let Some(text) = folder::text(&folder, &path, MAX_FILE)? {
            return Ok((text, folder.display().to_string()));
        }
    }
    Err(FetchError::new(format!(
        "the folder `{}` has no such template",
        folder.display()
    ))
    .help("the setting `templates` names the folder"))
}

/// A part of a name that leads nowhere else.
fn is_part(part: &str) -> bool {
    !matches!(part, "" | "." | "..") && !part.contains(['\\', '?', '#', '%'])
}

async fn below(client: &Client, address: &str, name: &str) -> Result<(String, String), FetchError> {
    let full = format!("{address}/{name}");
    let question = Question {
        address: &full,
        token: None,
        body: None,
        limit: MAX_FILE,
    };
    let body = client.ask(question).await?.success()?;
    let text = String::from_utf8(body).map_err(|_| FetchError::new("it is not UTF-8 text"))?;
    Ok((text, crate::foreign::without_secrets(address)))
}
