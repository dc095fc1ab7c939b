//! What the messages of all resources say in the same way.
use kit_base::Violation;
use uuid::{Uuid, fmt::Hyphenated};

use crate::Error;

/// An id that a path names; one that is none names nothing.
pub(crate) fn path_id<T: std::str::FromStr>(
    text: &str,
    missing: impl Into<Error>,
) -> Result<T, Error> {
    id(text).ok_or_else(|| missing.into())
}

/// An id that a field names.
pub(crate) fn field_id<T: std::str::FromStr>(
    field: &str,
    text: Option<&String>,
    faults: &mut Vec<Violation>,
) -> Option<T> {
    let parsed = id(text?);
    if parsed.is_none() {
        faults.push(Violation::new(field, "ID", "a UUID with its hyphens"));
    }
    parsed
}

/// A UUID in the one form that has hyphens and nothing else (RFC 9562, 4).
fn id<T: std::str::FromStr>(text: &str) -> Option<T> {
    (text.len() == Hyphenated::LENGTH).then(|| text.parse().ok()).flatten()
}

/// An id of the client's choice: a UUIDv7 (RFC 9562).
pub(crate) fn chosen_id(text: Option<&String>, faults: &mut Vec<Violation>) -> Option<Uuid> {
    let id = field_id::<Uuid>("id", text, faults)?;
    if id.get_version_num() != 7 || id.get_variant() != uuid::Variant::RFC4122 {
        faults.push(Violation::new("id", "ID", "a UUID of version 7, or leave it out"));
    }
    Some(id)
}

#[cfg(test)]
mod tests {
    use kit_base::Fault as _;

    use super::*;
    use crate::{ids::TaskId, tasks};

    const OF_VERSION_7: &str = "01a22219-328d-797c-a299-3514c8f144d2";

    const OTHER_FORMS: [&str; 3] = [
        "01a22219328d797ca2993514c8f144d2",
        "{01a22219-328d-797c-a299-3514c8f144d2}",
        "urn:uuid:01a22219-328d-797c-a299-3514c8f144d2",
    ];

    #[test]
    fn an_id_has_one_form_in_either_case() {
        let upper = OF_VERSION_7.to_uppercase();
        for (text, is_id) in [(OF_VERSION_7, true), (&*upper, true)]
            .into_iter()
            .chain(OTHER_FORMS.map(|text| (text, false)))
        {
            let (mut faults, said) = (vec![], text.to_owned());
            let field = field_id::<TaskId>("parent_id", Some(&said), &mut faults);
            let chosen = chosen_id(Some(&said), &mut faults);
            assert_eq!((field.is_some(), chosen.is_some()), (is_id, is_id), "{text}");
            let told: Vec<_> = faults.iter().map(|fault| fault.field.as_str()).collect();
            assert_eq!(told, if is_id { vec![] } else { vec!["parent_id", "id"] }, "{text}");
        }
    }

    #[test]
    fn a_path_that_is_no_id_names_nothing() {
        let missing = tasks::error::Error::NotFound;
        assert!(path_id::<TaskId>(OF_VERSION_7, missing).is_ok());
        for text in ["", "7", "../x", "01a22219-328d-797c-a299-3514c8f144d", "\u{0}"]
            .into_iter()
            .chain(OTHER_FORMS)
        {
            let refused = path_id::<TaskId>(text, missing).unwrap_err();
            assert_eq!(refused.fault().1, "TASK_NOT_FOUND", "{text:?}");
        }
    }

    #[test]
    fn an_id_of_the_clients_choice_is_of_version_7() {
        for (text, reasons) in [
            (OF_VERSION_7, vec![]),
            // Of no variant of RFC 9562.
            ("01a22219-328d-797c-0299-3514c8f144d2", vec!["ID"]),
            ("00000000-0000-0000-0000-000000000000", vec!["ID"]),
            ("9b2f2a0e-6c51-4d0e-8a53-0f5a3c3f5c11", vec!["ID"]),
            ("ffffffff-ffff-ffff-ffff-ffffffffffff", vec!["ID"]),
            ("seven", vec!["ID"]),
        ] {
            let mut faults = vec![];
            chosen_id(Some(&text.to_owned()), &mut faults);
            let told: Vec<_> = faults.iter().map(|fault| fault.reason.as_str()).collect();
            assert_eq!(told, reasons, "{text}");
            assert!(faults.iter().all(|fault| fault.field == "id"));
        }
        let mut faults = vec![];
        assert_eq!((chosen_id(None, &mut faults), faults), (None, vec![]));
    }
}
