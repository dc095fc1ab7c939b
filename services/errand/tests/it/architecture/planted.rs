//! The search for circles, tried on houses with and without one.
use super::graph::{Sources, arrows, circles};

fn house<const N: usize>(files: [(&str, &str); N]) -> Sources {
    files.into_iter().map(|(path, text)| (path.to_owned(), text.to_owned())).collect()
}

/// The members of each circle.
fn found(sources: &Sources) -> Vec<Vec<String>> {
    let members = |arrows: &Vec<super::graph::Arrow>| {
        let mut members: Vec<_> = arrows.iter().map(|arrow| arrow.from.clone()).collect();
        members.dedup();
        members
    };
    circles(sources).iter().map(members).collect()
}

#[test]
fn two_files_that_name_each_other_are_a_circle_with_both_lines() {
    let sources = house([
        ("lib.rs", "mod a;\nmod b;"),
        ("a.rs", "\nuse crate::b::B;\npub struct A(B);"),
        ("b.rs", "pub struct B;\nimpl B { fn a(&self) -> super::a::A { todo!() } }"),
    ]);
    let said: Vec<String> = circles(&sources)[0].iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "a.rs:2 -> b.rs: use crate::b::B;",
            "b.rs:2 -> a.rs: impl B { fn a(&self) -> super::a::A { todo!() } }"
        ]
    );
}

#[test]
fn three_files_around_are_one_circle_and_who_looks_on_is_not_in_it() {
    let sources = house([
        ("lib.rs", "mod a; mod b; mod c; mod d; pub use a::A;"),
        ("a.rs", "use crate::b; pub struct A; fn f() { b::g() }"),
        ("b.rs", "use super::c::{self as see}; pub fn g() { see::h() }"),
        ("c.rs", "pub fn h() { crate::a::A; }"),
        ("d.rs", "use crate::{a::A, c::h};"),
    ]);
    assert_eq!(found(&sources), [["a.rs", "b.rs", "c.rs"]]);
}

#[test]
fn a_circle_through_a_re_export_is_found_where_the_item_stands() {
    let sources = house([
        ("lib.rs", "mod error; mod store; pub use error::Error;"),
        ("error.rs", "pub enum Error { Row(crate::store::Row) }"),
        ("store.rs", "mod row; pub(crate) use self::row::Row;"),
        ("store/row.rs", "use crate::Error; pub struct Row;"),
    ]);
    assert_eq!(found(&sources), [["error.rs", "store/row.rs"]]);
}

#[test]
fn a_parent_that_gives_what_its_child_has_and_has_what_its_child_takes_is_a_circle() {
    let sources = house([
        ("lib.rs", "mod a;"),
        ("a.rs", "mod b; pub(crate) use self::b::B; pub(crate) struct A;"),
        ("a/b.rs", "use super::A; pub(crate) struct B(A);"),
    ]);
    assert_eq!(found(&sources), [["a.rs", "a/b.rs"]]);
}

#[test]
fn a_type_that_calls_a_method_which_its_child_gives_it_is_a_circle() {
    let child = "use super::A; impl A { pub(super) fn g(&self) {} fn k(&self) {} }";
    let house_of = |call: &str| {
        let parent =
            format!("mod b; pub(crate) struct A(B); impl A {{ fn f(&self) {{ {call} }} }}");
        house([("lib.rs", "mod a;"), ("a.rs", &parent), ("a/b.rs", child)])
    };
    assert_eq!(found(&house_of("self.g()")), [["a.rs", "a/b.rs"]]);
    assert_eq!(found(&house_of("self.0.g()")), Vec::<Vec<String>>::new());
}

#[test]
fn a_glob_leads_to_what_is_named_through_it() {
    let sources = house([
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "use crate::b::*; pub struct A(B);"),
        ("b.rs", "use crate::a::A; pub struct B;"),
    ]);
    assert_eq!(found(&sources), [["a.rs", "b.rs"]]);
}

#[test]
fn a_macro_of_the_crate_leads_to_its_file() {
    let sources = house([
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "#[macro_export]\nmacro_rules! run { () => { $crate::b::B } }\nuse crate::b::B;"),
        ("b.rs", "use crate::run; pub struct B; fn f() { run!(); }"),
    ]);
    assert_eq!(found(&sources), [["a.rs", "b.rs"]]);
}

#[test]
fn what_only_looks_like_a_circle_is_none() {
    let sources = house([
        // Declaring a module is no arrow, and neither is importing one of which nothing is named.
        ("lib.rs", "mod error; mod a; mod b; pub use error::Error; pub fn build() { a::start() }"),
        ("error.rs", "pub enum Error {}"),
        // Siblings through the parent, which only re-exports: the arrow goes to the sibling.
        ("a.rs", "mod one; mod two; pub(crate) use self::two::start;"),
        ("a/one.rs", "use crate::Error; pub(super) struct One(Error);"),
        ("a/two.rs", "use super::one::One; pub(crate) fn start() { One::new(); }"),
        // In comments, in text, in tests, and in another crate with a module of the same name.
        (
            "b.rs",
            "// crate::a::start\nfn f() { g(\"crate::a::start\"); kit::a::start() }\n#[cfg(test)]\nmod tests { use crate::a::start; }",
        ),
    ]);
    assert_eq!(found(&sources), Vec::<Vec<String>>::new());
    let named: Vec<_> = arrows(&sources).into_iter().map(|a| (a.from, a.to)).collect();
    let expected = [
        ("a.rs", "a/two.rs"),
        ("a/one.rs", "error.rs"),
        ("a/two.rs", "a/one.rs"),
        ("lib.rs", "a/two.rs"),
        ("lib.rs", "error.rs"),
    ];
    assert_eq!(named, expected.map(|(from, to)| (from.to_owned(), to.to_owned())));
}
