use axum::http::HeaderValue;
use bytes::Bytes;
use utoipa::openapi::OpenApi;

/// The document as it is served.
pub(crate) struct Document {
    /// JSON.
    pub(crate) bytes: Bytes,
    /// Changes whenever they do.
    pub(crate) etag: HeaderValue,
}

impl Document {
    pub(super) fn new(document: &OpenApi) -> Self {
        let mut json = document.to_pretty_json().expect("the document is plain data");
        json.push('\n');
        let digest = ring::digest::digest(&ring::digest::SHA256, json.as_bytes());
        let start: String =
            digest.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let etag =
            HeaderValue::from_str(&format!("\"{start}\"")).expect("hexadecimal digits in quotes");
        Self { bytes: json.into(), etag }
    }
}
