//! The user's own folders, as the XDG base directory specification places them.
//!
//! A relative path counts for nothing: it would lie in whatever folder `pipe` was started from,
//! which is mostly a checkout.

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;
use etcetera::base_strategy::Xdg;

use crate::diag::{Code, Diagnostic};

use super::failure::{Failure, FailureKind};

/// `$XDG_CONFIG_HOME/pipe`: settings and variables.
pub(super) fn config() -> Result<PathBuf, Failure> {
    folder(BaseStrategy::config_dir)
}

/// `$XDG_STATE_HOME/pipe`: runs.
pub fn state() -> Result<PathBuf, Failure> {
    folder(|base| base.state_dir().unwrap_or_else(|| base.data_dir()))
}

/// `$XDG_CACHE_HOME/pipe`: what was fetched.
pub(super) fn cache() -> Result<PathBuf, Failure> {
    folder(BaseStrategy::cache_dir)
}

/// Where fetched files are; `None` where there is no place for them.
pub(super) fn includes() -> Option<PathBuf> {
    cache().ok().map(|cache| cache.join("includes"))
}

/// The home folder.
pub(super) fn home() -> Option<PathBuf> {
    etcetera::home_dir().ok().filter(|home| home.is_absolute())
}

/// A path as the user writes it, with `~/` for the home folder.
pub(super) fn at_home(path: &str, home: &Path) -> PathBuf {
    match path.strip_prefix("~/") {
        Some(rest) => home.join(rest),
        None => path.into(),
    }
}

fn folder(choose: impl Fn(&Xdg) -> PathBuf) -> Result<PathBuf, Failure> {
    let base = Xdg::new().map_err(|_| homeless("your home folder can't be found"))?;
    // Relative `XDG_…` are ignored by the strategy, so that only the home can be at fault.
    let folder = choose(&base);
    if folder.is_absolute() {
        return Ok(folder.join("pipe"));
    }
    let home = base.home_dir().display();
    Err(homeless(&format!("`HOME` is `{home}`, no absolute path")))
}

fn homeless(what: &str) -> Failure {
    let diagnostic = Diagnostic::new(Code::SettingUnreadable, what);
    Failure::new(
        FailureKind::Environment,
        diagnostic.help("set `HOME` to your home folder, with the `/` at its start"),
    )
}
