//! The little YAML that is written here: texts in quotes, which every reader takes for what they are, and blocks.

/// A text on one line.
pub(crate) fn text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A text of lines, below its key.
pub(crate) fn block(text: &str, indent: usize) -> String {
    let margin = " ".repeat(indent);
    text.trim().lines().map(|line| format!("\n{margin}{line}")).collect::<String>()
}

/// The head of a file that nobody changes by hand.
pub(crate) const HEAD: &str =
    "# Written by `cargo run -p xtask -- write`: change what stands in xtask.\n";
