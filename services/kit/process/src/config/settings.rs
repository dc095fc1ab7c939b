//! What a struct of settings is.
use serde::{Serialize, de::DeserializeOwned};

/// One flat struct of settings: each field is an environment variable of that name in capitals.
///
/// It derives `Serialize` and `Deserialize` with `#[serde(default)]`, so that every field may be left out. An empty variable
/// counts as left out, a list is separated by commas.
pub trait Settings: DeserializeOwned + Serialize + Default {
    /// The variables, without a prefix, that take effect without a restart when the configuration file changes.
    const RELOADED: &'static [&'static str] = &[];

    /// What no type can say: values that are missing, out of range, or at odds. Each fault begins with the variable's name
    /// in capitals, without a prefix, and says what would be right: `DATABASE_URL must be set, …`.
    fn faults(&self) -> Vec<String> {
        vec![]
    }
}
