//! The folders of `pipe` outside the checkout (design chapter 8).

use std::path::PathBuf;

use etcetera::BaseStrategy;

use crate::diag::Code;

use super::failure::Failure;

/// `$XDG_STATE_HOME/pipe`.
pub fn state_folder() -> Result<PathBuf, Failure> {
    let base = etcetera::choose_base_strategy()
        .map_err(|error| Failure::environment(Code::StateUnwritable, error.to_string()))?;
    let folder = base.state_dir().unwrap_or_else(|| base.data_dir());
    Ok(folder.join("pipe"))
}

/// `$XDG_CONFIG_HOME/pipe`.
pub(super) fn user_folder() -> Option<PathBuf> {
    let base = etcetera::choose_base_strategy().ok()?;
    Some(base.config_dir().join("pipe"))
}

/// `$XDG_CACHE_HOME/pipe`.
pub(super) fn cache_folder() -> Option<PathBuf> {
    let base = etcetera::choose_base_strategy().ok()?;
    Some(base.cache_dir().join("pipe"))
}
