use std::{borrow::Cow, fmt};

/// Characters of one value: a line stays below the 16 KiB at which container runtimes cut it.
const LONGEST_VALUE: usize = 4096;

/// Writes text into a JSON string so that it stays one line in every reader.
pub(super) struct Escaped<'a> {
    line: &'a mut Vec<u8>,
    left: usize,
}

impl<'a> Escaped<'a> {
    /// A value of `line`.
    pub(super) fn new(line: &'a mut Vec<u8>) -> Self {
        Self { line, left: LONGEST_VALUE }
    }
}

impl fmt::Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // As a rule there is nothing to escape.
        let plain = |byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\';
        // Looks at all of them, which takes less time than to stop at the first.
        if text.len() <= self.left && text.bytes().fold(true, |all, byte| all & plain(byte)) {
            self.left -= text.len();
            self.line.extend_from_slice(text.as_bytes());
            return Ok(());
        }
        let mut plain_from = 0;
        for (position, character) in text.char_indices() {
            if self.left == 0 {
                self.line.extend_from_slice(&text.as_bytes()[plain_from..position]);
                self.line.extend_from_slice("…".as_bytes());
                return Err(fmt::Error);
            }
            self.left -= 1;
            if let Some(escape) = escape(character) {
                self.line.extend_from_slice(&text.as_bytes()[plain_from..position]);
                self.line.extend_from_slice(escape.as_bytes());
                plain_from = position + character.len_utf8();
            }
        }
        self.line.extend_from_slice(&text.as_bytes()[plain_from..]);
        Ok(())
    }
}

/// How a character is written that may not stand in a line as it is.
fn escape(character: char) -> Option<Cow<'static, str>> {
    match character {
        '"' => Some("\\\"".into()),
        '\\' => Some("\\\\".into()),
        '\n' => Some("\\n".into()),
        '\r' => Some("\\r".into()),
        '\t' => Some("\\t".into()),
        _ if character.is_control() || matches!(character, '\u{2028}' | '\u{2029}') => {
            Some(format!("\\u{:04x}", u32::from(character)).into())
        }
        _ => None,
    }
}
