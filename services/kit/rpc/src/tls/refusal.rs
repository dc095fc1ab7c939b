//! Why a connection was not let in: counted each time, logged now and then.
use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use rustls::Error;
use tokio::time::Instant;

/// The pause between two lines of the log about refusals for one reason: strangers must not be able to fill it.
const PAUSE: Duration = Duration::from_secs(10);

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The certificate is good, but for names that are not on the list.
    Name(Vec<String>),
    /// There is no certificate, or it cannot be believed.
    Certificate(String),
    /// The client does not believe this process's certificate.
    Client(String),
    /// The client does not speak TLS 1.3 and HTTP/2.
    Protocol(String),
    /// The handshake took too long.
    Slow,
}

impl Refusal {
    /// Why a handshake failed.
    pub(super) fn from_handshake(error: &io::Error) -> Self {
        let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<Error>());
        let text = error.to_string();
        match cause {
            Some(Error::InvalidCertificate(_) | Error::NoCertificatesPresented) => {
                Self::Certificate(text)
            }
            Some(Error::AlertReceived(_)) => Self::Client(text),
            _ => Self::Protocol(text),
        }
    }

    /// The cause as a label of a metric.
    fn reason(&self) -> &'static str {
        match self {
            Self::Name(_) => "name",
            Self::Certificate(_) => "certificate",
            Self::Client(_) => "client",
            Self::Protocol(_) => "protocol",
            Self::Slow => "time",
        }
    }

    fn cause(&self) -> String {
        match self {
            Self::Name(names) => {
                format!("TLS_CLIENTS has none of its names: {}", names.join(", "))
            }
            Self::Certificate(text) | Self::Client(text) | Self::Protocol(text) => text.clone(),
            Self::Slow => "the handshake took too long".to_owned(),
        }
    }
}

/// When each reason was last said, and how many refusals have gone unsaid since.
#[derive(Debug, Default)]
pub(super) struct Refusals(Mutex<BTreeMap<&'static str, (Instant, u64)>>);

impl Refusals {
    pub(super) fn note(&self, refusal: &Refusal, address: SocketAddr) {
        let reason = refusal.reason();
        crate::metrics::tls_refused(reason);
        if let Some(unsaid) = self.due(reason) {
            let cause = refusal.cause();
            tracing::warn!(peer = %address, reason, cause, unsaid, "a connection was refused");
        }
    }

    /// How many refusals for this reason were not said since the last one that was; none when this one is not said either.
    fn due(&self, reason: &'static str) -> Option<u64> {
        let (mut said, now) =
            (self.0.lock().unwrap_or_else(PoisonError::into_inner), Instant::now());
        match said.get_mut(reason) {
            Some((last, unsaid)) if now.duration_since(*last) < PAUSE => {
                *unsaid += 1;
                None
            }
            _ => Some(said.insert(reason, (now, 0)).map_or(0, |(_, unsaid)| unsaid)),
        }
    }
}

#[cfg(test)]
mod tests {
    use kit_base::metrics::Declared as _;

    use super::*;
    use crate::metrics::TLS_REFUSALS;

    #[tokio::test(start_paused = true)]
    async fn many_refusals_are_one_line_for_each_reason() {
        let refusals = Refusals::default();
        assert_eq!(refusals.due("name"), Some(0));
        assert_eq!((refusals.due("name"), refusals.due("name")), (None, None));
        assert_eq!(refusals.due("time"), Some(0), "another reason is said at once");
        tokio::time::advance(PAUSE).await;
        assert_eq!(refusals.due("name"), Some(2));
        assert_eq!(refusals.due("name"), None);
    }

    #[test]
    fn an_operator_is_told_whose_fault_a_refusal_is() {
        let alert = Error::AlertReceived(rustls::AlertDescription::UnknownCA);
        let expired = Error::InvalidCertificate(rustls::CertificateError::Expired);
        for (error, reason) in [
            (io::Error::other(expired), "certificate"),
            (io::Error::other(Error::NoCertificatesPresented), "certificate"),
            (io::Error::other(alert), "client"),
            (io::Error::other(Error::NoApplicationProtocol), "protocol"),
            (io::Error::from(io::ErrorKind::UnexpectedEof), "protocol"),
        ] {
            let refusal = Refusal::from_handshake(&error);
            assert_eq!((refusal.reason(), refusal.cause()), (reason, error.to_string()));
            let begun = TLS_REFUSALS.metric().series;
            assert!(begun.contains(&&[reason][..]), "{reason} is not counted from 0");
        }
        let stranger = Refusal::Name(vec!["web".to_owned(), "web.shop".to_owned()]);
        assert_eq!(stranger.reason(), "name");
        assert_eq!(stranger.cause(), "TLS_CLIENTS has none of its names: web, web.shop");
    }
}
