//! Who there is.
pub(crate) mod address;

use std::time::Duration;

use kit_base::{
    Violation,
    text::{breaks_line, is_visible},
    zone,
};
use unicode_normalization::UnicodeNormalization as _;

use self::address::{Address, email};
use crate::{limits::NAME, passwords::rules as password};

/// How long it is known that an account was deleted, for services that were down meanwhile.
pub(crate) const REMEMBERED: Duration = Duration::from_secs(30 * 24 * 3600);

/// What someone who registers says, put in order.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Registration {
    pub(crate) email: Address,
    pub(crate) password: String,
    pub(crate) name: String,
    pub(crate) time_zone: String,
}

/// Checks all that someone who registers says.
pub(crate) fn registration(
    raw_email: &str,
    raw_password: &str,
    raw_name: Option<&str>,
    raw_time_zone: Option<&str>,
    minimum: usize,
) -> Result<Registration, Vec<Violation>> {
    let mut faults = vec![];
    let email = gather(email(raw_email), &mut faults);
    let known = email.as_ref().map(|address| address.shown.as_str()).unwrap_or_default();
    let password = password::check("password", raw_password, local_part(known), minimum);
    let password = gather(password, &mut faults);
    let name = gather(raw_name.map_or_else(|| Ok(default_name(known)), name), &mut faults);
    let time_zone =
        gather(raw_time_zone.map_or_else(|| Ok(default_time_zone()), time_zone), &mut faults);
    match (email, password, name, time_zone) {
        (Some(email), Some(password), Some(name), Some(time_zone)) => {
            Ok(Registration { email, password, name, time_zone })
        }
        _ => Err(faults),
    }
}

/// A name as others see it: trimmed, in Unicode's composed form, one line, 1 to 100 characters of which one can be seen.
pub(crate) fn name(raw: &str) -> Result<String, Vec<Violation>> {
    let name: String = raw.trim().nfc().collect();
    let mut faults = vec![];
    let mut fault = |reason, message: &str| faults.push(Violation::new("name", reason, message));
    let seen = name.contains(is_visible);
    if !seen {
        fault("REQUIRED", "a name has at least one character that can be seen");
    }
    // As it was sent, too: that is what the document bounds.
    if name.chars().count().max(raw.chars().count()) > NAME {
        fault("TOO_LONG", &format!("a name has at most {NAME} characters"));
    }
    if seen && name.contains(breaks_line) {
        fault("INVALID_CHARACTER", "a name has no line breaks or control characters");
    }
    if faults.is_empty() { Ok(name) } else { Err(faults) }
}

/// A time zone by its IANA name, in the spelling of the database.
pub(crate) fn time_zone(raw: &str) -> Result<String, Vec<Violation>> {
    let zone = zone::named("time_zone", raw).map_err(|fault| vec![fault])?;
    Ok(zone.iana_name().expect("it has the name that it was found by").to_owned())
}

/// The name of someone who gives none: what stands before the @.
pub(crate) fn default_name(email: &str) -> String {
    local_part(email).to_owned()
}

/// The time zone of someone who gives none.
pub(crate) fn default_time_zone() -> String {
    "UTC".to_owned()
}

/// What stands before the @.
pub(crate) fn local_part(email: &str) -> &str {
    email.rsplit_once('@').map_or(email, |(local, _)| local)
}

/// What to change about an account; what is absent stays.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    pub(crate) name: Option<String>,
    pub(crate) time_zone: Option<String>,
}

/// Checks a change: the fields that `paths` names get the values given, or their defaults where none is given.
pub(crate) fn changes(
    paths: &[String],
    raw_name: Option<&str>,
    raw_time_zone: Option<&str>,
    email: &str,
) -> Result<Changes, Vec<Violation>> {
    let (mut changes, mut faults) = (Changes::default(), vec![]);
    for path in paths {
        match path.as_str() {
            "name" => {
                changes.name =
                    gather(raw_name.map_or_else(|| Ok(default_name(email)), name), &mut faults)
            }
            "time_zone" => {
                let zone = raw_time_zone.map_or_else(|| Ok(default_time_zone()), time_zone);
                changes.time_zone = gather(zone, &mut faults);
            }
            other => faults.push(Violation::new(
                other,
                "UNKNOWN_FIELD",
                "what can be changed is name and time_zone",
            )),
        }
    }
    if faults.is_empty() { Ok(changes) } else { Err(faults) }
}

/// Notes what is wrong, so that every fault of a request is said at once.
fn gather<T>(outcome: Result<T, Vec<Violation>>, faults: &mut Vec<Violation>) -> Option<T> {
    outcome.map_err(|more| faults.extend(more)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reasons(faults: Vec<Violation>) -> String {
        let reasons: Vec<_> = faults.into_iter().map(|fault| fault.reason).collect();
        reasons.join(" ")
    }

    #[test]
    fn a_name_is_kept_as_it_is_seen() {
        let longest = "ä".repeat(100);
        for (raw, kept) in [
            (" Ada\t", "Ada"),
            ("Jose\u{301}", "Jos\u{e9}"),
            ("x", "x"),
            ("Ada  Lovelace", "Ada  Lovelace"),
            ("👩\u{200d}🔬", "👩\u{200d}🔬"),
            ("a\u{308}".repeat(50).as_str(), &longest[..100]),
            (longest.as_str(), longest.as_str()),
        ] {
            assert_eq!(name(raw).as_deref(), Ok(kept), "{raw:?}");
        }
    }

    #[test]
    fn a_name_that_shows_nothing_is_refused_like_an_empty_one() {
        let said = |raw: &str| name(raw).map_or_else(reasons, |_| "fine".to_owned());
        for raw in [
            "",
            " \t\r\n",
            "\u{a0}\u{3000}",
            "\u{200b}",
            "\u{feff} \u{2060}",
            "\u{ad}\u{34f}\u{61c}",
            "\u{3164}",
            "\u{115f}\u{1160}",
            "\u{2800}\u{2800}",
            "\u{fe0f}",
            "\u{e0041}",
            "\u{0}",
            "\u{200e}\u{7}\u{200f}",
            "\u{2028}",
        ] {
            assert_eq!(said(raw), "REQUIRED", "{raw:?}");
        }
        for raw in ["Ada\nLovelace", "Ada\u{0}", "Ada\u{2028}Lovelace", "A\u{2029}B"] {
            assert_eq!(said(raw), "INVALID_CHARACTER", "{raw:?}");
        }
        assert_eq!(said(&"x".repeat(101)), "TOO_LONG");
        for longer in ["x".repeat(100) + " ", "a\u{308}".repeat(51)] {
            assert_eq!(said(&longer), "TOO_LONG", "as it was sent, too");
        }
        assert_eq!(said(&"x\n".repeat(101)), "TOO_LONG INVALID_CHARACTER");
        assert_eq!(said(&"\u{200b}".repeat(101)), "REQUIRED TOO_LONG");
    }

    #[test]
    fn every_fault_of_a_registration_is_said_at_once() {
        let faults =
            registration("nobody", "short", Some(" "), Some("Mars/Olympus"), 15).unwrap_err();
        let said: Vec<_> =
            faults.iter().map(|fault| (fault.field.as_str(), fault.reason.as_str())).collect();
        let expected = [
            ("email", "INVALID"),
            ("password", "TOO_SHORT"),
            ("name", "REQUIRED"),
            ("time_zone", "TIME_ZONE"),
        ];
        assert_eq!(said, expected);
    }

    #[test]
    fn who_gives_no_name_is_called_by_the_address() {
        let ada = registration("Ada@example.com", "four words and a bit", None, None, 15).unwrap();
        assert_eq!((ada.name.as_str(), ada.time_zone.as_str()), ("ada", "UTC"));
    }

    #[test]
    fn a_field_named_without_a_value_goes_back_to_its_default() {
        let paths = ["name".to_owned(), "time_zone".to_owned()];
        let changed = changes(&paths, Some("Ada"), None, "ada@example.com").unwrap();
        assert_eq!(
            changed,
            Changes { name: Some("Ada".to_owned()), time_zone: Some("UTC".to_owned()) }
        );
        let fault = &changes(&["email".to_owned()], None, None, "").unwrap_err()[0];
        assert_eq!((fault.field.as_str(), fault.reason.as_str()), ("email", "UNKNOWN_FIELD"));
    }

    #[test]
    fn a_time_zone_gets_the_spelling_of_the_database() {
        assert_eq!(time_zone("europe/berlin").as_deref(), Ok("Europe/Berlin"));
        for raw in [" Europe/Berlin", "Etc/Unknown", "Factory", "+02:00"] {
            assert_eq!(reasons(time_zone(raw).unwrap_err()), "TIME_ZONE", "{raw}");
        }
    }
}
