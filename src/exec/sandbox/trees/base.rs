//! What a sandbox is made from: this machine, or an image of the store.

use std::collections::HashMap;
use std::path::Path;

use super::super::super::detector::shell_command;
use super::super::super::service_words::GIVE_COMMAND;
use super::super::super::{ExecError, Image, ports};
use super::super::plan::{HOSTNAME, Root};
use super::super::probe;
use super::accounts;
use super::host::HostImage;
use super::kept::Held;
use crate::images::{ImageConfig, OpenImage};

/// The search path of images that say none.
const USUAL_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// An image, ready for use.
#[derive(Debug)]
pub(in super::super) struct Base {
    pub(in super::super) root: Root,
    pub(in super::super) config: ImageConfig,
    /// Whether it is this machine.
    pub(in super::super) is_host: bool,
    /// Keeps its layers.
    _held: Kept,
}

/// Whoever keeps the layers of an image from being removed.
#[derive(Debug)]
#[expect(dead_code, reason = "held, and never looked at")]
enum Kept {
    Host(Held),
    Image(Box<OpenImage>),
    #[cfg(test)]
    Nothing,
}

impl Base {
    /// This machine.
    pub(in super::super) fn of_host(host: HostImage) -> Self {
        let variables = host.environment.iter();
        Self {
            root: host.root,
            config: ImageConfig {
                env: variables
                    .map(|(name, value)| format!("{name}={value}"))
                    .collect(),
                ..ImageConfig::default()
            },
            is_host: true,
            _held: Kept::Host(host.held),
        }
    }

    /// An image of the store.
    pub(in super::super) fn of_image(image: OpenImage) -> Self {
        let marks = probe::marks(image.form());
        Self {
            root: Root {
                layers: image.layers().iter().rev().cloned().collect(),
                marks: Some(marks),
                trees: Vec::new(),
            },
            config: image.config().clone(),
            is_host: false,
            _held: Kept::Image(Box::new(image)),
        }
    }

    /// The environment of its programs: its own, with `variables` over it.
    pub(in super::super) fn environment<'a>(
        &'a self,
        variables: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Vec<(String, String)> {
        let own = self.config.env.iter();
        let own = own.filter_map(|variable| variable.split_once('='));
        let usual = [("PATH", USUAL_PATH), ("HOSTNAME", HOSTNAME)].into_iter();
        let mut environment: Vec<(String, String)> = Vec::new();
        let mut places: HashMap<&str, usize> = HashMap::new();
        for (name, value) in usual.chain(own).chain(variables) {
            let place = *places.entry(name).or_insert(environment.len());
            match environment.get_mut(place) {
                Some((_, old)) => value.clone_into(old),
                None => environment.push((name.to_owned(), value.to_owned())),
            }
        }
        environment
    }

    /// The folder its programs start in.
    pub(in super::super) fn folder(&self) -> &Path {
        match self.config.workdir.as_str() {
            "" => Path::new("/"),
            folder => Path::new(folder),
        }
    }

    /// The user that `image` asks for, else its own.
    pub(in super::super) fn user<'a>(&'a self, image: &'a Image) -> &'a str {
        image.user.as_deref().unwrap_or(&self.config.user)
    }

    /// The user and the group that a sandbox has whose one id is that of `user`: those of root for somebody
    /// whom the image does not know.
    pub(in super::super) fn ids(&self, user: &str) -> (u32, u32) {
        accounts::ids(user, &self.root.layers).unwrap_or_default()
    }

    /// The program of a job: its entrypoint, with the shell as arguments (runtime reference 2.2).
    pub(in super::super) fn of_job(&self, image: &Image) -> Vec<String> {
        let entrypoint = given(image).unwrap_or(&self.config.entrypoint);
        let shell = shell_command();
        entrypoint
            .iter()
            .filter(|word| !word.is_empty())
            .cloned()
            .chain(shell)
            .collect()
    }

    /// Whether something else than the shell comes first in a job.
    pub(in super::super) fn has_entrypoint(&self, image: &Image) -> bool {
        let entrypoint = given(image).unwrap_or(&self.config.entrypoint);
        !entrypoint.iter().all(String::is_empty)
    }

    /// The program of a service. A new entrypoint does without the image's command. Where there is none, that
    /// is the job's own mistake, as for Docker.
    pub(in super::super) fn of_service(
        &self,
        image: &Image,
        command: Option<&[String]>,
    ) -> Result<Vec<String>, ExecError> {
        let command = command.filter(|words| !words.is_empty());
        let (entrypoint, command) = match given(image) {
            Some(entrypoint) => (entrypoint, command.unwrap_or_default()),
            None => (
                &self.config.entrypoint[..],
                command.unwrap_or(&self.config.cmd),
            ),
        };
        let words = entrypoint
            .iter()
            .filter(|word| !word.is_empty())
            .chain(command);
        let words: Vec<String> = words.cloned().collect();
        if words.is_empty() {
            let name = &image.name;
            let text = format!("service `{name}` can't be started: its image names no program");
            return Err(ExecError::user("start service", text).help(GIVE_COMMAND));
        }
        Ok(words)
    }

    /// The ports that tell whether a service is ready.
    pub(in super::super) fn ports(&self, environment: &[(String, String)]) -> Vec<u16> {
        let variables: Vec<String> = environment
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        ports::wanted(&variables, &self.config.exposed)
    }
}

/// An entrypoint that counts: an empty list is as none.
fn given(image: &Image) -> Option<&[String]> {
    image
        .entrypoint
        .as_deref()
        .filter(|words| !words.is_empty())
}

#[cfg(test)]
mod tests {
    use super::super::super::plan::Root;
    use super::{Base, Image, ImageConfig, Kept};

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|&word| word.to_owned()).collect()
    }

    fn base() -> Base {
        Base {
            root: Root {
                layers: Vec::new(),
                marks: None,
                trees: Vec::new(),
            },
            config: ImageConfig {
                env: words(&["A=1", "B=2"]),
                entrypoint: words(&["/init", "-x"]),
                cmd: words(&["serve"]),
                ..ImageConfig::default()
            },
            is_host: false,
            _held: Kept::Nothing,
        }
    }

    fn image(entrypoint: Option<&[&str]>) -> Image {
        Image {
            entrypoint: entrypoint.map(words),
            ..Image::default()
        }
    }

    #[test]
    fn what_a_service_runs() {
        for (entrypoint, command, wanted) in [
            (None, None, &["/init", "-x", "serve"][..]),
            (None, Some(&["other"][..]), &["/init", "-x", "other"]),
            (None, Some(&[]), &["/init", "-x", "serve"]),
            (Some(&["/mine"][..]), None, &["/mine"]),
            (Some(&["/mine"]), Some(&["arg"]), &["/mine", "arg"]),
            (Some(&[""]), Some(&["sh"]), &["sh"]),
            (Some(&[]), None, &["/init", "-x", "serve"]),
        ] {
            let command = command.map(words);
            let found = base().of_service(&image(entrypoint), command.as_deref());
            let found = found.expect("a program");
            assert_eq!(found, wanted, "{entrypoint:?} {command:?}");
        }
    }

    #[test]
    fn a_jobs_shell_is_the_argument_of_its_entrypoint() {
        for (entrypoint, wanted) in [
            (None, &["/init", "-x", "sh", "-c"][..]),
            (Some(&[""][..]), &["sh", "-c"]),
            (Some(&["/mine"]), &["/mine", "sh", "-c"]),
        ] {
            let mut found = base().of_job(&image(entrypoint));
            found.pop();
            assert_eq!(found, wanted, "{entrypoint:?}");
        }
    }

    #[test]
    fn variables_of_the_job_go_over_those_of_the_image() {
        let found = base().environment([("B", "3"), ("C", "4")].into_iter());
        let found: Vec<(&str, &str)> = (found.iter())
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let usual = [("PATH", super::USUAL_PATH), ("HOSTNAME", "job")];
        let others = [("A", "1"), ("B", "3"), ("C", "4")];
        assert_eq!(found, [&usual[..], &others[..]].concat());
    }
}
