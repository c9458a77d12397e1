//! The executor: what all sandboxes of a run share, and making one for an attempt.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tar::Builder;
use tokio::sync::OnceCell;

use super::super::cancel::{check, unless_asked};
use super::super::entry::relative;
use super::super::file_work::{blocking, in_place};
use super::super::names::{slug, unique_slug};
use super::super::relocate::{open, relocate};
use super::super::temp::temp_files;
use super::super::{
    ArtifactRef, Capabilities, Cx, EnvSpec, ExecError, Executor, Image, Layout, Owner, Reaped,
    Session, Traits, TreeRef, TreeSpec, owned_folder,
};
use super::host::{self, HostImage, Machine};
use super::identity::Identity;
use super::layers::{self, Layer, Layers, id};
use super::link::Link;
use super::plan::{Plan, folders, setup};
use super::session::{SandboxSession, Surroundings};
use crate::foreign::{MAKE_ROOM, is_disk_full, system_words};

/// Artifacts from this size on become a layer, which several jobs can share. Bytes.
const WORTH_A_LAYER: u64 = 4 << 20;

/// Layers below one job, at most: the kernel reads a page of mount options.
const MOST_LAYERS: usize = 12;

/// Where sandboxes keep what they need.
#[derive(Debug, Clone)]
pub struct SandboxSettings {
    /// Holds the folders of all runs of this user. Nobody else may write there.
    pub base: PathBuf,
    /// Id of the run.
    pub run: String,
}

/// Runs jobs in namespaces of their own.
pub struct SandboxExecutor {
    settings: SandboxSettings,
    trees: Mutex<HashMap<String, TreeSpec>>,
    layers: Layers,
    host: OnceCell<Arc<HostImage>>,
}

impl SandboxExecutor {
    /// An executor for one run. Nothing is made yet.
    pub fn new(settings: SandboxSettings) -> Self {
        Self {
            settings,
            trees: Mutex::default(),
            layers: Layers::default(),
            host: OnceCell::new(),
        }
    }

    fn jobs(&self) -> PathBuf {
        self.settings.base.join("jobs")
    }

    fn lasting_layers(&self) -> PathBuf {
        self.settings.base.join("layers")
    }

    /// The layers of artifacts, which go with the run.
    fn layers_of_run(&self) -> PathBuf {
        self.jobs()
            .join(format!("{}-layers", slug(&self.settings.run)))
    }

    async fn host(&self) -> Result<Arc<HostImage>, ExecError> {
        let base = self.settings.base.join("host");
        let planning = || {
            blocking("open", "the image `host` can't be made", move || {
                owned_folder::private(&base)?;
                host::plan(&Machine::here(), &base).map(Arc::new)
            })
        };
        self.host.get_or_try_init(planning).await.cloned()
    }

    /// The layers of the builds directory, the highest first, and the artifacts that go over them.
    async fn builds(&self, spec: &EnvSpec) -> Result<(Vec<PathBuf>, Vec<ArtifactRef>), ExecError> {
        let broken = |error| ExecError::system("open", "the project directory").because(error);
        let below = below_builds(&spec.layout).map_err(broken)?;
        let mut wanted = Vec::new();
        if let Some(TreeRef(tree)) = &spec.workspace.tree {
            let known = {
                // The map is whole at any moment, even if another thread came to grief.
                let trees = self.trees.lock().unwrap_or_else(PoisonError::into_inner);
                trees.get(tree).cloned()
            };
            let unknown = || ExecError::system("open", format!("tree `{tree}` was not published"));
            for layer in known.ok_or_else(unknown)?.layers {
                let (content, below) = (layer.content, below.clone());
                wanted.push(Layer {
                    id: id(&layer.id, &below),
                    folder: self.lasting_layers(),
                    content: Arc::new(move |to| content.write(&below, to)),
                });
            }
        }
        let artifacts = &spec.workspace.artifacts;
        // What comes later goes over what comes before, so that the rest begins behind the last
        // that is a layer.
        let large = artifacts.iter().rposition(is_large).map_or(0, |at| at + 1);
        let large = if wanted.len() + large > MOST_LAYERS {
            0
        } else {
            large
        };
        for kept in &artifacts[..large] {
            wanted.push(self.of_artifacts(kept, &below, &spec.owner).await?);
        }
        let mut paths = Vec::new();
        for layer in wanted {
            paths.insert(0, self.layers.get(layer).await?);
        }
        Ok((paths, artifacts[large..].to_vec()))
    }

    async fn of_artifacts(
        &self,
        kept: &ArtifactRef,
        below: &Path,
        owner: &Owner,
    ) -> Result<Layer, ExecError> {
        let (tar, below) = (kept.tar.clone(), below.to_owned());
        let content = kept
            .digest
            .clone()
            .unwrap_or_else(|| tar.display().to_string());
        let lasts = kept.lasts && kept.digest.is_some();
        let folder = if lasts {
            self.lasting_layers()
        } else {
            let (folder, owner) = (self.layers_of_run(), owner.clone());
            let made = folder.clone();
            blocking("open", "a folder for artifacts can't be made", move || {
                match owned_folder::make(&made, &owner) {
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
                    done => done,
                }
            })
            .await?;
            folder
        };
        Ok(Layer {
            id: id(&format!("artifacts {content}"), &below),
            folder,
            content: Arc::new(move |to| {
                let mut to = Builder::new(to);
                relocate(&below, open(&tar)?, &mut to)?;
                to.finish()
            }),
        })
    }

    /// Makes the sandbox of an attempt, and lays artifacts over its builds directory.
    async fn make(&self, spec: &EnvSpec) -> Result<SandboxSession, ExecError> {
        spec.needs_no_services("sandbox")?;
        let image = spec.image.clone().unwrap_or_default();
        if !image.name.is_empty() && image.name != host::NAME {
            let text = format!("the sandbox executor has no image `{}` yet", image.name);
            return Err(ExecError::unsupported("open", text).help("use the image `host`"));
        }
        let (host, (builds, over)) = tokio::try_join!(self.host(), self.builds(spec))?;
        let folder = self.folder(&spec.job, spec.attempt)?;
        let identity = identity();
        let files = temp_files(spec);
        let plan = Plan {
            folder: &folder,
            root: &host.root,
            layout: &spec.layout,
            builds: &builds,
            temp_files: &files,
            identity: &identity,
            is_root: matches!(identity, Identity::Same),
            own_network: true,
            joins: false,
            shared: false,
            names: &[],
            resolver: None,
            groups: &[],
            no_new_privileges: true,
        };
        let (setup, folders) = (setup(&plan), folders(&plan));
        let (made, owner) = (folder.clone(), spec.owner.clone());
        blocking("open", "the job's folder can't be made", move || {
            let done = owned_folder::make(&made, &owner)
                .and_then(|()| folders.iter().try_for_each(std::fs::create_dir_all));
            if done.is_err() {
                // The first error tells more.
                let _ = owned_folder::remove(&made);
            }
            done
        })
        .await
        .map_err(with_room)?;
        let mut undone = Undone(Some(folder.clone()));
        let (link, _) = Link::launch(&setup, &[]).await?;
        undone.0 = None;
        // From here on dropping the session undoes what was begun.
        let mut session = SandboxSession {
            link,
            folder,
            project_dir: PathBuf::from(&spec.layout.project_dir),
            surroundings: surroundings(spec, &image, &host),
            gone: false,
        };
        let tars: Vec<PathBuf> = over.into_iter().map(|kept| kept.tar).collect();
        session.unpack(&tars).await?;
        Ok(session)
    }

    fn folder(&self, job: &str, attempt: u32) -> Result<PathBuf, ExecError> {
        let mut bytes = [0; 4];
        getrandom::fill(&mut bytes).map_err(|error| {
            ExecError::system("open", "the system gives no random bytes").because(error)
        })?;
        let token = u32::from_le_bytes(bytes);
        let (run, job) = (slug(&self.settings.run), unique_slug(job));
        Ok(self
            .jobs()
            .join(format!("{run}-{job}-{attempt}-{token:08x}")))
    }
}

/// Removes a folder unless the sandbox for it came about.
struct Undone(Option<PathBuf>);

impl Drop for Undone {
    fn drop(&mut self) {
        if let Some(folder) = &self.0 {
            // The error that led here tells more.
            let _ = in_place(|| owned_folder::remove(folder));
        }
    }
}

fn with_room(error: ExecError) -> ExecError {
    let cause = error.source.as_ref();
    let is_full = cause
        .and_then(|it| it.downcast_ref::<io::Error>())
        .is_some_and(is_disk_full);
    if is_full {
        error.help(MAKE_ROOM)
    } else {
        error
    }
}

/// Who is who in sandboxes of this user.
fn identity() -> Identity {
    if rustix::process::geteuid().is_root() {
        Identity::Same
    } else {
        Identity::Single { user: 0, group: 0 }
    }
}

fn surroundings(spec: &EnvSpec, image: &Image, host: &HostImage) -> Surroundings {
    let given = image.entrypoint.clone().unwrap_or_default();
    let entrypoint = given.into_iter().filter(|word| !word.is_empty()).collect();
    let mut environment = host.environment.clone();
    for variable in &spec.variables {
        environment.retain(|(name, _)| *name != variable.name);
        environment.push((variable.name.clone(), variable.value.clone()));
    }
    Surroundings {
        entrypoint,
        environment,
        folder: PathBuf::from("/"),
        user: image.user.clone().unwrap_or_default(),
    }
}

/// Whether these artifacts are worth a layer.
fn is_large(kept: &ArtifactRef) -> bool {
    kept.tar
        .metadata()
        .is_ok_and(|about| about.len() >= WORTH_A_LAYER)
}

/// The project directory, as a name in the builds directory.
fn below_builds(layout: &Layout) -> io::Result<PathBuf> {
    let (builds, project) = (
        Path::new(&layout.builds_dir),
        Path::new(&layout.project_dir),
    );
    relative(project.strip_prefix(builds).unwrap_or(project))
}

#[async_trait]
impl Executor for SandboxExecutor {
    fn name(&self) -> &'static str {
        "sandbox"
    }

    fn traits(&self) -> Traits {
        Traits {
            images: true,
            disposable: true,
            moves_project_dir: true,
            own_image: Some(host::NAME),
            ..Traits::default()
        }
    }

    fn layout(&self, project_path: &str, _job: &str, _attempt: u32) -> Layout {
        Layout {
            builds_dir: "/builds".to_owned(),
            project_dir: format!("/builds/{project_path}"),
        }
    }

    async fn probe(&self, cx: &Cx) -> Result<Capabilities, ExecError> {
        check(&cx.cancel, "probe")?;
        Ok(Capabilities {
            description: "namespaces of this kernel".to_owned(),
        })
    }

    async fn missing(&self, images: &[Image], cx: &Cx) -> Result<Vec<Image>, ExecError> {
        check(&cx.cancel, "missing")?;
        let mut missing: Vec<Image> = Vec::new();
        for image in images {
            if image.name != host::NAME && !missing.contains(image) {
                missing.push(image.clone());
            }
        }
        Ok(missing)
    }

    async fn pull(
        &self,
        image: &Image,
        _progress: &(dyn for<'a> Fn(u64, u64) + Send + Sync),
        _cx: &Cx,
    ) -> Result<(), ExecError> {
        let text = format!(
            "the sandbox executor can't bring image `{}` yet",
            image.name
        );
        Err(ExecError::unsupported("pull image", text).help("use the image `host`"))
    }

    async fn publish_tree(&self, tree: &TreeSpec, cx: &Cx) -> Result<TreeRef, ExecError> {
        check(&cx.cancel, "publish tree")?;
        // It is unpacked when the first job wants it.
        let mut trees = self.trees.lock().unwrap_or_else(PoisonError::into_inner);
        trees.insert(tree.id.clone(), tree.clone());
        Ok(TreeRef(tree.id.clone()))
    }

    async fn open(&self, spec: EnvSpec, cx: &Cx) -> Result<Box<dyn Session>, ExecError> {
        let session = unless_asked(&cx.cancel, "open", self.make(&spec)).await?;
        Ok(Box::new(session))
    }

    async fn release(&self, budget: Duration) -> Result<(), ExecError> {
        self.layers.release();
        let (run, lasting) = (self.layers_of_run(), self.lasting_layers());
        let what = "layers of artifacts were not removed";
        let removing = blocking("release", what, move || {
            layers::prune(&lasting);
            owned_folder::remove(&run)
        });
        tokio::time::timeout(budget, removing)
            .await
            .unwrap_or_else(|late| Err(ExecError::system("release", what).because(late)))
    }

    async fn reap(
        &self,
        owner: &str,
        alive: &(dyn for<'a> Fn(&'a str) -> bool + Send + Sync),
        cx: &Cx,
    ) -> Result<Reaped, ExecError> {
        check(&cx.cancel, "reap")?;
        let reaping = || {
            let mut reaped = Reaped::default();
            for (folder, run) in owned_folder::dead(&self.jobs(), owner, &|run| alive(run))? {
                owned_folder::remove(&folder)?;
                let folder = folder.display();
                reaped
                    .removed
                    .push(format!("folder `{folder}` of run {run}"));
            }
            Ok(reaped)
        };
        in_place(reaping).map_err(|error: io::Error| {
            let words = system_words(&error);
            ExecError::system(
                "reap",
                format!("leftover sandboxes can't be removed: {words}"),
            )
            .because(error)
        })
    }

    async fn kept(&self, _owner: &str, _cx: &Cx) -> Result<Vec<String>, ExecError> {
        Ok(in_place(|| layers::names(&self.lasting_layers())))
    }

    async fn forget(&self, _owner: &str, _cx: &Cx) -> Result<Vec<String>, ExecError> {
        in_place(|| layers::remove_unused(&self.lasting_layers())).map_err(|error| {
            let text = format!("layers can't be removed: {}", system_words(&error));
            ExecError::system("forget", text).because(error)
        })
    }
}
