//! The one table between gRPC's codes, our reasons and HTTP's statuses.
use std::time::Duration;

use axum::http::{HeaderValue, StatusCode};
use tonic::Code;

/// The status for a refusal, and the code for one that brings no reason.
pub(super) fn for_refusal(code: Code, reason: Option<&str>) -> (StatusCode, &'static str) {
    match (code, reason) {
        (_, Some("INVALID_CURSOR" | "CURSOR_MISMATCH" | "INVALID_LIMIT" | "INVALID_QUERY")) => {
            (StatusCode::BAD_REQUEST, "INVALID_QUERY")
        }
        (_, Some("VERSION_MISMATCH")) => (StatusCode::PRECONDITION_FAILED, "VERSION_MISMATCH"),
        (_, Some("IDEMPOTENCY_KEY_REUSED")) => {
            (StatusCode::UNPROCESSABLE_ENTITY, "IDEMPOTENCY_KEY_REUSED")
        }
        (_, Some("SHED")) => (StatusCode::SERVICE_UNAVAILABLE, "SHED"),
        (code, None) if always_has_a_reason(code) => {
            (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL")
        }
        (Code::InvalidArgument, _) => (StatusCode::UNPROCESSABLE_ENTITY, "VALIDATION_FAILED"),
        (Code::Unauthenticated, _) => (StatusCode::UNAUTHORIZED, "UNAUTHENTICATED"),
        (Code::PermissionDenied, _) => (StatusCode::FORBIDDEN, "FORBIDDEN"),
        (Code::NotFound, _) => (StatusCode::NOT_FOUND, "NOT_FOUND"),
        (Code::AlreadyExists | Code::Aborted | Code::FailedPrecondition, _) => {
            (StatusCode::CONFLICT, "CONFLICT")
        }
        (Code::OutOfRange, _) => (StatusCode::GONE, "CURSOR_EXPIRED"),
        (Code::ResourceExhausted, _) => (StatusCode::TOO_MANY_REQUESTS, "TOO_MANY_REQUESTS"),
        (Code::Unavailable, _) => (StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE"),
        (Code::DeadlineExceeded | Code::Cancelled, _) => {
            (StatusCode::SERVICE_UNAVAILABLE, "DEADLINE_EXCEEDED")
        }
        (Code::Unimplemented, _) => (StatusCode::NOT_IMPLEMENTED, "NOT_IMPLEMENTED"),
        (Code::Ok | Code::Internal | Code::Unknown | Code::DataLoss, _) => {
            (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL")
        }
    }
}

/// Whether only services refuse with it, and never without a reason: tonic says it of what it cannot read itself.
fn always_has_a_reason(code: Code) -> bool {
    use Code::{
        Aborted, AlreadyExists, FailedPrecondition, InvalidArgument, NotFound, OutOfRange,
        PermissionDenied, ResourceExhausted, Unauthenticated,
    };
    matches!(
        code,
        InvalidArgument
            | NotFound
            | AlreadyExists
            | Aborted
            | FailedPrecondition
            | OutOfRange
            | PermissionDenied
            | ResourceExhausted
            | Unauthenticated
    )
}

/// The code and the words for a status about which nothing more is known.
pub(super) fn words(status: StatusCode) -> (&'static str, &'static str) {
    match status {
        StatusCode::BAD_REQUEST => ("BAD_REQUEST", "the request cannot be read"),
        StatusCode::UNAUTHORIZED => ("UNAUTHENTICATED", "sign in first"),
        StatusCode::FORBIDDEN => ("FORBIDDEN", "this is not allowed"),
        StatusCode::NOT_FOUND => ("NOT_FOUND", "there is nothing here"),
        StatusCode::METHOD_NOT_ALLOWED => {
            ("METHOD_NOT_ALLOWED", "this method is not for this path; `Allow` names those that are")
        }
        StatusCode::REQUEST_TIMEOUT => ("BODY_TIMEOUT", "the body did not arrive in time"),
        StatusCode::CONFLICT => ("CONFLICT", "the request is at odds with what is there"),
        StatusCode::GONE => {
            ("CURSOR_EXPIRED", "what the cursor points at is no longer kept; start again")
        }
        StatusCode::PRECONDITION_FAILED => {
            ("VERSION_MISMATCH", "it has changed since you read it; read it again")
        }
        StatusCode::PAYLOAD_TOO_LARGE => ("BODY_TOO_LARGE", "the body is too large"),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            ("UNSUPPORTED_MEDIA_TYPE", "the body must be application/json")
        }
        StatusCode::UNPROCESSABLE_ENTITY => ("VALIDATION_FAILED", "the request is not acceptable"),
        StatusCode::TOO_MANY_REQUESTS => {
            ("TOO_MANY_REQUESTS", "too many requests; wait as `Retry-After` says")
        }
        StatusCode::NOT_IMPLEMENTED => ("NOT_IMPLEMENTED", "this is not there yet"),
        StatusCode::SERVICE_UNAVAILABLE => {
            ("UNAVAILABLE", "this cannot be done right now; try again soon")
        }
        status if status.is_client_error() => ("BAD_REQUEST", "the request is not acceptable"),
        _ => ("INTERNAL", "something went wrong on our side"),
    }
}

/// What kind of problem a status is: of the IANA registry of problem types where it is in there.
pub(crate) fn kind(status: StatusCode) -> &'static str {
    match status {
        StatusCode::TOO_MANY_REQUESTS => {
            "https://iana.org/assignments/http-problem-types#quota-exceeded"
        }
        StatusCode::SERVICE_UNAVAILABLE => {
            "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity"
        }
        _ => "about:blank",
    }
}

/// Whole seconds to wait, at least one, for the statuses that pass.
pub(super) fn retry_after(status: StatusCode, pause: Option<Duration>) -> Option<u64> {
    let passes = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
    let seconds = |pause: Duration| pause.as_secs() + u64::from(pause.subsec_nanos() > 0);
    (passes || pause.is_some()).then(|| pause.map_or(1, seconds).max(1))
}

/// RFC 6750, 3: a token that was sent and not accepted is named as such.
pub(super) fn challenge(code: &str) -> HeaderValue {
    HeaderValue::from_static(match code {
        "TOKEN_INVALID" | "SESSION_ENDED" => r#"Bearer realm="errand", error="invalid_token""#,
        "TOKEN_EXPIRED" => {
            r#"Bearer realm="errand", error="invalid_token", error_description="expired""#
        }
        _ => r#"Bearer realm="errand""#,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_decides_where_a_code_has_two_statuses() {
        let status = |code, reason| for_refusal(code, reason).0.as_u16();
        assert_eq!(status(Code::Aborted, Some("VERSION_MISMATCH")), 412);
        assert_eq!(status(Code::Aborted, Some("IDEMPOTENCY_KEY_IN_FLIGHT")), 409);
        assert_eq!(status(Code::FailedPrecondition, Some("INBOX_IS_FIXED")), 409);
        assert_eq!(status(Code::FailedPrecondition, Some("IDEMPOTENCY_KEY_REUSED")), 422);
        assert_eq!(status(Code::InvalidArgument, Some("INVALID_CURSOR")), 400);
        assert_eq!(status(Code::ResourceExhausted, Some("SHED")), 503);
        assert_eq!(status(Code::ResourceExhausted, Some("QUOTA")), 429);
    }

    #[test]
    fn only_what_passes_says_when() {
        assert_eq!(retry_after(StatusCode::SERVICE_UNAVAILABLE, None), Some(1));
        assert_eq!(
            retry_after(StatusCode::TOO_MANY_REQUESTS, Some(Duration::from_millis(1_001))),
            Some(2)
        );
        assert_eq!(retry_after(StatusCode::CONFLICT, Some(Duration::from_secs(3))), Some(3));
        assert_eq!(retry_after(StatusCode::NOT_FOUND, None), None);
    }

    #[test]
    fn a_refusal_without_a_reason_has_the_status_and_the_code_of_its_kind() {
        for (code, status, told) in [
            (Code::Unavailable, 503, "UNAVAILABLE"),
            (Code::DeadlineExceeded, 503, "DEADLINE_EXCEEDED"),
            (Code::Cancelled, 503, "DEADLINE_EXCEEDED"),
            (Code::Unimplemented, 501, "NOT_IMPLEMENTED"),
            (Code::Internal, 500, "INTERNAL"),
            (Code::Unknown, 500, "INTERNAL"),
            (Code::DataLoss, 500, "INTERNAL"),
            (Code::Ok, 500, "INTERNAL"),
        ] {
            let (found, code_told) = for_refusal(code, None);
            assert_eq!((found.as_u16(), code_told), (status, told), "{code:?}");
            assert_eq!(
                for_refusal(code, Some("A_REASON_OF_TOMORROW")),
                for_refusal(code, None),
                "{code:?}"
            );
        }
    }

    #[test]
    fn what_a_service_did_not_give_a_reason_for_is_not_the_clients_fault() {
        for (code, status, told) in [
            (Code::InvalidArgument, 422, "VALIDATION_FAILED"),
            (Code::NotFound, 404, "NOT_FOUND"),
            (Code::AlreadyExists, 409, "CONFLICT"),
            (Code::Aborted, 409, "CONFLICT"),
            (Code::FailedPrecondition, 409, "CONFLICT"),
            (Code::OutOfRange, 410, "CURSOR_EXPIRED"),
            (Code::Unauthenticated, 401, "UNAUTHENTICATED"),
            (Code::PermissionDenied, 403, "FORBIDDEN"),
            (Code::ResourceExhausted, 429, "TOO_MANY_REQUESTS"),
        ] {
            assert_eq!(
                for_refusal(code, None),
                (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL"),
                "{code:?}"
            );
            let (found, code_told) = for_refusal(code, Some("A_REASON_OF_TOMORROW"));
            assert_eq!((found.as_u16(), code_told), (status, told), "{code:?}");
        }
    }

    #[test]
    fn whatever_goes_wrong_is_told_in_words_and_a_code_that_fit() {
        for status in (400..600).map(|status| StatusCode::from_u16(status).unwrap()) {
            let (code, text) = words(status);
            assert!(!text.is_empty() && code.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'));
            assert_eq!(
                code == "INTERNAL",
                status.is_server_error() && !matches!(status.as_u16(), 501 | 503)
            );
        }
        let told = |status: u16| words(StatusCode::from_u16(status).unwrap()).0;
        assert_eq!(
            [400, 418, 401, 599].map(told),
            ["BAD_REQUEST", "BAD_REQUEST", "UNAUTHENTICATED", "INTERNAL"]
        );
        let passing = |status| kind(StatusCode::from_u16(status).unwrap()) != "about:blank";
        assert_eq!([400, 429, 500, 503].map(passing), [false, true, false, true]);
    }

    #[test]
    fn a_pause_is_told_in_whole_seconds_and_never_too_short() {
        let wait = |pause| retry_after(StatusCode::TOO_MANY_REQUESTS, Some(pause));
        for (milliseconds, seconds) in [(0, 1), (1, 1), (1_000, 1), (1_001, 2), (59_999, 60)] {
            assert_eq!(wait(Duration::from_millis(milliseconds)), Some(seconds), "{milliseconds}");
        }
        assert_eq!(wait(Duration::from_nanos(1_000_000_001)), Some(2));
    }

    #[test]
    fn a_client_is_told_whether_to_refresh_or_to_sign_in() {
        for (code, told) in [
            (
                "TOKEN_EXPIRED",
                r#"Bearer realm="errand", error="invalid_token", error_description="expired""#,
            ),
            ("TOKEN_INVALID", r#"Bearer realm="errand", error="invalid_token""#),
            ("SESSION_ENDED", r#"Bearer realm="errand", error="invalid_token""#),
            ("TOKEN_MISSING", r#"Bearer realm="errand""#),
            ("CREDENTIALS_INVALID", r#"Bearer realm="errand""#),
        ] {
            assert_eq!(challenge(code), told, "{code}");
        }
    }
}
