//! The tokens of a Rust file that matter for who names whom: no comments, no text, no tests.

/// A word or a sign, and its line. `::` is one sign; any other sign is one character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) text: &'a str,
    pub(super) line: usize,
}

impl Token<'_> {
    pub(super) fn is_word(&self) -> bool {
        self.text.starts_with(|c: char| c.is_alphabetic() || c == '_')
    }
}

/// What a file says, without what stands under `#[cfg(test)]`.
pub(super) fn read(text: &str) -> Vec<Token<'_>> {
    without_tests(&all(text))
}

fn all(text: &str) -> Vec<Token<'_>> {
    let (mut tokens, mut at, mut line) = (vec![], 0, 1);
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let (length, speaks) = match first {
            '/' if rest.starts_with("//") => (rest.find('\n').unwrap_or(rest.len()), false),
            '/' if rest.starts_with("/*") => (after(rest, "*/", 2), false),
            '"' => (quoted(rest), false),
            'r' if raw(rest).is_some() => (raw(rest).unwrap_or(1), false),
            '\'' => (character(rest), false),
            ':' if rest.starts_with("::") => (2, true),
            c if c.is_alphanumeric() || c == '_' => {
                let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
                (end.unwrap_or(rest.len()), true)
            }
            c => (c.len_utf8(), !c.is_whitespace()),
        };
        let token = &rest[..length];
        if speaks {
            tokens.push(Token { text: token, line });
        }
        line += token.matches('\n').count();
        at += length;
    }
    tokens
}

fn after(rest: &str, end: &str, from: usize) -> usize {
    rest[from..].find(end).map_or(rest.len(), |found| from + found + end.len())
}

fn quoted(rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            '"' if !escaped => return at + 1,
            _ => escaped = c == '\\' && !escaped,
        }
    }
    rest.len()
}

/// The length of a raw string, if this begins one.
fn raw(rest: &str) -> Option<usize> {
    let hashes = rest[1..].chars().take_while(|c| *c == '#').count();
    let end = format!("\"{}", "#".repeat(hashes));
    rest[1 + hashes..].starts_with('"').then(|| after(rest, &end, hashes + 2))
}

/// A character, or the quote of a lifetime.
fn character(rest: &str) -> usize {
    let mut chars = rest.char_indices().skip(1);
    match (chars.next(), chars.next()) {
        (Some((_, '\\')), Some((escape, c))) => after(rest, "'", escape + c.len_utf8()),
        (Some(_), Some((end, '\''))) => end + 1,
        _ => 1,
    }
}

fn without_tests<'a>(tokens: &[Token<'a>]) -> Vec<Token<'a>> {
    const MARK: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let (mut kept, mut at) = (vec![], 0);
    while at < tokens.len() {
        let marked = tokens[at..].iter().map(|token| token.text).take(MARK.len()).eq(MARK);
        if marked {
            at = end_of_item(tokens, at + MARK.len());
        } else {
            kept.push(tokens[at]);
            at += 1;
        }
    }
    kept
}

/// Behind the item that begins at `at`: its semicolon, or the brace that closes it.
fn end_of_item(tokens: &[Token<'_>], at: usize) -> usize {
    let mut depth = 0_usize;
    for (offset, token) in tokens[at..].iter().enumerate() {
        match token.text {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 && matches!(token.text, ";" | "}") {
            return at + offset + 1;
        }
    }
    tokens.len()
}

#[test]
fn comments_text_and_tests_say_nothing() {
    let text = r##"
        // crate::one
        fn a<'a>(b: &'a str) -> char { /* crate::two */ f("crate::\"three", r#"crate::"four"#, 'c', '\'', '"') }
        #[cfg(test)]
        use crate::five;
        #[cfg(test)]
        mod tests { use crate::six; fn g() { h() } }
        last::one
    "##;
    let words: Vec<_> = read(text).into_iter().filter(Token::is_word).map(|t| t.text).collect();
    assert_eq!(words, ["fn", "a", "a", "b", "a", "str", "char", "f", "last", "one"]);
    assert_eq!(read(text).last().map(|token| token.line), Some(8));
}
