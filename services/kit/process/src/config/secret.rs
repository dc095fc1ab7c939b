use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

const REDACTED: &str = "[redacted]";

/// A text that is never shown: it prints and serializes as `[redacted]`, or as nothing when it is empty.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The text itself, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    fn shown(&self) -> &'static str {
        if self.0.is_empty() { "" } else { REDACTED }
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.shown())
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.shown())
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.shown())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_printed_in_any_way() {
        let secret = Secret::from("hunter2");
        let json = serde_json::to_string(&secret).unwrap();
        assert_eq!(
            format!("{secret} {secret:?} {:?} {json}", Some(&secret)).matches("hunter2").count(),
            0
        );
        assert_eq!((secret.expose(), json.as_str()), ("hunter2", "\"[redacted]\""));
    }

    #[test]
    fn whether_a_secret_is_set_is_shown_and_reading_keeps_it() {
        let nothing = Secret::default();
        assert_eq!(
            format!("{nothing}{nothing:?}{}", serde_json::to_string(&nothing).unwrap()),
            "\"\""
        );
        let read: Secret = serde_json::from_str("\"hunter2\"").unwrap();
        assert!(read == Secret::from("hunter2".to_owned()) && read != nothing);
    }
}
