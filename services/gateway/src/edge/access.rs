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
    /// Users who say their password once more: it costs a password hash.
    Confirmed,
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
    pub(crate) const ALL: [Self; 6] =
        [Self::Users, Self::Confirmed, Self::Listeners, Self::SignIn, Self::Refresh, Self::Anyone];

    /// Whether one may come without being signed in.
    pub(crate) fn is_open(self) -> bool {
        match self {
            Self::Users | Self::Confirmed | Self::Listeners => false,
            Self::SignIn | Self::Refresh | Self::Anyone => true,
        }
    }

    /// How long a request may take until its reply begins (reliability: time budget).
    pub(super) fn budget(self, method: &Method) -> Duration {
        Duration::from_secs(match self {
            Self::SignIn | Self::Confirmed => 5,
            // A poll waits 30 s for something to happen.
            Self::Listeners => 33,
            _ if method.is_safe() => 2,
            _ => 3,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_has_more_time_than_what_it_waits_for_takes() {
        let [get, post] = [Method::GET, Method::POST];
        for access in [Access::SignIn, Access::Confirmed] {
            for method in [&post, &Method::PUT, &Method::DELETE] {
                assert!(access.budget(method) > HASHING, "{access:?}: a hash is waited for");
            }
        }
        let poll = Duration::from_secs(proto::tasks::v1::limits::WAIT_SECONDS + 2);
        assert!(Access::Listeners.budget(&get) > poll, "a poll and its own margin");
        for access in [Access::Users, Access::Refresh, Access::Anyone] {
            assert_eq!(access.budget(&get), access.budget(&Method::HEAD));
            assert!(access.budget(&post) > access.budget(&get), "{access:?}: a write takes longer");
            assert!(access.budget(&post) < Access::SignIn.budget(&post), "{access:?}");
        }
    }

    #[test]
    fn who_is_not_signed_in_may_come_to_sign_in_and_to_what_is_for_anyone() {
        let open: Vec<_> = Access::ALL.into_iter().filter(|access| access.is_open()).collect();
        assert_eq!(open, [Access::SignIn, Access::Refresh, Access::Anyone]);
    }
}
