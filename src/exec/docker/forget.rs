//! What a daemon keeps for later runs, layers of project trees and volumes of jobs: which there are, and
//! their end.

use bollard::Docker;

use super::super::ExecError;
use super::create::LASTING;
use super::layer_store::LayerStore;
use super::patience::{LIMIT_AT_FIRST, Patience};
use super::volumes;

/// The volumes that the daemon has, that carry `owner`, and that are remembered or made to last.
pub(super) async fn kept(
    docker: &Docker,
    owner: &str,
    store: &LayerStore,
    patience: &Patience,
) -> Result<Vec<String>, ExecError> {
    let listing = volumes::owned(docker, owner);
    let listed = patience.answer_within(LIMIT_AT_FIRST, "list volumes", listing);
    let remembered = store.volumes();
    let kept = listed
        .await?
        .into_iter()
        .filter(|(name, labels)| remembered.contains(name) || labels.contains_key(LASTING));
    Ok(kept.map(|(name, _)| name).collect())
}

/// Removes those that no run uses.
pub(super) async fn forget(
    docker: &Docker,
    owner: &str,
    store: &LayerStore,
    patience: &Patience,
) -> Result<Vec<String>, ExecError> {
    let kept = kept(docker, owner, store, patience).await?;
    let (layers, lasting): (Vec<String>, _) = {
        let remembered = store.volumes();
        kept.into_iter().partition(|name| remembered.contains(name))
    };
    let mut gone = store.give_up_all(&layers);
    for name in &gone {
        let removing = volumes::remove(docker, name);
        patience.answer("remove volume", removing).await?;
    }
    for name in lasting {
        let removing = volumes::remove_unused(docker, &name);
        if patience.answer("remove volume", removing).await? {
            gone.push(name);
        }
    }
    Ok(gone)
}
