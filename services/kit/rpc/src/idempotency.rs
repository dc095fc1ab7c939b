//! The key under which a write can be sent again (draft-ietf-httpapi-idempotency-key-header), as it goes from process to process.
use std::time::Duration;

use kit_base::error;
use prost::Message;
use tonic::{Code, Request, Response, Status, metadata::MetadataValue};

use crate::only_validates;

/// The metadata of a request that carries its key, and the header of HTTP.
pub const KEY: &str = "idempotency-key";
/// The metadata of an answer, `true` where it was given before, and the header of HTTP.
pub const REPLAYED: &str = "idempotency-replayed";
/// The longest key, in characters.
pub const LONGEST: usize = 128;
/// How long an answer is kept under its key.
pub const KEPT: Duration = Duration::from_secs(24 * 3600);

/// The key of a request; none where it has none or may write nothing, `INVALID_IDEMPOTENCY_KEY` where it is not 1 to 128 ASCII characters.
pub fn key<T>(request: &Request<T>) -> Result<Option<&str>, Status> {
    let given = request.metadata().get(KEY).filter(|_| !only_validates(request));
    let fits = |text: &&str| (1..=LONGEST).contains(&text.len());
    given.map(|text| text.to_str().ok().filter(fits).ok_or_else(malformed)).transpose()
}

fn malformed() -> Status {
    let message = format!("an Idempotency-Key has 1 to {LONGEST} ASCII characters");
    error::refuse(Code::InvalidArgument, "INVALID_IDEMPOTENCY_KEY", &message)
}

/// The answer that was given before, of its encoded message.
pub fn replayed<R: Message + Default>(encoded: &[u8]) -> Result<Response<R>, Status> {
    let reply = R::decode(encoded).map_err(|_| Status::internal("a reply of another release"))?;
    let mut response = Response::new(reply);
    response.metadata_mut().insert(REPLAYED, MetadataValue::from_static("true"));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::VALIDATE_ONLY;

    fn asked(key: &'static [u8]) -> Request<()> {
        let mut request = Request::new(());
        let value = http::HeaderValue::from_bytes(key).unwrap();
        let mut headers = std::mem::take(request.metadata_mut()).into_headers();
        headers.insert(KEY, value);
        *request.metadata_mut() = tonic::metadata::MetadataMap::from_headers(headers);
        request
    }

    #[test]
    fn a_key_has_1_to_128_ascii_characters() {
        assert_eq!(key(&Request::new(())).unwrap(), None);
        const LONG: [u8; LONGEST + 1] = [b'k'; LONGEST + 1];
        for text in [b"k" as &[u8], b"8e03978e-40d5-43e8-bc93-6894a57f9324", &LONG[1..]] {
            assert_eq!(key(&asked(text)).unwrap().map(str::as_bytes), Some(text));
        }
        for text in [b"" as &[u8], "schlüssel".as_bytes(), &LONG] {
            let refused = key(&asked(text)).unwrap_err();
            let refusal = error::Refusal::from_status(&refused);
            assert_eq!(refusal.reason.as_deref(), Some("INVALID_IDEMPOTENCY_KEY"), "{text:?}");
        }
    }

    #[test]
    fn what_writes_nothing_has_no_key() {
        let mut request = asked(b"k");
        request.metadata_mut().insert(VALIDATE_ONLY, MetadataValue::from_static("true"));
        assert_eq!(key(&request).unwrap(), None);
    }
}
