//! What one file defines, what it imports, and which paths it names.
use std::collections::{BTreeMap, BTreeSet};

use super::tokens::{self, Token};

/// A path as it stands in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) path: Vec<String>,
    pub(super) line: usize,
}

/// What matters of a file.
#[derive(Debug, Default)]
pub(super) struct File {
    /// The items that stand in it, outside of functions.
    pub(super) defines: BTreeSet<String>,
    /// The macros that it exports, which are known at the root of its crate.
    pub(super) exports: BTreeSet<String>,
    /// What it imports, by the name that this has here.
    pub(super) imports: BTreeMap<String, Named>,
    /// The modules of which it imports all.
    pub(super) globs: Vec<Named>,
    /// The paths in its code.
    pub(super) paths: Vec<Named>,
    /// Every word of its code, for what comes in by a glob.
    pub(super) words: BTreeMap<String, usize>,
}

/// What an item begins with, before its name.
const ITEMS: [&str; 9] =
    ["fn", "struct", "enum", "union", "trait", "type", "const", "static", "macro_rules"];

impl File {
    pub(super) fn read(text: &str) -> Self {
        let tokens = tokens::read(text);
        let (mut file, mut at, mut depth) = (Self::default(), 0, 0_usize);
        while at < tokens.len() {
            let token = tokens[at];
            match token.text {
                "{" => depth += 1,
                "}" => depth = depth.saturating_sub(1),
                // `use<'a>` says what a type captures.
                "use" if tokens.get(at + 1).is_none_or(|next| next.text != "<") => {
                    at += 1;
                    file.import(&tokens, &mut at, &[]);
                }
                item if depth == 0 && ITEMS.contains(&item) => file.define(&tokens, at),
                _ if token.is_word() && begins_a_path(&tokens, at) => {
                    file.name(&tokens, &mut at);
                }
                _ => {}
            }
            at += 1;
        }
        file
    }

    fn define(&mut self, tokens: &[Token<'_>], at: usize) {
        let mut names = tokens[at + 1..].iter().filter(|token| token.is_word());
        // `const fn`, `static mut`: the next word tells what it is.
        let name = names.find(|token| !ITEMS.contains(&token.text) && token.text != "mut");
        let Some(name) = name else { return };
        self.defines.insert(name.text.to_owned());
        let before = &tokens[at.saturating_sub(4)..at];
        if tokens[at].text == "macro_rules" && before.iter().any(|t| t.text == "macro_export") {
            self.exports.insert(name.text.to_owned());
        }
    }

    /// Reads a tree of imports below `base`, up to what ends it.
    fn import(&mut self, tokens: &[Token<'_>], at: &mut usize, base: &[String]) {
        let mut path = base.to_vec();
        let line = tokens.get(*at).map_or(0, |token| token.line);
        while let Some(token) = tokens.get(*at) {
            match token.text {
                "{" => {
                    while !matches!(tokens.get(*at).map(|t| t.text), None | Some("}")) {
                        *at += 1;
                        if tokens.get(*at).is_some_and(|t| t.text != "}") {
                            self.import(tokens, at, &path);
                        }
                    }
                    *at += 1;
                    return;
                }
                "*" => self.globs.push(Named { path: path.clone(), line }),
                "as" => {
                    *at += 1;
                    let name = tokens.get(*at).map_or("_", |token| token.text);
                    // Many may have no name: none hides another.
                    let name = if name == "_" { path.join("::") } else { name.to_owned() };
                    self.imports.insert(name, Named { path, line });
                    *at += 1;
                    return;
                }
                "self" if path.len() > base.len() || !base.is_empty() => {}
                "," | "}" | ";" => break,
                _ if token.is_word() => path.push(token.text.to_owned()),
                _ => {}
            }
            *at += 1;
        }
        let whole = tokens.get(at.saturating_sub(1)).is_none_or(|token| token.text != "*");
        if let Some(name) = path.last().cloned().filter(|_| whole) {
            self.imports.insert(name, Named { path, line });
        }
    }

    /// Reads a path in the code; `at` is left at its last word.
    fn name(&mut self, tokens: &[Token<'_>], at: &mut usize) {
        let line = tokens[*at].line;
        let mut path = vec![tokens[*at].text.to_owned()];
        self.words.entry(path[0].clone()).or_insert(line);
        while let [sign, word, ..] = tokens.get(*at + 1..).unwrap_or_default()
            && sign.text == "::"
            && word.is_word()
        {
            path.push(word.text.to_owned());
            *at += 2;
        }
        if path.len() > 1 {
            self.paths.push(Named { path, line });
        }
    }
}

/// Whether a path begins at this word: `a::b`, or `::a::b` with nothing before it.
fn begins_a_path(tokens: &[Token<'_>], at: usize) -> bool {
    let Some(before) = at.checked_sub(1) else { return true };
    match tokens[before].text {
        "::" => {
            let owner = before.checked_sub(1).map(|owner| tokens[owner]);
            owner.is_none_or(|owner| !owner.is_word() && owner.text != ">")
        }
        sign => ![".", "$"].contains(&sign),
    }
}

#[test]
fn imports_are_read_to_their_leaves() {
    let file = File::read("pub(crate) use super::{self, a::{B, c as d}, e::*};\nuse crate::f;");
    let named = |name: &str| file.imports[name].path.join("::");
    assert_eq!(
        ["B", "d", "f", "super"].map(named),
        ["super::a::B", "super::a::c", "crate::f", "super"]
    );
    assert_eq!(file.globs.iter().map(|n| n.path.join("::")).collect::<Vec<_>>(), ["super::e"]);
    let unnamed = File::read("use a::B as _;\nuse c::D as _;").imports;
    let paths: Vec<_> = unnamed.values().map(|named| named.path.join("::")).collect();
    assert_eq!(paths, ["a::B", "c::D"]);
}

#[test]
fn items_and_paths_are_found_where_they_stand() {
    let file = File::read(
        "const fn a() { fn b() {} x.c::<D>(); e::F::g(); $crate::h(); ::j::k(); <L>::m::n(); }\n#[macro_export]\nmacro_rules! i { () => {} }",
    );
    assert_eq!(file.defines.iter().collect::<Vec<_>>(), ["a", "i"]);
    assert_eq!(file.exports.iter().collect::<Vec<_>>(), ["i"]);
    let paths: Vec<_> = file.paths.iter().map(|named| named.path.join("::")).collect();
    assert_eq!(paths, ["e::F::g", "j::k"]);
}
