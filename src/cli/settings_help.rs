//! What each setting is for, for the help of `pipe config` and its manual page.

use crate::settings::Key;

/// A line for each.
pub(super) fn every_setting() -> String {
    let width = Key::ALL
        .iter()
        .map(|key| key.as_str().len())
        .max()
        .unwrap_or(0);
    let mut text = "Settings:".to_owned();
    for key in Key::ALL {
        let entry = key.entry();
        text.push_str(&format!("\n  {:width$}  {}", entry.name, entry.summary));
    }
    text
}
