use axum::http::HeaderValue;

/// What tells the packed form of a reply from the plain one: a strong ETag stands for bytes.
const PACKED: &str = "-gzip";

/// An entity tag (RFC 9110, 8.8.3).
#[derive(Debug)]
pub(super) struct Tag<'h> {
    weak: bool,
    opaque: &'h str,
}

/// The ETag of a version.
pub(crate) fn etag(version: i64) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{version}\"")).expect("digits in quotes")
}

/// The ETag of the same when it is packed; none where it is weak already.
pub(crate) fn packed(etag: &HeaderValue) -> Option<HeaderValue> {
    let opaque = etag.to_str().ok()?.strip_prefix('"')?.strip_suffix('"')?;
    HeaderValue::from_str(&format!("\"{opaque}{PACKED}\"")).ok()
}

impl<'h> Tag<'h> {
    /// Without what its encoding adds.
    pub(super) fn plain(&self) -> &'h str {
        self.opaque.strip_suffix(PACKED).unwrap_or(self.opaque)
    }

    pub(super) fn is_packed(&self) -> bool {
        self.opaque.ends_with(PACKED)
    }

    pub(super) fn is_strong(&self) -> bool {
        !self.weak
    }

    /// The version that it stands for, where it is a strong one of ours: written as we write it, for one ETag is not another.
    pub(super) fn version(&self) -> Option<i64> {
        let version: i64 = self.plain().parse().ok().filter(|_| self.is_strong())?;
        (version >= 0 && version.to_string() == self.plain()).then_some(version)
    }
}

/// The tags of a list in all its lines; none when it is malformed. Between commas there may be nothing (RFC 9110, 5.6.1.2).
pub(super) fn list<'h>(lines: impl IntoIterator<Item = &'h str>) -> Option<Vec<Tag<'h>>> {
    let mut tags = vec![];
    for line in lines {
        let mut rest = line.trim_start();
        while !rest.is_empty() {
            if let Some(after) = rest.strip_prefix(',') {
                rest = after.trim_start();
                continue;
            }
            let (tag, after) = first(rest)?;
            tags.push(tag);
            rest = after.trim_start();
            if !rest.is_empty() && !rest.starts_with(',') {
                return None;
            }
        }
    }
    Some(tags)
}

/// The tag that `text` begins with, and what follows it.
fn first(text: &str) -> Option<(Tag<'_>, &str)> {
    let weak = text.strip_prefix("W/");
    let (opaque, rest) = weak.unwrap_or(text).strip_prefix('"')?.split_once('"')?;
    opaque.bytes().all(|byte| byte.is_ascii_graphic()).then_some(())?;
    Some((Tag { weak: weak.is_some(), opaque }, rest))
}
