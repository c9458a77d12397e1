//! Layers of project trees that a daemon keeps for later runs: which there are, and their end.

use bollard::Docker;

use super::super::ExecError;
use super::layer_store::LayerStore;
use super::patience::{LIMIT_AT_FIRST, Patience};
use super::volumes;

/// The volumes that are remembered, that the daemon has, and that carry `owner`.
pub(super) async fn kept(
    docker: &Docker,
    owner: &str,
    store: &LayerStore,
    patience: &Patience,
) -> Result<Vec<String>, ExecError> {
    let listing = volumes::owned(docker, owner);
    let listed = patience.answer_within(LIMIT_AT_FIRST, "list volumes", listing);
    let names = listed.await?.into_iter().map(|(name, _)| name);
    let remembered = store.volumes();
    Ok(names.filter(|name| remembered.contains(name)).collect())
}

/// Removes those that no run uses.
pub(super) async fn forget(
    docker: &Docker,
    owner: &str,
    store: &LayerStore,
    patience: &Patience,
) -> Result<Vec<String>, ExecError> {
    let kept = kept(docker, owner, store, patience).await?;
    let given_up = store.give_up_all(&kept);
    for name in &given_up {
        let removing = volumes::remove(docker, name);
        patience.answer("remove volume", removing).await?;
    }
    Ok(given_up)
}
