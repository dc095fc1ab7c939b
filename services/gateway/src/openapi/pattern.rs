//! What texts look like, as regular expressions of JSON Schema (ECMA-262): each allows what the server does, and nothing else.
use std::{fmt::Write as _, ops::RangeInclusive, sync::LazyLock};

use kit_base::text::{breaks_line, is_visible};

/// A day that there is, as [`DAY`]; of a February 29 the year is divisible by 4, and by 400 where it is by 100.
macro_rules! real_day {
    () => {
        "(?!0000|0001-01-01|9999-12-3[01])([0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|\
         02-(0[1-9]|1[0-9]|2[0-8]))|([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29)"
    };
}
macro_rules! clock {
    () => {
        "T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    };
}

/// A text of any characters but the one that no database stores.
pub(crate) const TEXT: &str = "^[^\\u0000]*$";
/// A UUID of version 7 (RFC 9562).
pub(crate) const UUID_7: &str =
    "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-7[0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}$";
/// Where a page begins.
pub(crate) const CURSOR: &str = "^[A-Za-z0-9_-]*$";
/// A key of visible characters, with quotes around it or without.
pub(crate) const IDEMPOTENCY_KEY: &str = r#"^([!#-+\--\[\]-~]{1,128}|"[!#-+\--\[\]-~]{1,128}")$"#;
/// Entity tags (RFC 9110, 8.8.3), as many as are read. Between commas there may be nothing (5.6.1.2).
pub(crate) const IF_MATCH: &str =
    r#"^(\*|[ \t,]*(W/)?"[!#-~]*"([ \t]*,[ \t,]*(W/)?"[!#-~]*"){0,15}([ \t]*,[ \t,]*)?)$"#;
/// As many of them as a head has room for.
pub(crate) const IF_NONE_MATCH: &str =
    r#"^(\*|[ \t,]*(W/)?"[!#-~]*"([ \t]*,[ \t,]*(W/)?"[!#-~]*")*([ \t]*,[ \t,]*)?)$"#;
/// The form of a time zone's name; which there are is known to the database of zones.
pub(crate) const TIME_ZONE: &str = "^[A-Za-z][A-Za-z0-9_+/-]*$";

/// The days that every zone can place on the line of time, the format being that of a date.
pub(crate) const DAY: &str = "^(?!0000|0001-01-01|9999-12-3[01])[0-9]{4}-[0-9]{2}-[0-9]{2}$";

/// A wall time in whole seconds.
pub(crate) const WALL_TIME: &str = concat!("^", real_day!(), clock!(), "$");
/// The same, or one that says how far it is from UTC: there too it is on one of these days.
pub(crate) const TIME: &str = concat!(
    "^(?!(0001-01-02|9999-12-29).{9}[+-])",
    real_day!(),
    clock!(),
    "(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])?$"
);

/// A text of which something can be seen.
pub(crate) static VISIBLE: LazyLock<String> = LazyLock::new(|| {
    let unseen = class(|character| !is_visible(character));
    format!("^[^\\u0000]*[^{unseen}][^\\u0000]*$")
});

/// The same on one line, with any white space around it.
pub(crate) static VISIBLE_LINE: LazyLock<String> = LazyLock::new(|| {
    let unseen = class(|character| !is_visible(character));
    let breaks = class(breaks_line);
    let space = class(char::is_whitespace);
    format!("^[{space}]*[^{breaks}]*[^{unseen}][^{breaks}]*[{space}]*$")
});

/// The inside of a class of all characters up to U+FFFF that `belongs` is true of: for those beyond there is no escape that all
/// dialects read, so that of them the services alone decide.
fn class(belongs: impl Fn(char) -> bool) -> String {
    let mut ranges: Vec<RangeInclusive<char>> = vec![];
    for character in ('\0'..='\u{ffff}').filter(|character| belongs(*character)) {
        match ranges.last_mut() {
            Some(range) if follows(*range.end(), character) => *range = *range.start()..=character,
            _ => ranges.push(character..=character),
        }
    }
    ranges.iter().fold(String::new(), |mut class, range| {
        let (start, end) = (u32::from(*range.start()), u32::from(*range.end()));
        _ = match start == end {
            true => write!(class, "\\u{start:04x}"),
            false => write!(class, "\\u{start:04x}-\\u{end:04x}"),
        };
        class
    })
}

fn follows(one: char, next: char) -> bool {
    u32::from(one) + 1 == u32::from(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_written_for_what_is_kept_and_read() {
        use proto::tasks::v1::limits;
        assert_eq!([limits::FIRST_DAY, limits::LAST_DAY], ["0001-01-02", "9999-12-29"]);
        let longest = format!("{{1,{}}}", kit_rpc::idempotency::LONGEST);
        assert_eq!(IDEMPOTENCY_KEY.matches(&longest).count(), 2);
        assert!(IF_MATCH.contains(&format!("{{0,{}}}", crate::condition::MOST - 1)));
        assert!(limits::DAY.contains("from 0001-01-02 to 9999-12-29"), "{}", limits::DAY);
    }

    #[test]
    fn a_class_is_written_in_ranges() {
        let some = |character| matches!(character, 'a'..='c' | 'x' | '🦀');
        assert_eq!(class(some), "\\u0061-\\u0063\\u0078");
        assert!(VISIBLE.contains("\\u00ad\\u034f"), "{}", *VISIBLE);
    }
}
