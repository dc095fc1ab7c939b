//! The time that a call may take. tonic has none that spans attempts, and reports its own as `CANCELLED`.
use std::{future::Future, time::Duration};

use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::time::Instant;
use tonic::Status;

use super::failure;
use kit_base::request;

/// What is kept back for the way to the peer and back, so that its answer is here before this side gives up.
pub(crate) const HOP: Duration = Duration::from_millis(20);
/// For calls that belong to no request.
const DEFAULT: Duration = Duration::from_secs(5);
pub(crate) const GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");

/// When a call must have been answered; for a stream, when the answer must have begun.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    pub(crate) at: Instant,
    /// The caller gave this call a time of its own: it knows how long the answer takes.
    pub(crate) chosen: bool,
}

impl Deadline {
    /// The call's own `grpc-timeout`, at most what the current request has left after the way to the peer (`hop`).
    pub(crate) fn for_call(headers: &HeaderMap, hop: Duration) -> Self {
        let chosen = headers.get(GRPC_TIMEOUT).and_then(|value| parse(value.as_bytes()));
        let left = request::with_current(|context| context.remaining().saturating_sub(hop));
        let allowed = match (chosen, left) {
            (Some(chosen), Some(left)) => chosen.min(left),
            (chosen, left) => chosen.or(left).unwrap_or(DEFAULT),
        };
        Self { at: Instant::now() + allowed, chosen: chosen.is_some() }
    }

    /// Tells the peer what is left.
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        let left = self.at.saturating_duration_since(Instant::now());
        headers.insert(GRPC_TIMEOUT, format(left));
    }

    /// The outcome of `future`, or `DEADLINE_EXCEEDED`.
    pub(crate) async fn bound<T>(
        &self,
        future: impl Future<Output = Result<T, Status>>,
    ) -> Result<T, Status> {
        if self.at <= Instant::now() {
            return Err(failure::expired());
        }
        tokio::time::timeout_at(self.at, future).await.unwrap_or_else(|_| Err(failure::expired()))
    }
}

/// Reads a `grpc-timeout`: up to eight digits and a unit (gRPC over HTTP/2, "Timeout").
pub(crate) fn parse(text: &[u8]) -> Option<Duration> {
    let (unit, digits) = text.split_last()?;
    if digits.is_empty() || digits.len() > 8 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let count = digits.iter().fold(0, |count, digit| count * 10 + u64::from(digit - b'0'));
    match unit {
        b'H' => Some(Duration::from_secs(count * 3600)),
        b'M' => Some(Duration::from_secs(count * 60)),
        b'S' => Some(Duration::from_secs(count)),
        b'm' => Some(Duration::from_millis(count)),
        b'u' => Some(Duration::from_micros(count)),
        b'n' => Some(Duration::from_nanos(count)),
        _ => None,
    }
}

fn format(left: Duration) -> HeaderValue {
    // In milliseconds, which eight digits carry for 27 hours.
    let text = format!("{}m", left.as_millis().clamp(1, 99_999_999));
    HeaderValue::from_str(&text).expect("digits and a letter")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_that_was_written_is_read_back() {
        for left in [1, 999, 30_000, 99_999_999].map(Duration::from_millis) {
            assert_eq!(parse(format(left).as_bytes()), Some(left));
        }
        assert_eq!(parse(b"7u"), Some(Duration::from_micros(7)));
    }

    #[test]
    fn a_malformed_timeout_is_none() {
        for text in ["", "m", "5", "5x", "-5m", "+5m", "123456789m", "5\u{e4}"] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_calls_own_timeout_cannot_outlast_its_request() {
        let trace = kit_base::trace::TraceContext::random(false);
        let deadline = Instant::now() + Duration::from_secs(2);
        let context =
            request::RequestContext { request_id: "a".into(), trace, deadline, steps: None };
        let own = HeaderMap::from_iter([(GRPC_TIMEOUT, format(Duration::from_secs(3)))]);
        let allowed =
            request::scope(context, async { Deadline::for_call(&own, HOP).at - Instant::now() })
                .await;
        assert_eq!(allowed, Duration::from_millis(1980));
        assert_eq!(Deadline::for_call(&own, HOP).at - Instant::now(), Duration::from_secs(3));
        assert_eq!(Deadline::for_call(&HeaderMap::new(), HOP).at - Instant::now(), DEFAULT);
    }

    #[test]
    fn every_unit_of_a_timeout_is_known() {
        for (text, time) in [
            ("2H", Duration::from_secs(7_200)),
            ("2M", Duration::from_secs(120)),
            ("2S", Duration::from_secs(2)),
            ("2m", Duration::from_millis(2)),
            ("2u", Duration::from_micros(2)),
            ("2n", Duration::from_nanos(2)),
            ("0S", Duration::ZERO),
            ("99999999H", Duration::from_secs(99_999_999 * 3_600)),
        ] {
            assert_eq!(parse(text.as_bytes()), Some(time), "{text}");
        }
    }

    #[test]
    fn a_peer_is_never_told_that_it_has_no_time_or_more_than_can_be_written() {
        for (left, told) in [
            (Duration::ZERO, "1m"),
            (Duration::from_micros(999), "1m"),
            (Duration::from_micros(1_999), "1m"),
            (Duration::from_millis(99_999_999), "99999999m"),
            (Duration::MAX, "99999999m"),
        ] {
            assert_eq!(format(left), told, "{left:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_late_is_not_begun_and_what_gets_late_is_dropped() {
        let deadline = Deadline { at: Instant::now() + Duration::from_secs(1), chosen: false };
        assert_eq!(deadline.bound(async { Ok(7) }).await.unwrap(), 7);
        let failed = deadline.bound(async { Err::<(), _>(Status::not_found("")) }).await;
        assert_eq!(failed.unwrap_err().code(), tonic::Code::NotFound);
        let late = deadline.bound(std::future::pending::<Result<(), _>>()).await.unwrap_err();
        assert_eq!(late.code(), tonic::Code::DeadlineExceeded);
        let begun = deadline.bound(async { unreachable!("there is no time left") });
        assert_eq!(begun.await.map(|()| 0).unwrap_err().code(), tonic::Code::DeadlineExceeded);
    }
}
