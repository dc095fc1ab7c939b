use serde::{Deserialize, Serialize};

/// Whether something is done, as the word of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Switch {
    /// `on`: it is done.
    On,
    /// `off`: it is not done.
    Off,
}
