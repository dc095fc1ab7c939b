//! Files of the repository that are written from others.
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;

/// What is to stand where, by its path from the root of the repository.
#[derive(Default)]
pub(crate) struct Files {
    contents: BTreeMap<String, String>,
    /// Folders in which nothing else may be.
    folders: Vec<&'static str>,
}

/// A place in the repository.
pub(crate) fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)
}

/// What is there.
pub(crate) fn read(name: &str) -> anyhow::Result<String> {
    fs::read_to_string(path(name)).with_context(|| name.to_owned())
}

/// The files of a folder, in order.
pub(crate) fn list(folder: &str) -> anyhow::Result<Vec<String>> {
    let mut names = vec![];
    for entry in fs::read_dir(path(folder)).with_context(|| folder.to_owned())? {
        names.push(format!("{folder}/{}", entry?.file_name().to_string_lossy()));
    }
    names.sort();
    Ok(names)
}

impl Files {
    pub(crate) fn add(&mut self, name: impl Into<String>, content: String) {
        self.contents.insert(name.into(), content);
    }

    /// Nothing but what is added is to be in the folder.
    pub(crate) fn own(&mut self, folder: &'static str) {
        self.folders.push(folder);
    }

    fn strangers(&self) -> anyhow::Result<Vec<String>> {
        let mut there = vec![];
        for folder in self.folders.iter().filter(|folder| path(folder).exists()) {
            there.extend(list(folder)?);
        }
        there.retain(|name| !self.contents.contains_key(name));
        Ok(there)
    }

    pub(crate) fn write(&self) -> anyhow::Result<()> {
        for name in self.strangers()? {
            fs::remove_file(path(&name))?;
        }
        for (name, content) in &self.contents {
            if let Some(folder) = path(name).parent() {
                fs::create_dir_all(folder)?;
            }
            fs::write(path(name), content).with_context(|| name.clone())?;
        }
        Ok(())
    }

    /// # Errors
    /// The names of all that stand otherwise.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        let mut faults: Vec<_> = self
            .strangers()?
            .into_iter()
            .map(|name| format!("{name}: is written by nobody"))
            .collect();
        for (name, content) in &self.contents {
            let there = fs::read_to_string(path(name)).unwrap_or_default();
            if there != *content {
                let line =
                    there.lines().zip(content.lines()).take_while(|(one, other)| one == other);
                faults.push(format!("{name}:{}: is not what follows", line.count() + 1));
            }
        }
        anyhow::ensure!(
            faults.is_empty(),
            "{}\n`cargo run -p xtask -- write` writes them anew",
            faults.join("\n")
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(files: &Files) -> String {
        files.check().err().map_or_else(String::new, |error| error.to_string())
    }

    #[test]
    fn what_stands_otherwise_is_named_with_its_line_and_what_nobody_writes_too() {
        let mut files = Files::default();
        let there = read("LICENSE").unwrap();
        files.add("LICENSE", there.clone());
        assert_eq!(said(&files), "");
        files.add("LICENSE", there.replacen("Version 2.0", "Version 3.0", 1));
        files.add("docs/none.md", "There is none.\n".to_owned());
        files.own("docs/adr");
        let said = said(&files);
        let line = there.lines().take_while(|line| !line.contains("Version 2.0")).count() + 1;
        for fault in [format!("LICENSE:{line}: is not what follows"), "docs/none.md:1:".to_owned()]
        {
            assert!(said.contains(&fault), "{said}");
        }
        assert!(said.contains("docs/adr/0001-") && said.contains("is written by nobody"), "{said}");
    }
}
