//! Rules of text, the same for every field: what it may hold, how it is kept, and when two are the same.
use kit::Violation;

/// A text of one line, `1..=longest` characters as it is sent, and kept without the white space around it.
pub(crate) fn line(field: &str, raw: &str, longest: usize, faults: &mut Vec<Violation>) -> String {
    let text = raw.trim();
    if text.is_empty() {
        faults.push(Violation::new(field, "REQUIRED", format!("1 to {longest} characters")));
    } else if !text.contains(kit::text::is_visible) {
        let message = format!("1 to {longest} characters, of which at least one can be seen");
        faults.push(Violation::new(field, "REQUIRED", message));
    } else if raw.chars().count() > longest {
        faults.push(Violation::new(field, "TOO_LONG", format!("at most {longest} characters")));
    } else if text.contains('\0') {
        faults.push(Violation::new(field, "CHARACTER", "no NUL character"));
    }
    text.to_owned()
}
