//! The `spec` header of a file that is read: its inputs put into its content
//! (configuration reference 3.1, 3.3).

use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use crate::yaml::{self, Mapping, Value};

use super::super::component::ComponentFacts;
use super::super::header;
use super::super::interpolate::{self, Interpolation};
use super::super::read;
use super::errors;
use super::home::Home;
use super::item::Wanted;
use super::reader::{Reader, Stopped};

impl Reader<'_> {
    /// The content of a file with its inputs put in.
    pub(super) fn interpolated(
        &mut self,
        loaded: &yaml::Loaded,
        home: &Home,
        given: &Mapping,
        include: Option<Span>,
        component: Option<&ComponentFacts>,
    ) -> Result<Value, Stopped> {
        let Some(header) = &loaded.header else {
            return match given.entries().first() {
                None => Ok(loaded.content.clone()),
                Some(first) => self.stop(
                    Diagnostic::new(
                        Code::InputUnknown,
                        "inputs are given to a file that declares none in a `spec` header",
                    )
                    .at(first.key_span),
                ),
            };
        };
        let mut more = Vec::new();
        for item in header::included(header) {
            more.push(self.declarations(&item)?);
        }
        let inputs = header::resolve(header, given, &more).map_err(|found| {
            self.found
                .extend(found.into_iter().map(|diagnostic| match include {
                    Some(span) if diagnostic.primary != Some(span) => {
                        diagnostic.with(span, "included here")
                    }
                    None if diagnostic.code == Code::InputMissing => {
                        diagnostic.help("or give it one with `--input NAME=value`")
                    }
                    _ => diagnostic,
                }));
            Stopped
        })?;
        let with = Interpolation {
            inputs: &inputs,
            component: component.map(|facts| (facts, header::component_fields(header))),
            expand: self.known(home),
        };
        interpolate::apply(&loaded.content, &with).or_else(|diagnostic| self.stop(diagnostic))
    }

    /// Input declarations from a file named by `spec:include`.
    pub(super) fn declarations(&mut self, item: &Value) -> Result<Mapping, Stopped> {
        let wanted = self.wanted(item, &Home::Here)?;
        let (loaded, name) = match wanted {
            Wanted::Local(path, span) => {
                let path = path.trim_start_matches('/').to_owned();
                (self.local_file(&path, &Home::Here, span)?, path)
            }
            Wanted::Outside(files) => match files.into_iter().next() {
                Some((outside, span)) => match self.outside_file(&outside, span)? {
                    Some(loaded) => (loaded, outside.describe()),
                    None => return Ok(Mapping::default()),
                },
                None => return Ok(Mapping::default()),
            },
            Wanted::Kept(kept) => return self.stop(errors::artifact(kept.span)),
            Wanted::Component(_) => return self.stop(errors::no_subkey(item.span)),
        };
        let mapping = loaded.content.as_map();
        let inputs = mapping
            .and_then(|mapping| read::get(mapping, "inputs"))
            .and_then(Value::as_map);
        match (mapping, inputs) {
            (Some(mapping), Some(inputs)) if mapping.len() == 1 => Ok(inputs.clone()),
            _ => self.stop(
                Diagnostic::new(
                    Code::SpecInvalid,
                    format!(
                        "`{name}` should hold nothing but `inputs`, as `spec:include` names it"
                    ),
                )
                .at(item.span),
            ),
        }
    }
}
