//! Time zones, by their names.
use jiff::tz::TimeZone;

use crate::Violation;

/// The time zone of an IANA name, in whatever case it is written; its own name is in the one spelling of the database. A link
/// (`Asia/Calcutta`) is a name as good as that of its target (`Asia/Kolkata`): the database that we carry does not tell them apart.
/// All names of UTC are `UTC`.
pub fn named(field: &str, name: &str) -> Result<TimeZone, Violation> {
    let zone = TimeZone::get(name).ok().filter(|zone| zone.iana_name().is_some_and(is_a_place));
    let is_utc = |zone: &TimeZone| zone.iana_name().is_some_and(|name| UTC.contains(&name));
    zone.map(|zone| if is_utc(&zone) { TimeZone::UTC } else { zone }).ok_or_else(|| {
        Violation::new(field, "TIME_ZONE", "the name of an IANA time zone, as Europe/Berlin")
    })
}

/// What the database calls UTC besides (its file `backward`, and `Etc/UTC`).
const UTC: [&str; 7] =
    ["Etc/UCT", "Etc/UTC", "Etc/Universal", "Etc/Zulu", "UCT", "Universal", "Zulu"];

/// Two names stand for no zone at all: the one of a clock that nobody has set, and the one of CLDR for what is not known.
fn is_a_place(name: &str) -> bool {
    !["Factory", "Etc/Unknown"].contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_has_one_spelling() {
        for (given, kept) in [
            ("Europe/Berlin", "Europe/Berlin"),
            ("europe/berlin", "Europe/Berlin"),
            ("AMERICA/ARGENTINA/BUENOS_AIRES", "America/Argentina/Buenos_Aires"),
            ("America/Port-Au-Prince", "America/Port-au-Prince"),
            ("etc/gmt+5", "Etc/GMT+5"),
            ("utc", "UTC"),
            ("zulu", "UTC"),
            ("Etc/UTC", "UTC"),
            ("Etc/Universal", "UTC"),
            ("UCT", "UTC"),
            ("Etc/GMT", "Etc/GMT"),
            ("asia/calcutta", "Asia/Calcutta"),
            ("Asia/Kolkata", "Asia/Kolkata"),
        ] {
            let zone = named("time_zone", given).unwrap();
            assert_eq!(zone.iana_name(), Some(kept), "{given}");
        }
    }

    #[test]
    fn what_names_no_place_is_no_zone() {
        for given in [
            "",
            "Factory",
            "factory",
            "Etc/Unknown",
            "ETC/UNKNOWN",
            "local",
            "Berlin",
            "Mars/Olympus",
            "Z",
            "+02:00",
            "UTC+2",
            "EST5EDT4",
            " Europe/Berlin",
            "Europe/Berlin ",
            "Europe/Berlin\0",
        ] {
            let fault = named("due.time_zone", given).unwrap_err();
            assert_eq!(
                (fault.field.as_str(), fault.reason.as_str()),
                ("due.time_zone", "TIME_ZONE"),
                "{given:?}"
            );
        }
    }
}
