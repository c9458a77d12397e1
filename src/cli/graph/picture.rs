//! What a picture of a pipeline shows: stages, jobs, and what waits for what.

use std::collections::{HashMap, HashSet};

use crate::plan::{Job, Plan};
use crate::types::When;

/// The jobs of a pipeline as nodes, instances of a parallel job as one.
#[derive(Debug, Default)]
pub(in super::super) struct Picture {
    /// The stages that have a job.
    pub(super) stages: Vec<Stage>,
    /// All jobs, stage by stage.
    pub(super) nodes: Vec<Node>,
    /// Needs: the first ends before the second begins.
    pub(super) needs: Vec<(usize, usize)>,
}

#[derive(Debug)]
pub(super) struct Stage {
    pub(super) name: String,
    /// Its jobs, by their places among the nodes.
    pub(super) nodes: Vec<usize>,
}

#[derive(Debug)]
pub(super) struct Node {
    pub(super) name: String,
    /// How many instances it stands for.
    pub(super) count: usize,
    /// The place of its stage among those that have a job.
    pub(super) stage: usize,
    pub(super) when: When,
    /// Whether it waits for all earlier stages, since it has no `needs`.
    pub(super) waits_for_stages: bool,
    /// What it acts on: its environment, or the child pipeline that it makes.
    pub(super) about: Option<String>,
}

impl Node {
    /// The name, with the number of instances.
    pub(super) fn label(&self) -> String {
        match self.count {
            1 => self.name.clone(),
            count => format!("{} ({count} instances)", self.name),
        }
    }

    /// How it starts, where that is not by itself, and what it acts on.
    pub(super) fn notes(&self) -> Vec<String> {
        let when = (self.when != When::OnSuccess).then(|| self.when.as_str().to_owned());
        when.into_iter().chain(self.about.clone()).collect()
    }

    /// Whether it starts by itself.
    pub(super) fn is_automatic(&self) -> bool {
        !matches!(self.when, When::Manual | When::Delayed)
    }
}

impl Picture {
    /// The picture of a plan.
    pub(in super::super) fn of(plan: &Plan) -> Self {
        let mut picture = Self::default();
        let mut places: HashMap<&str, usize> = HashMap::new();
        let mut bases: HashMap<&str, usize> = HashMap::new();
        let mut before = None;
        for job in &plan.jobs {
            if before != Some(job.stage) {
                before = Some(job.stage);
                picture.stages.push(Stage {
                    name: job.config.stage.to_string(),
                    nodes: Vec::new(),
                });
            }
            let stage = picture.stages.len() - 1;
            let place = *bases.entry(&job.config.base_name).or_insert_with(|| {
                let at = picture.nodes.len();
                picture.nodes.push(node(job, stage));
                picture.stages[stage].nodes.push(at);
                at
            });
            picture.nodes[place].count += 1;
            places.insert(job.name(), place);
        }
        let mut seen = HashSet::new();
        for job in &plan.jobs {
            let to = places[job.name()];
            for need in job.needs.iter().flatten() {
                if let Some(from) = places.get(&*need.job)
                    && *from != to
                    && seen.insert((*from, to))
                {
                    picture.needs.push((*from, to));
                }
            }
        }
        picture
    }

    /// What a job needs, by the places of the nodes.
    pub(super) fn needs_of(&self, node: usize) -> impl Iterator<Item = usize> {
        let needs = self.needs.iter().filter(move |(_, to)| *to == node);
        needs.map(|(from, _)| *from)
    }
}

fn node(job: &Job, stage: usize) -> Node {
    let environment = job.environment.as_ref();
    let environment = environment.map(|one| format!("environment {}", one.name));
    let child = match job.other_project() {
        Some(other) => Some(format!("starts a pipeline of {}", other.project)),
        None if job.makes_child() => Some("makes a child pipeline".to_owned()),
        None => None,
    };
    Node {
        name: job.config.base_name.to_string(),
        count: 0,
        stage,
        when: job.when,
        waits_for_stages: job.needs.is_none() && stage > 0,
        about: environment.or(child),
    }
}
