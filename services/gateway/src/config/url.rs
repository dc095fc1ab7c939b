use axum::http::Uri;

/// Where scripts and clients come to and from, as browsers write it (URL Standard, 4.6): small letters, no port that goes without
/// saying, and neither path nor user. Apps have schemes of their own; from these no script ever calls.
pub(super) fn origin(text: &str) -> Option<String> {
    let uri: Uri = text.parse().ok()?;
    let scheme = uri.scheme_str()?.to_ascii_lowercase();
    let (authority, usual) = match scheme.as_str() {
        "http" => (uri.authority()?, Some(80)),
        "https" => (uri.authority()?, Some(443)),
        "" | "ftp" | "ws" | "wss" | "file" => return None,
        _ => (uri.authority()?, None),
    };
    let host = authority.host().to_ascii_lowercase();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
    if host.is_empty() || !host.bytes().all(plain) {
        return None;
    }
    match authority.port_u16().filter(|port| Some(*port) != usual) {
        Some(port) => Some(format!("{scheme}://{host}:{port}")),
        None => Some(format!("{scheme}://{host}")),
    }
}

/// How clients reach an API over HTTP: an origin, and a path where there is one.
pub(super) fn public(text: &str) -> Option<String> {
    let uri: Uri = text.parse().ok()?;
    let origin = origin(text)
        .filter(|origin| origin.starts_with("http://") || origin.starts_with("https://"))?;
    Some(format!("{origin}{}", uri.path().trim_end_matches('/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_written_as_browsers_send_it() {
        for text in [
            "https://app.example.org",
            "http://localhost:3000",
            "http://[::1]:8080",
            "https://127.0.0.1",
            "capacitor://localhost",
        ] {
            assert_eq!(origin(text).as_deref(), Some(text));
        }
        for (text, written) in [
            ("http://A.b:80", "http://a.b"),
            ("HTTPS://a.b:443", "https://a.b"),
            ("https://a.b:80", "https://a.b:80"),
            ("https://a.b/", "https://a.b"),
            ("https://a.b/path?query", "https://a.b"),
            ("https://me@a.b", "https://a.b"),
        ] {
            assert_eq!(origin(text).as_deref(), Some(written), "{text}");
        }
        for text in ["ftp://b", "ws://b", "b", "//b", "https://", "https://*.b", "://b", "null", ""]
        {
            assert_eq!(origin(text), None, "{text}");
        }
    }

    #[test]
    fn a_public_url_may_have_a_path() {
        for (text, written) in [
            ("https://a.b", Some("https://a.b")),
            ("https://a.b/", Some("https://a.b")),
            ("https://A.b:443/errand/", Some("https://a.b/errand")),
            ("https://a.b/errand?x#y", Some("https://a.b/errand")),
            ("nope", None),
            ("/errand", None),
            ("ftp://a.b", None),
            ("capacitor://a.b", None),
        ] {
            assert_eq!(public(text).as_deref(), written, "{text}");
        }
    }
}
