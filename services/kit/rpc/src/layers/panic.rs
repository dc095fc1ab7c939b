use std::{convert::Infallible, panic::AssertUnwindSafe};

use axum::body::Body;
use futures_util::FutureExt as _;
use http::Response;
use tonic::Code;

use kit_base::error::refuse;

/// Turns a panic into INTERNAL; its text is in the log, from the panic hook.
pub(super) async fn caught<F>(answer: F) -> Result<Response<Body>, Infallible>
where
    F: Future<Output = Result<Response<Body>, Infallible>>,
{
    let broken =
        |_| Ok(refuse(Code::Internal, "INTERNAL", "something went wrong on our side").into_http());
    AssertUnwindSafe(answer).catch_unwind().await.unwrap_or_else(broken)
}
