//! The time before the first job of a run: what its jobs begin with is brought, side by side.

use tokio::time::{MissedTickBehavior, interval};

use super::dispatch::{Dispatcher, TICK, Wake};
use crate::run::ids::PipelineIndex;
use crate::run::images::Looked;
use crate::run::pulls::Lack;
use crate::sched::JobIndex;

impl Dispatcher<'_> {
    /// Brings what is missing and tells of it meanwhile. A failure that is this machine's ends the run
    /// before a job has begun, once the others are known too: it is the first of what is lacking.
    pub(in crate::run) async fn bring_first(&mut self, looked: Looked) -> Result<(), Vec<Lack>> {
        self.context.know(looked.here);
        for wanted in looked.to_bring {
            self.pulls.begin(wanted, &self.context);
        }
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut lacking: Vec<Lack> = Vec::new();
        loop {
            let wake = tokio::select! {
                biased;
                steps = self.stopping.next() => Wake::Stop(steps),
                _ = ticks.tick() => Wake::Tick,
                Some(message) = self.messages.receiver.recv() => Wake::Message(message),
                end = self.pulls.next_end() => match end {
                    None => break,
                    Some(Ok(())) => continue,
                    Some(Err(lack)) => {
                        lacking.push(lack);
                        continue;
                    }
                },
            };
            self.wake(wake);
        }
        self.take_all();
        lacking.sort_by_key(|(_, error)| !error.is_machines);
        match lacking.first() {
            Some((_, error)) if error.is_machines => Err(lacking),
            _ => Ok(()),
        }
    }

    /// No job begins: each is told of its own image, where that is lacking, else of the first, which
    /// another job wants.
    pub(super) fn tell_what_is_lacking(&mut self, lacking: &[Lack]) {
        let pipeline = &mut self.pipelines[PipelineIndex::ROOT];
        let wants = |job: JobIndex, ((runner, image), _): &Lack| {
            let scripts = pipeline.job(job).script_job();
            scripts.is_some_and(|job| job.runner == *runner && job.images().any(|own| own == image))
        };
        let message = |(_, error): &Lack| error.failure.message.clone();
        let of_another = lacking.first().map(|first| {
            let mut jobs = pipeline.automatic().into_iter();
            let why = message(first);
            jobs.find(|job| wants(*job, first))
                .map_or(why.clone(), |job| {
                    let job = pipeline.name(job);
                    format!("job `{job}` can't begin, so none does: {why}")
                })
        });
        let why = |job: JobIndex| {
            let own = lacking.iter().find(|lack| wants(job, lack)).map(message);
            own.or_else(|| of_another.clone()).unwrap_or_default()
        };
        let why = pipeline.scheduler().jobs().map(why).collect();
        pipeline.keep_from_beginning(why);
    }
}
