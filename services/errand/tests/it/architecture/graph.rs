//! Which file of a crate stands on which, and where they stand on each other.
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use super::{
    file::{File, Named},
    methods::{self, Methods},
};

/// The files of a crate by their path below `src`, with their texts.
pub(super) type Sources = BTreeMap<String, String>;

/// A file names what another defines: this is the first line that does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Arrow {
    pub(super) from: String,
    pub(super) to: String,
    line: usize,
    text: String,
}

impl fmt::Display for Arrow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} -> {}: {}", self.from, self.line, self.to, self.text)
    }
}

/// Sets of files of which each leads to each other one, with the arrows among them.
pub(super) fn circles(sources: &Sources) -> Vec<Vec<Arrow>> {
    let arrows = arrows(sources);
    let reach = |from: &str| {
        let (mut seen, mut open) = (BTreeSet::new(), vec![from.to_owned()]);
        while let Some(file) = open.pop() {
            let next = arrows.iter().filter(|arrow| arrow.from == file);
            open.extend(next.map(|arrow| arrow.to.clone()).filter(|to| seen.insert(to.clone())));
        }
        seen
    };
    let reached: BTreeMap<&str, BTreeSet<String>> =
        sources.keys().map(|file| (file.as_str(), reach(file))).collect();
    let mut found: BTreeMap<Vec<&str>, Vec<Arrow>> = BTreeMap::new();
    for arrow in &arrows {
        if reached[arrow.to.as_str()].contains(&arrow.from) {
            let together = reached.iter().filter(|(file, reaches)| {
                reaches.contains(&arrow.from) && reached[arrow.from.as_str()].contains(**file)
            });
            let members = together.map(|(file, _)| *file).collect();
            found.entry(members).or_default().push(arrow.clone());
        }
    }
    found.into_values().collect()
}

/// Every arrow between two files; `main.rs` is a crate of its own.
pub(super) fn arrows(sources: &Sources) -> Vec<Arrow> {
    let modules: BTreeMap<Vec<String>, (&str, File)> = sources
        .iter()
        .filter(|(path, _)| path.as_str() != "main.rs" && !path.ends_with("tests.rs"))
        .map(|(path, text)| (module_of(path), (path.as_str(), File::read(text))))
        .collect();
    let house = House(&modules);
    let mut found = BTreeMap::new();
    for (module, (from, file)) in &modules {
        for (to, line) in house.named_by(module, file) {
            if to != *from {
                found.entry((*from, to)).or_insert(line);
            }
        }
    }
    for ((from, to), line) in house.called(sources) {
        found.entry((from, to)).or_insert(line);
    }
    let arrow = |((from, to), line): ((&str, &str), usize)| {
        let text = sources[from].lines().nth(line.saturating_sub(1)).unwrap_or_default().trim();
        Arrow { from: from.to_owned(), to: to.to_owned(), line, text: text.to_owned() }
    };
    found.into_iter().map(arrow).collect()
}

fn module_of(path: &str) -> Vec<String> {
    let path = path.trim_end_matches(".rs");
    if path == "lib" { vec![] } else { path.split('/').map(str::to_owned).collect() }
}

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target<'a> {
    /// An item, in the file that defines it.
    Item(&'a str),
    /// A module, as a whole.
    Module(&'a str),
}

/// The modules of a crate, each in its file.
struct House<'a>(&'a BTreeMap<Vec<String>, (&'a str, File)>);

impl<'a> House<'a> {
    /// The files that a file names, each with the line.
    fn named_by(&self, module: &[String], file: &File) -> Vec<(&'a str, usize)> {
        let mut found = vec![];
        for Named { path, line } in file.imports.values() {
            // A module that is imported is reached where something of it is named.
            if let Some(Target::Item(file)) = self.lead(module, path, 0) {
                found.push((file, *line));
            }
        }
        for Named { path, line } in &file.paths {
            if let Some(Target::Item(file) | Target::Module(file)) = self.lead(module, path, 0) {
                found.push((file, *line));
            }
        }
        for Named { path, .. } in &file.globs {
            let Some(Target::Module(_)) = self.lead(module, path, 0) else { continue };
            for (word, line) in &file.words {
                let path: Vec<String> = path.iter().chain([word]).cloned().collect();
                if let Some(Target::Item(file)) = self.exact(module, &path) {
                    found.push((file, *line));
                }
            }
        }
        found
    }

    /// The files that call on `self` a method which stands in another file, each with that one and the line.
    fn called(&self, sources: &Sources) -> Vec<((&'a str, &'a str), usize)> {
        let mut types: BTreeMap<_, Vec<(&'a str, Methods)>> = BTreeMap::new();
        for (module, (file, _)) in self.0 {
            for (path, methods) in methods::read(&sources[*file]) {
                // Where it stands that is not this file, the path says so.
                let at = match self.lead(module, &path, 0) {
                    Some(Target::Item(at) | Target::Module(at)) => at,
                    None => file,
                };
                let name = path.last().cloned().unwrap_or_default();
                types.entry((at, name)).or_default().push((*file, methods));
            }
        }
        let mut found = vec![];
        for files in types.values() {
            for ((from, caller), (to, called)) in
                files.iter().flat_map(|one| files.iter().map(move |other| (one, other)))
            {
                let calls = caller.calls.iter().filter(|_| from != to);
                let calls = calls.filter(|(name, _)| called.defines.contains(*name));
                found.extend(calls.map(|(_, line)| ((*from, *to), *line)));
            }
        }
        found
    }

    /// Where `path`, named in `module`, leads to; none when that is another crate.
    fn lead(&self, module: &[String], path: &[String], depth: usize) -> Option<Target<'a>> {
        let (start, rest) = self.start(module, path)?;
        self.walk(&start, rest, depth, false)
    }

    /// As `lead`, but none for what cannot be found.
    fn exact(&self, module: &[String], path: &[String]) -> Option<Target<'a>> {
        let (start, rest) = self.start(module, path)?;
        self.walk(&start, rest, 0, true)
    }

    /// The module at which a path begins, and what is left of it.
    fn start<'p>(
        &self,
        module: &[String],
        path: &'p [String],
    ) -> Option<(Vec<String>, &'p [String])> {
        let (head, rest) = path.split_first()?;
        match head.as_str() {
            "crate" => Some((vec![], rest)),
            "self" => Some((module.to_vec(), rest)),
            "super" => {
                let (_, parent) = module.split_last()?;
                let ups = rest.iter().take_while(|word| *word == "super").count();
                let up = parent.len().checked_sub(ups)?;
                Some((parent[..up].to_vec(), &rest[ups..]))
            }
            _ => {
                let (_, file) = self.0.get(module)?;
                let known = self.child(module, head).is_some() || file.imports.contains_key(head);
                known.then(|| (module.to_vec(), path))
            }
        }
    }

    fn child(&self, module: &[String], name: &str) -> Option<Vec<String>> {
        let child: Vec<String> = module.iter().cloned().chain([name.to_owned()]).collect();
        self.0.contains_key(&child).then_some(child)
    }

    /// Follows a path from `module` down, through what is imported on the way.
    fn walk(
        &self,
        module: &[String],
        path: &[String],
        depth: usize,
        exact: bool,
    ) -> Option<Target<'a>> {
        const DEEPEST: usize = 16;
        let (name, file) = self.0.get(module)?;
        let Some((head, rest)) = path.split_first() else { return Some(Target::Module(name)) };
        if let Some(child) = self.child(module, head) {
            return self.walk(&child, rest, depth, exact);
        }
        if file.defines.contains(head) {
            return Some(Target::Item(name));
        }
        if let Some(Named { path, .. }) = file.imports.get(head).filter(|_| depth < DEEPEST) {
            let onward: Vec<String> = path.iter().chain(rest).cloned().collect();
            // An import of itself, as `use a::b` under `mod a`, is another crate's.
            return self.lead(module, &onward, depth + 1);
        }
        for Named { path: glob, .. } in file.globs.iter().filter(|_| depth < DEEPEST) {
            let onward: Vec<String> = glob.iter().chain(path).cloned().collect();
            if let Some((start, rest)) = self.start(module, &onward)
                && let Some(found) = self.walk(&start, rest, depth + 1, true)
            {
                return Some(found);
            }
        }
        let exported = module
            .is_empty()
            .then(|| self.0.values().find(|(_, file)| file.exports.contains(head)));
        match exported.flatten() {
            Some((file, _)) => Some(Target::Item(file)),
            // What a macro makes is found by no name: it stands in the file that the path ends in.
            None => (!exact).then_some(Target::Item(name)),
        }
    }
}
