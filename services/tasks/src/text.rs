//! Rules of text, the same for every field: what it may hold, how it is kept, and when two are the same.
use kit_base::Violation;

/// A short text, `1..=longest` characters as it is sent, and kept without the white space around it. Within it, it stays, a line break too.
pub(crate) fn line(field: &str, raw: &str, longest: usize, faults: &mut Vec<Violation>) -> String {
    let text = raw.trim();
    if text.is_empty() {
        faults.push(Violation::new(field, "REQUIRED", format!("1 to {longest} characters")));
    } else if !text.contains(kit_base::text::is_visible) {
        let message = format!("1 to {longest} characters, of which at least one can be seen");
        faults.push(Violation::new(field, "REQUIRED", message));
    }
    if raw.chars().count() > longest {
        faults.push(Violation::new(field, "TOO_LONG", format!("at most {longest} characters")));
    }
    if text.contains('\0') {
        faults.push(Violation::new(field, "INVALID_CHARACTER", "no NUL character"));
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(raw: &str) -> Result<String, Vec<(String, String)>> {
        let mut faults = vec![];
        let text = line("name", raw, 5, &mut faults);
        let told: Vec<_> = faults.into_iter().map(|fault| (fault.field, fault.reason)).collect();
        if told.is_empty() { Ok(text) } else { Err(told) }
    }

    #[test]
    fn white_space_around_a_line_goes_and_within_it_stays() {
        for (raw, expected) in [
            ("abc", "abc"),
            (" a b\t", "a b"),
            ("\u{2003}ab\u{a0}", "ab"),
            ("\u{200b}a", "\u{200b}a"),
            ("12345", "12345"),
            ("ééééé", "ééééé"),
            ("👩👩👩👩👩", "👩👩👩👩👩"),
        ] {
            assert_eq!(kept(raw), Ok(expected.to_owned()), "{raw:?}");
        }
    }

    #[test]
    fn a_line_is_refused_for_every_reason() {
        for (raw, reasons) in [
            ("", &["REQUIRED"][..]),
            (" \n\t ", &["REQUIRED"]),
            ("\u{200b}\u{2060}", &["REQUIRED"]),
            ("\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}", &["REQUIRED", "TOO_LONG"]),
            ("\0", &["REQUIRED", "INVALID_CHARACTER"]),
            ("123456", &["TOO_LONG"]),
            ("éééééé", &["TOO_LONG"]),
            (" 12345", &["TOO_LONG"]),
            ("12345\0", &["TOO_LONG", "INVALID_CHARACTER"]),
            ("a\0b", &["INVALID_CHARACTER"]),
        ] {
            let told = kept(raw).unwrap_err();
            let told: Vec<_> = told.iter().map(|(_, reason)| reason.as_str()).collect();
            assert_eq!(told, reasons, "{raw:?}");
        }
    }
}
