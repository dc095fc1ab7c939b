//! Methods of one type that stand in several files: who calls another's on `self` names no path.
use std::collections::{BTreeMap, BTreeSet};

use super::tokens::{self, Token};

/// What a file has of the inherent methods of one type.
#[derive(Debug, Default)]
pub(super) struct Methods {
    pub(super) defines: BTreeSet<String>,
    /// The methods that it calls on `self`, each with the line of its first call.
    pub(super) calls: BTreeMap<String, usize>,
}

/// The methods in a file by the path of their type, as it stands there. What a trait asks for is not among them.
pub(super) fn read(text: &str) -> BTreeMap<Vec<String>, Methods> {
    let tokens = tokens::read(text);
    let (mut found, mut depth, mut of): (BTreeMap<_, Methods>, _, _) =
        (BTreeMap::new(), 0_usize, None);
    for (at, token) in tokens.iter().enumerate() {
        match token.text {
            "impl" if depth == 0 => of = owner(&tokens[at + 1..]),
            "{" => depth += 1,
            "}" => {
                depth = depth.saturating_sub(1);
                of = of.filter(|_| depth > 0);
            }
            _ => {}
        }
        let Some(of) = of.clone().filter(|_| depth > 0) else { continue };
        let methods = found.entry(of).or_default();
        let next = |ahead: usize| tokens.get(at + ahead).map_or("", |token| token.text);
        match token.text {
            "fn" if depth == 1 => _ = methods.defines.insert(next(1).to_owned()),
            "self" if next(1) == "." && ["(", "::"].contains(&next(3)) => {
                methods.calls.entry(next(2).to_owned()).or_insert(token.line);
            }
            _ => {}
        }
    }
    found
}

/// The path of the type behind an `impl`; none where that is for a trait.
fn owner(tokens: &[Token<'_>]) -> Option<Vec<String>> {
    let (mut path, mut depth) = (vec![], 0_usize);
    for token in tokens {
        match token.text {
            "<" => depth += 1,
            ">" => depth = depth.saturating_sub(1),
            "{" | "where" if depth == 0 => break,
            "for" if depth == 0 => return None,
            _ if depth == 0 && token.is_word() => path.push(token.text.to_owned()),
            _ => {}
        }
    }
    (!path.is_empty()).then_some(path)
}

#[test]
fn methods_and_calls_are_found_under_their_type() {
    let found = read(
        "impl<T: Into<A>> crate::b::B<T> where T: C { fn d(&self) { self.e(); self.f::<G>(); self.h; x.i() } fn j() { fn k() {} } }
         trait E { fn m(&self) { self.n() } }
         impl Clone for B { fn clone(&self) { self.d() } }
         fn free() { self.l() }",
    );
    let path = ["crate", "b", "B"].map(str::to_owned).to_vec();
    assert_eq!(found.keys().collect::<Vec<_>>(), [&path]);
    assert_eq!(found[&path].defines.iter().collect::<Vec<_>>(), ["d", "j"]);
    assert_eq!(found[&path].calls.keys().collect::<Vec<_>>(), ["e", "f"]);
}
