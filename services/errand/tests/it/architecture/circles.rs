//! No circles: of two files, one can be read without the other.
use super::{ARROWS, graph, sources_of};

#[test]
fn no_files_stand_on_each_other() {
    let mut said = vec![];
    for (name, _) in ARROWS {
        for circle in graph::circles(&sources_of(name)) {
            let arrows: String = circle.iter().map(|arrow| format!("\n    {arrow}")).collect();
            said.push(format!("in {name}:{arrows}"));
        }
    }
    assert!(said.is_empty(), "files that stand on each other\n{}", said.join("\n"));
}
