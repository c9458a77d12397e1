//! The project behind the checkout, from the URL of `origin`.

use crate::types::Origin;

use super::Repository;

impl Repository {
    /// Server and project, from the URL of `origin`; `local/<folder>` where it names none.
    pub fn origin(&self) -> Origin {
        self.named_origin().unwrap_or_else(|| {
            let folder = self.root().file_name().unwrap_or_default();
            Origin::local(&folder.to_string_lossy())
        })
    }

    /// Server and project as the URL of `origin` names them; of no other remote. `None` where
    /// there is no `origin`, or it is a folder of this machine.
    pub fn named_origin(&self) -> Option<Origin> {
        Origin::parse(&self.origin_address()?)
    }

    /// The address of `origin` as it is written, with user and password where they are in it.
    pub fn origin_address(&self) -> Option<String> {
        let remote = self.git.find_remote("origin").ok()?;
        remote.url().ok().map(str::to_owned)
    }
}
