//! Many files at once, each from where it lies.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::config::{Outside, ProjectAt};
use crate::foreign::without_secrets;
use crate::web::Question;

use super::api::Api;
use super::brought::{Brought, MAX_FILE, Outcome};
use super::error::FetchError;
use super::git::GitOptions;
use super::place::{Place, Places};
use super::project;
use super::template;

/// Places that are asked at once.
const AT_ONCE: usize = 8;

/// The means to bring files.
#[derive(Clone)]
pub struct Bring {
    /// Where projects come from.
    pub places: Places,
    /// The server of this project.
    pub api: Api,
    /// The setting `templates`.
    pub templates: Option<String>,
    /// `pipe`'s folder for what can be made again.
    pub cache: PathBuf,
    /// The setting `ca-file`.
    pub ca_file: Option<PathBuf>,
    /// How long a server has.
    pub timeout: std::time::Duration,
}

/// What is asked of one place, one after the other.
enum Errand {
    /// The files of one project, by their revisions.
    Project(BTreeMap<ProjectAt, Vec<String>>),
    Remote(String),
    Template(String),
}

impl Bring {
    /// Brings files from all places side by side.
    pub async fn all(&self, wanted: &[Outside]) -> Outcome {
        let slots = Arc::new(Semaphore::new(AT_ONCE));
        let mut errands = JoinSet::new();
        for errand in errands_of(wanted) {
            let (bring, slots) = (self.clone(), Arc::clone(&slots));
            errands.spawn(async move {
                // It is never closed.
                let _slot = slots.acquire().await;
                bring.run(errand).await
            });
        }
        let mut all = Outcome::default();
        while let Some(done) = errands.join_next().await {
            // An errand does not panic; one that did has brought nothing.
            let Ok(mut outcome) = done else { continue };
            all.brought.append(&mut outcome.brought);
            all.failed.append(&mut outcome.failed);
        }
        all.brought.sort_by(|a, b| a.key.cmp(&b.key));
        all.failed.sort_by(|(a, _), (b, _)| a.cmp(b));
        all
    }

    async fn run(&self, errand: Errand) -> Outcome {
        match errand {
            Errand::Project(revisions) => {
                let mut all = Outcome::default();
                for (project, paths) in revisions {
                    self.project(&project, &paths, &mut all).await;
                }
                all
            }
            Errand::Remote(address) => {
                let came = self.remote(&address).await;
                one(Outside::Remote(address), came)
            }
            Errand::Template(name) => {
                let setting = self.templates.as_deref();
                let came = template::bring(&name, setting, &self.places.home, &self.api).await;
                one(Outside::Template(name), came)
            }
        }
    }

    async fn project(&self, project: &ProjectAt, paths: &[String], all: &mut Outcome) {
        let options = GitOptions {
            ca_file: self.ca_file.clone(),
            timeout: self.timeout,
        };
        let came = match self.place(project) {
            Ok(place) => project::bring(&place, project, paths, &self.cache, &options).await,
            Err(error) => Err(error),
        };
        match came {
            Ok(mut of) => {
                all.brought.append(&mut of.brought);
                all.failed.append(&mut of.failed);
            }
            Err(error) => all.failed.extend(paths.iter().map(|path| {
                let outside = Outside::Project(project.clone(), path.clone());
                (outside, error.clone())
            })),
        }
    }

    /// Where a project comes from. A host that only the configuration names may not be this machine.
    fn place(&self, project: &ProjectAt) -> Result<Place, FetchError> {
        let place = self.places.of(project)?;
        if project.host != self.places.host && matches!(place, Place::Git(_)) {
            self.api.client.check_host(&project.host)?;
        }
        Ok(place)
    }

    async fn remote(&self, address: &str) -> Result<(String, String), FetchError> {
        let question = Question {
            address,
            token: None,
            body: None,
            limit: MAX_FILE,
        };
        let body = self.api.client.ask(question).await?.success()?;
        let text = String::from_utf8(body).map_err(|_| FetchError::new("it is not UTF-8 text"))?;
        Ok((text, without_secrets(address)))
    }
}

fn errands_of(wanted: &[Outside]) -> Vec<Errand> {
    let mut projects: BTreeMap<(String, String), BTreeMap<ProjectAt, Vec<String>>> =
        BTreeMap::new();
    let mut errands = Vec::new();
    for outside in wanted {
        match outside.clone() {
            Outside::Project(project, path) => {
                let name = (project.host.clone(), project.path.clone());
                let revisions = projects.entry(name).or_default();
                revisions.entry(project).or_default().push(path);
            }
            Outside::Remote(address) => errands.push(Errand::Remote(address)),
            Outside::Template(name) => errands.push(Errand::Template(name)),
        }
    }
    errands.extend(projects.into_values().map(Errand::Project));
    errands
}

fn one(outside: Outside, came: Result<(String, String), FetchError>) -> Outcome {
    match came {
        Ok((text, source)) => Outcome {
            brought: vec![Brought {
                key: outside.key(),
                what: outside.describe(),
                revision: None,
                commit: None,
                source,
                text,
            }],
            failed: Vec::new(),
        },
        Err(error) => Outcome {
            brought: Vec::new(),
            failed: vec![(outside, error)],
        },
    }
}
