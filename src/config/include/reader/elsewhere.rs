//! Files that lie elsewhere: components, and files of other projects, at addresses, of the server
//! (configuration reference 4.1).

use crate::yaml::Mapping;

use super::super::super::component::ComponentFacts;
use super::super::super::provider::FileProvider;
use super::super::errors;
use super::super::home::Home;
use super::super::item::Component;
use super::super::outside::Outside;
use super::{Given, Reader, Stopped};

impl Reader<'_> {
    /// The file of a component, laid over `merged`.
    pub(super) fn component(
        &mut self,
        component: &Component,
        given: &Given<'_>,
        merged: &mut Mapping,
    ) -> Result<(), Stopped> {
        let candidates = component.candidates();
        let files = self.request.files;
        let home = self.home_of(&component.project);
        let listed = home.files(files).listed();
        let there = |outside: &&Outside| match (outside, &listed) {
            (Outside::Project(_, path), Some(paths)) => paths.contains(path),
            (Outside::Project(_, path), None) => home.files(files).read(path).is_ok(),
            (Outside::Remote(_) | Outside::Template(_), _) => false,
        };
        let outside = match candidates.iter().find(there) {
            Some(outside) => outside,
            None if listed.is_none() => &candidates[0],
            None => return self.stop(errors::no_such_component(component, given.span)),
        };
        let facts = ComponentFacts {
            name: component.name.clone(),
            version: component.project.revision.clone(),
            sha: match &home {
                Home::Here => self
                    .request
                    .lookup
                    .variable("CI_COMMIT_SHA")
                    .map(Into::into),
                Home::Own(revision) => files.commit_at(revision).map(Into::into),
                Home::Project(project) => files.fetched(&project.commit_key()),
                Home::Kept(_) | Home::Nowhere => None,
            },
        };
        self.outside(outside, given, Some(&facts), merged)
    }

    /// A file from elsewhere, laid over `merged`.
    pub(super) fn outside(
        &mut self,
        outside: &Outside,
        given: &Given<'_>,
        component: Option<&ComponentFacts>,
        merged: &mut Mapping,
    ) -> Result<(), Stopped> {
        self.count(given.span)?;
        let Some(loaded) = self.outside_file(outside, given.span)? else {
            return Ok(());
        };
        if let (Outside::Remote(_), Some(integrity)) = (outside, given.integrity) {
            self.check_integrity(outside, integrity)?;
        }
        let home = match outside {
            Outside::Project(project, _) => self.home_of(project),
            Outside::Remote(_) | Outside::Template(_) => Home::Nowhere,
        };
        self.lay(&loaded, &home, given, component, merged)
    }
}
