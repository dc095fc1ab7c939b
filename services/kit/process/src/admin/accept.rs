//! Which format of metrics a client prefers (RFC 9110, 12.5.1).

/// Whether a client that sends these `Accept` headers would rather have OpenMetrics 1.0.0 than plain text.
pub(super) fn prefers_openmetrics<'a>(accept: impl Iterator<Item = &'a str>) -> bool {
    let (mut open, mut plain, mut any) = (0.0_f32, None::<f32>, 0.0_f32);
    for range in accept.flat_map(|value| value.split(',')) {
        let mut parts = range.split(';').map(str::trim);
        let media = parts.next().unwrap_or_default().to_ascii_lowercase();
        let (mut weight, mut is_ours) = (1.0, true);
        for (name, value) in parts.filter_map(|part| part.split_once('=')) {
            match name.trim().to_ascii_lowercase().as_str() {
                "q" => weight = value.trim().parse::<f32>().unwrap_or(0.0).clamp(0.0, 1.0),
                "version" => is_ours = value.trim().trim_matches('"') == "1.0.0",
                _ => {}
            }
        }
        match media.as_str() {
            "application/openmetrics-text" if is_ours => open = open.max(weight),
            "text/plain" => plain = Some(plain.unwrap_or(0.0).max(weight)),
            "text/*" | "*/*" => any = any.max(weight),
            _ => {}
        }
    }
    // What says more decides.
    open > 0.0 && open >= plain.unwrap_or(any)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn openmetrics_is_for_those_who_ask_for_it_and_prefer_it() {
        for (accept, expected) in [
            ("", false),
            ("*/*", false),
            ("text/plain", false),
            ("application/openmetrics-text", true),
            ("application/openmetrics-text; version=1.0.0", true),
            ("application/openmetrics-text; version=0.0.1", false),
            ("application/openmetrics-text; version=2.0.0, text/plain", false),
            ("application/openmetrics-text;q=0", false),
            ("application/openmetrics-text;q=nan", false),
            ("application/openmetrics-text;q=0.3, text/plain;q=0.5", false),
            ("text/plain;q=0.1, */*;q=0.9, application/openmetrics-text;q=0.5", true),
            // As Prometheus 2 and 3 send it.
            (
                "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,\
                 text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                true,
            ),
            (
                "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
                 application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,\
                 text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
                true,
            ),
        ] {
            assert_eq!(prefers_openmetrics([accept].into_iter()), expected, "{accept}");
        }
        assert!(prefers_openmetrics(
            ["text/plain;q=0.1", "application/openmetrics-text"].into_iter()
        ));
    }
}
