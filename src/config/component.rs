//! What a component's template can say about itself: `$[[ component.… ]]`
//! (configuration reference 3.1).

/// Facts of a component as it was included.
#[derive(Debug, Clone)]
pub(super) struct ComponentFacts {
    pub(super) name: String,
    /// The version as written behind the `@`.
    pub(super) version: String,
    /// The commit, where the store of fetched files knows it.
    pub(super) sha: Option<std::sync::Arc<str>>,
}

impl ComponentFacts {
    /// The value of a field; `None` for one that there is not.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        match name {
            "name" => Some(&self.name),
            "version" | "reference" => Some(&self.version),
            "sha" => Some(self.sha.as_deref().unwrap_or(&self.version).trim()),
            _ => None,
        }
    }
}
