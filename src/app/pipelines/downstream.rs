//! The pipeline of another project that a trigger job starts, in the checkout that the user's map names
//! for it (configuration reference 6.25).
//!
//! It is made as `pipe run` in that checkout would make it: its settings, variables and what may act
//! outside are that project's. Of the one that starts it, it gets what the trigger job hands down and
//! nothing else.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crate::config::{GivenInput, Start};
use crate::foreign::system_words;
use crate::plan::{self, Job, Outside, Release, Triggered};
use crate::record::{LastArtifacts, State};
use crate::repo::{Repository, TreeSource};
use crate::run::{ChildPipeline, PipelineSpec, Refusal, TriggerContext};
use crate::settings::{Key, Settings};
use crate::types::{FailureReason, PipelineSource, RefKind};
use crate::yaml;

use super::super::assignment::Assignment;
use super::super::facts::{History, facts};
use super::super::failure::Failure;
use super::super::folders;
use super::super::jobs::{Permissions, PipelineContext};
use super::super::pipeline::Pipeline;
use super::super::projects::folder_of;
use super::super::request::{PipelineRequest, RefRequest, WorkspaceRequest};
use super::super::tree_files::TreeFiles;
use super::super::variables;
use super::super::workspace::Workspace;
use super::basis::{Basis, Upstream};
use super::child::{chosen, refusal, warnings};

/// How often a project may stand in a chain of pipelines that start each other, as on GitLab.
const MOST_ROUNDS: usize = 2;

/// The pipeline that the job at a place of its plan starts.
pub(super) struct Downstream {
    pub(super) basis: Arc<Basis>,
    pub(super) parent: Arc<PipelineContext>,
    pub(super) at: usize,
}

/// Why it can't be made.
enum Trouble {
    /// Before it was looked at.
    Refused(Refusal),
    /// Something in it.
    Failed(Failure),
}

impl<E: Into<Failure>> From<E> for Trouble {
    fn from(failure: E) -> Self {
        Self::Failed(failure.into())
    }
}

impl ChildPipeline for Downstream {
    fn make(&self, attempt: &TriggerContext) -> Result<PipelineSpec, Refusal> {
        let named = self.named(attempt);
        self.spec(&named, attempt).map_err(|trouble| match trouble {
            Trouble::Refused(refusal) => refusal,
            Trouble::Failed(failure) => {
                refusal(&format!("the pipeline of `{}`", named.project), &failure)
            }
        })
    }
}

impl Downstream {
    fn job(&self) -> &Job {
        &self.parent.plan.jobs[self.at]
    }

    /// Which project and branch it is.
    fn named(&self, attempt: &TriggerContext) -> Triggered {
        let Self { parent, .. } = self;
        let (facts, id) = (&parent.facts, parent.pipeline_id);
        let named = plan::triggered(&parent.plan, self.job(), facts, id, &attempt.dotenv);
        named.unwrap_or_else(|| Triggered {
            project: String::new(),
            branch: None,
        })
    }

    fn spec(&self, named: &Triggered, attempt: &TriggerContext) -> Result<PipelineSpec, Trouble> {
        self.check_circle()?;
        let mut workspace = self.open(&named.project)?;
        // Whose word a file of variables is, is known by what is checked out.
        let variables = variables::read(&workspace)?;
        let reference = check_out(&mut workspace, named)?;
        let request = PipelineRequest {
            reference,
            source: Some(PipelineSource::other_project()),
            inputs: self.inputs(),
            ..PipelineRequest::default()
        };
        let (mut facts, changes) = facts(&workspace, &request, History::Read, &variables)?;
        facts.given = plan::handed_down(
            &self.parent.plan,
            self.job(),
            &self.parent.facts,
            self.parent.pipeline_id,
            &attempt.dotenv,
        );
        let state = State::new(folders::state()?);
        let record = state.project(&facts.project.path, &workspace.repository.common_dir());
        facts.iid = record.take_iid()?;
        let mut pipeline = {
            let files = TreeFiles::new(&workspace, changes.clone());
            Pipeline::read(
                facts,
                &files,
                Start::File(workspace.file()),
                &request.inputs,
            )
        };
        let told = variables.diagnostics(&mut pipeline.loaded.sources);
        pipeline.loaded.diagnostics.splice(0..0, told);
        let settings = workspace.settings.clone();
        let mut others = self.others();
        let trees = self
            .basis
            .trees
            .beside(&format!("downstream-{}", others.len()));
        let basis = Arc::new(Basis {
            place: Arc::clone(&self.basis.place),
            record,
            upstream: [&self.basis.upstream[..], &[Upstream::of(&pipeline.facts)]].concat(),
            trees: trees.map_err(|error| unwritable(&system_words(&error)))?,
            outside: outside(&settings),
            changes,
            keep_going: self.basis.keep_going,
            interruptible: self.basis.interruptible.clone(),
            workspace: Mutex::new(workspace),
            downstream: Mutex::default(),
        });
        others.push(Arc::clone(&basis));
        drop(others);
        self.spec_of(&basis, pipeline, &settings)
    }

    /// The jobs of the pipeline as the run loop wants them.
    fn spec_of(
        &self,
        basis: &Arc<Basis>,
        pipeline: Pipeline,
        settings: &Settings,
    ) -> Result<PipelineSpec, Trouble> {
        let chosen = chosen(basis, &pipeline, &self.parent, self.job())?;
        let warnings = warnings(basis, &pipeline, &chosen.plan);
        let complete = chosen.lacks_nothing();
        let (facts, plan) = (pipeline.facts, chosen.plan);
        let sources = Arc::new(pipeline.loaded.sources);
        let (key_digests, commit_paths) = basis.facts_of_tree(&plan);
        let default_image = settings.text(Key::DefaultImage).map(str::to_owned);
        let runners = self.parent.runners.runners().to_vec();
        let context = Arc::new(PipelineContext {
            runners: Assignment::new(runners, &plan, default_image.as_deref()),
            received: HashMap::new(),
            passed: HashMap::new(),
            last_artifacts: LastArtifacts::default(),
            key_digests,
            commit_paths: Some(commit_paths),
            resources_of: format!("{} ", facts.project.path),
            facts,
            plan,
            pipeline_id: basis.place.state.take_pipeline_id()?,
            root_job: Some(self.parent.root_job_of(self.job()).to_owned()),
            default_image,
            permissions: Permissions::of(settings)?,
            caches: Some(basis.record.caches()),
            shell_on: None,
            clock: self.parent.clock,
        });
        let checked = (context.check_images()).and_then(|()| context.check_socket(settings));
        checked.map_err(|failure| failure.within(&sources))?;
        let mut spec = basis.spec(&context, &sources)?;
        spec.notices
            .splice(0..0, warnings.lines().map(str::to_owned));
        spec.complete = complete;
        Ok(spec)
    }

    /// Projects that start each other without an end are stopped where GitLab stops them.
    fn check_circle(&self) -> Result<(), Trouble> {
        let chain = &self.basis.upstream;
        let rounds = |one: &Upstream| chain.iter().filter(|other| *other == one).count();
        if chain.iter().any(|one| rounds(one) > MOST_ROUNDS) {
            return Err(Trouble::Refused(Refusal {
                reason: FailureReason::PipelineLoopDetected,
                message: "the projects trigger each other in a circle".to_owned(),
                exit_code: None,
            }));
        }
        Ok(())
    }

    /// The checkout that the user's map has for the project. Nothing that was said for this run alone
    /// counts there.
    fn open(&self, project: &str) -> Result<Workspace, Trouble> {
        let folder = folder_of(&self.basis.workspace(), project);
        let folder = folder
            .ok_or_else(|| not_here(project, "the setting `projects` has no folder for it"))?;
        if !is_checkout(&folder) {
            let why = format!("`{}` is not the top folder of a checkout", folder.display());
            return Err(not_here(project, &why));
        }
        let workspace = Workspace::open(&WorkspaceRequest {
            folder: Some(folder),
            // By whatever name its own remote knows it, or none.
            settings: vec![(Key::ProjectPath, project.to_owned())],
        })?;
        let runners = self.parent.runners.runners().iter();
        let mut names = runners.map(|runner| runner.executor.name());
        if names.any(|name| name == "shell")
            && workspace.settings.text(Key::Executor) != Some("shell")
        {
            return Err(Trouble::Refused(Refusal {
                reason: FailureReason::DownstreamPipelineCreationFailed,
                message: format!(
                    "the pipeline of `{project}` does not run in the shell of this machine: that was \
                     allowed for this project alone; allow it with `executor = \"shell\"` in your settings"
                ),
                exit_code: None,
            }));
        }
        Ok(workspace)
    }

    /// `trigger:inputs`.
    fn inputs(&self) -> Vec<GivenInput> {
        let written = self.job().other_project().map(|target| &target.inputs);
        let written = written.filter(|inputs| !inputs.is_empty());
        let file = |inputs: &Arc<yaml::Mapping>| GivenInput::File {
            name: "trigger:inputs".to_owned(),
            text: yaml::write(inputs, &|_| None),
        };
        written.map(file).into_iter().collect()
    }

    fn others(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Basis>>> {
        // A list that is only added to is whole at any moment.
        let others = self.basis.downstream.lock();
        others.unwrap_or_else(PoisonError::into_inner)
    }
}

/// What acts outside there is let go by the settings alone: `--deploy` is about this project.
fn outside(settings: &Settings) -> Outside {
    let runs = settings.text(Key::Deploy) == Some("run");
    Outside {
        held: settings.list(Key::Held).to_vec(),
        release: if runs { Release::All } else { Release::Nothing },
    }
}

/// Makes the tree that of the ref: what is checked out with its edits where it is that branch, else
/// its commit.
fn check_out(workspace: &mut Workspace, named: &Triggered) -> Result<RefRequest, Trouble> {
    let repository = &workspace.repository;
    let head = repository.head()?;
    let default = &workspace.rules.default_branch;
    let name = match &named.branch {
        Some(name) => name,
        None if repository.branch_tip(default).is_ok() => default,
        // Nothing says what the default branch is.
        None => &head.name,
    };
    if head.kind == RefKind::Branch && head.name == *name {
        return Ok(RefRequest::Branch(name.clone()));
    }
    let tag = || repository.commit_on_server(&format!("refs/tags/{name}"));
    let (reference, commit) = match repository.branch_tip(name) {
        Ok(commit) => (RefRequest::Branch(name.clone()), commit),
        Err(_) => match tag() {
            Some(commit) => (RefRequest::Tag(name.clone()), commit),
            None => return Err(no_ref(name, &named.project)),
        },
    };
    workspace.tree = Arc::new(repository.tree(TreeSource::Commit(commit))?);
    Ok(reference)
}

fn is_checkout(folder: &Path) -> bool {
    let real = folder.canonicalize();
    let root = Repository::discover(folder).map(|found| found.root().canonicalize());
    matches!((real, root), (Ok(real), Ok(Ok(root))) if real == root)
}

fn not_here(project: &str, why: &str) -> Trouble {
    Trouble::Refused(Refusal {
        reason: FailureReason::DownstreamBridgeProjectNotFound,
        message: format!(
            "project `{project}` is not on this machine: {why}; name a checkout of it in your settings, \
             as `projects = {{\"{project}\" = \"~/folder\"}}`"
        ),
        exit_code: None,
    })
}

fn no_ref(name: &str, project: &str) -> Trouble {
    Trouble::Refused(Refusal {
        reason: FailureReason::DownstreamPipelineCreationFailed,
        message: format!("the checkout of `{project}` has no branch and no tag `{name}`"),
        exit_code: None,
    })
}

fn unwritable(why: &str) -> Trouble {
    Trouble::Refused(Refusal {
        reason: FailureReason::RunnerSystemFailure,
        message: format!("no place for the files of the project: {why}"),
        exit_code: None,
    })
}
