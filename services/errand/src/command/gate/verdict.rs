//! What comes of a check.
use std::process::ExitCode;

/// What came of a check, or of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    /// It is as it should be.
    Pass,
    /// Nobody can tell.
    Unknown,
    /// It is not.
    Fail,
}

impl Verdict {
    /// What scripts go by: 0, 1 where it fails, 2 where nobody can tell.
    pub(super) fn exit_code(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Pass => 0,
            Self::Fail => 1,
            Self::Unknown => 2,
        })
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Pass => "ok     ",
            Self::Fail => "FAILED ",
            Self::Unknown => "unknown",
        }
    }
}

/// A check, and what came of it.
pub(super) struct Finding {
    pub(super) verdict: Verdict,
    pub(super) text: String,
}
