//! Who may come, and how long a request may take.
use std::time::Duration;

use axum::http::Method;

/// How long a password hash may take, the wait for its turn included.
pub(crate) const HASHING: Duration = Duration::from_millis(4_800);

/// Who may come, and how long it may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Users; the handler asks for one.
    Users,
    /// Users who listen for changes.
    Listeners,
    /// Anyone, to sign in: it costs a password hash.
    SignIn,
    /// Anyone with a refresh token: without it all are signed out, so it is served when others are not.
    Refresh,
    /// Anyone.
    Anyone,
}

impl Access {
    /// Every one.
    pub(crate) const ALL: [Self; 5] =
        [Self::Users, Self::Listeners, Self::SignIn, Self::Refresh, Self::Anyone];

    /// Whether one may come without being signed in.
    pub(crate) fn is_open(self) -> bool {
        match self {
            Self::Users | Self::Listeners => false,
            Self::SignIn | Self::Refresh | Self::Anyone => true,
        }
    }

    /// How long a request may take until its reply begins (reliability: time budget).
    pub(super) fn budget(self, method: &Method) -> Duration {
        Duration::from_secs(match self {
            Self::SignIn => 5,
            // A poll waits 30 s for something to happen.
            Self::Listeners => 33,
            _ if method.is_safe() => 2,
            _ => 3,
        })
    }
}
