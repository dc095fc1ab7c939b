//! Labels: names on a task, the same whatever their case.
use std::collections::HashSet;

use kit::{Violation, text::fold};

use crate::{
    limits::{LABEL, LABELS},
    tasks::row::labels::Labels,
    text,
};

/// Checks what a client gave.
pub(crate) fn parse(given: &[String], faults: &mut Vec<Violation>) -> Labels {
    if given.len() > LABELS {
        faults.push(Violation::new("labels", "TOO_MANY", format!("at most {LABELS} labels")));
        return Labels::default();
    }
    let (mut labels, mut seen) = (vec![], HashSet::new());
    for (place, label) in given.iter().enumerate() {
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
}
