use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

/// An API shows nothing, loads nothing and is framed by nobody.
const POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
/// Two years, as the preload list of browsers asks for.
const HTTPS_ONLY: HeaderValue = HeaderValue::from_static("max-age=63072000; includeSubDomains");

/// What a browser must not do with a reply. What a handler has said itself stays.
pub(super) fn secure(headers: &mut HeaderMap, came_by_https: bool) {
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(POLICY);
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    );
    if came_by_https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HTTPS_ONLY);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_handler_says_of_its_page_stays_and_the_rest_is_strict() {
        let mut page = HeaderMap::from_iter([
            (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300")),
            (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("script-src 'self'")),
            (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("sniff")),
        ]);
        let mut plain = HeaderMap::new();
        secure(&mut page, false);
        secure(&mut plain, true);
        assert_eq!(page[header::CACHE_CONTROL], "public, max-age=300");
        assert_eq!(page[header::CONTENT_SECURITY_POLICY], "script-src 'self'");
        assert_eq!(page[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert!(!page.contains_key(header::STRICT_TRANSPORT_SECURITY), "it did not come by https");
        assert_eq!(plain[header::CACHE_CONTROL], "no-store");
        assert_eq!(plain[header::CONTENT_SECURITY_POLICY], POLICY);
        assert_eq!(plain[header::STRICT_TRANSPORT_SECURITY], HTTPS_ONLY);
        for headers in [&page, &plain] {
            assert_eq!(headers[header::REFERRER_POLICY], "no-referrer");
            assert_eq!(headers["cross-origin-resource-policy"], "same-origin");
        }
    }
}
