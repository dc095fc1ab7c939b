//! Labels: names on a task, the same whatever their case.
use std::collections::HashSet;

use kit_base::{Violation, text::fold};

use crate::{
    limits::{LABEL, LABELS},
    tasks::row::labels::Labels,
    text,
};

/// Checks what a client gave.
pub(crate) fn parse(given: &[String], faults: &mut Vec<Violation>) -> Labels {
    if given.len() > LABELS {
        faults.push(Violation::new("labels", "TOO_MANY", format!("at most {LABELS} labels")));
    }
    let before = faults.len();
    let (mut labels, mut seen) = (vec![], HashSet::new());
    for (place, label) in given.iter().enumerate() {
        // A body holds tens of thousands, an answer does not.
        if faults.len() - before >= LABELS {
            break;
        }
        let label = text::line(&format!("labels.{place}"), label, LABEL, faults);
        if seen.insert(fold(&label)) {
            labels.push(label);
        }
    }
    Labels(labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_counts_once_whatever_its_case() {
        let mut faults = vec![];
        let labels = parse(
            &["Home".to_owned(), " home ".to_owned(), "Büro".to_owned(), "BÜRO".to_owned()],
            &mut faults,
        );
        assert_eq!((labels.0, faults), (vec!["Home".to_owned(), "Büro".to_owned()], vec![]));
    }

    #[test]
    fn each_unacceptable_label_is_named() {
        let mut faults = vec![];
        parse(&[String::new(), "ok".to_owned(), "x".repeat(61)], &mut faults);
        let fields: Vec<_> =
            faults.iter().map(|fault| (fault.field.as_str(), fault.reason.as_str())).collect();
        assert_eq!(fields, [("labels.0", "REQUIRED"), ("labels.2", "TOO_LONG")]);
    }

    #[test]
    fn sixty_four_labels_are_accepted_and_no_more() {
        for (count, kept, told) in [(0, 0, 0), (64, 64, 0), (65, 65, 1)] {
            let given: Vec<String> = (0..count).map(|number| format!("label {number}")).collect();
            let mut faults = vec![];
            let labels = parse(&given, &mut faults);
            assert_eq!((labels.0.len(), faults.len()), (kept, told), "{count}");
            assert!(
                faults.iter().all(|fault| fault.field == "labels" && fault.reason == "TOO_MANY")
            );
        }
        let mut faults = vec![];
        assert_eq!(parse(&["x".repeat(60)], &mut faults).0, ["x".repeat(60)]);
        assert_eq!(faults, []);
    }

    #[test]
    fn labels_that_are_too_many_are_looked_at_as_well() {
        let mut given: Vec<String> = (0..64).map(|number| format!("label {number}")).collect();
        given.extend(["x".repeat(61), String::new()]);
        let mut faults = vec![];
        parse(&given, &mut faults);
        let told: Vec<_> =
            faults.iter().map(|fault| (fault.field.as_str(), fault.reason.as_str())).collect();
        let expected =
            [("labels", "TOO_MANY"), ("labels.64", "TOO_LONG"), ("labels.65", "REQUIRED")];
        assert_eq!(told, expected);
        let mut faults = vec![];
        parse(&vec![String::new(); 10_000], &mut faults);
        assert_eq!(faults.len(), 1 + LABELS, "an answer has an end");
    }
}
