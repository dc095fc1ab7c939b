//! From a tree to a typed value, field by field, so that one fault does not hide the others.
use std::borrow::Cow;

use super::tree::Tree;
use crate::problem::{Fault, MOST_FAULTS};

/// A value that a body can hold.
pub(crate) trait Read: Sized {
    /// What it is when its field is absent; `None` when the field has to be there.
    fn absent() -> Option<Self> {
        None
    }

    /// What stands for it while the rest of a body with a fault is looked at: nobody stores it.
    fn stand_in() -> Self;

    /// What it is where nothing of it can be read.
    fn missing() -> Self {
        Self::absent().unwrap_or_else(Self::stand_in)
    }

    /// Reads it; `None` when nothing of it can be, which `faults` then tells.
    fn read(tree: Tree<'_>, faults: &mut Faults) -> Option<Self>;
}

/// What was wrong so far, and where reading is.
#[derive(Default)]
pub(crate) struct Faults {
    list: Vec<Fault>,
    pointer: String,
}

impl Faults {
    /// Notes a fault of the value that is being read.
    pub(crate) fn add(&mut self, code: &'static str, message: impl Into<Cow<'static, str>>) {
        if self.list.len() < MOST_FAULTS {
            self.list.push(Fault::body(self.pointer.clone(), code, message));
        }
    }

    /// Notes that a value is of the wrong type.
    pub(crate) fn expected(&mut self, what: &str, found: &Tree<'_>) {
        self.add("WRONG_TYPE", format!("this is {what}, not {}", found.kind()));
    }

    /// Reads what lies at `step` below.
    pub(crate) fn within<T>(&mut self, step: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.pointer.len();
        self.pointer.push('/');
        // RFC 6901, 3.
        match step.contains(['~', '/']) {
            true => self.pointer.push_str(&step.replace('~', "~0").replace('/', "~1")),
            false => self.pointer.push_str(step),
        }
        let value = read(self);
        self.pointer.truncate(length);
        value
    }

    pub(crate) fn into_list(self) -> Vec<Fault> {
        self.list
    }
}

/// The known fields of an object, each to be taken once.
pub(crate) struct Fields<'a, const N: usize> {
    names: [&'static str; N],
    values: [Option<Tree<'a>>; N],
}

impl<'a, const N: usize> Fields<'a, N> {
    /// Sorts an object's fields; notes those that are unknown and those that come twice.
    pub(crate) fn sorted(
        tree: Tree<'a>,
        names: [&'static str; N],
        faults: &mut Faults,
    ) -> Option<Self> {
        let Tree::Object(entries) = tree else {
            faults.expected("an object", &tree);
            return None;
        };
        let mut values = [const { None }; N];
        for (key, value) in entries {
            match names.iter().position(|name| *name == key) {
                Some(index) if values[index].is_none() => values[index] = Some(value),
                Some(_) => faults.within(&key, |faults| {
                    faults.add("REPEATED_FIELD", "this field is there more than once")
                }),
                None => faults.within(&shortened(&key), |faults| {
                    faults.add("UNKNOWN_FIELD", unknown(&names))
                }),
            }
        }
        Some(Self { names, values })
    }

    /// Reads the field `name`, one of those that were sorted.
    pub(crate) fn read<T: Read>(&mut self, name: &'static str, faults: &mut Faults) -> T {
        let place = self.names.iter().position(|known| *known == name);
        let tree = place.and_then(|place| self.values[place].take());
        faults.within(name, |faults| match tree {
            Some(tree) => T::read(tree, faults).unwrap_or_else(T::missing),
            None => T::absent().unwrap_or_else(|| {
                faults.add("REQUIRED", "this field has to be there");
                T::stand_in()
            }),
        })
    }
}

fn unknown(names: &[&str]) -> String {
    match names {
        [] => "no field is known here".to_owned(),
        names => format!("this field is not known; known are {}", names.join(", ")),
    }
}

/// A key that a client made up is told back, but not at any length.
fn shortened(key: &str) -> Cow<'_, str> {
    match key.char_indices().nth(64) {
        Some((end, _)) => format!("{}…", &key[..end]).into(),
        None => key.into(),
    }
}

/// Declares a struct that a body can hold: its fields are read as [`Read`] says, and all faults are told at once.
macro_rules! object {
    ($(#[$meta:meta])* $visibility:vis struct $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Debug, utoipa::ToSchema)]
        $visibility struct $name { $($(#[$field_meta])* pub(crate) $field: $type,)* }

        impl $crate::body::object::Read for $name {
            fn read(tree: $crate::body::tree::Tree<'_>, faults: &mut $crate::body::object::Faults) -> Option<Self> {
                let mut fields = $crate::body::object::Fields::sorted(tree, [$(stringify!($field)),*], faults)?;
                $(let $field = fields.read::<$type>(stringify!($field), faults);)*
                Some(Self { $($field,)* })
            }

            fn stand_in() -> Self {
                Self { $($field: <$type as $crate::body::object::Read>::missing(),)* }
            }
        }
    };
}
pub(crate) use object;

impl<T: Read> Read for Option<T> {
    fn absent() -> Option<Self> {
        Some(None)
    }

    fn stand_in() -> Self {
        None
    }

    fn read(tree: Tree<'_>, faults: &mut Faults) -> Option<Self> {
        if tree == Tree::Null { Some(None) } else { T::read(tree, faults).map(Some) }
    }
}

impl<T: Read> Read for Vec<T> {
    fn stand_in() -> Self {
        vec![]
    }

    fn read(tree: Tree<'_>, faults: &mut Faults) -> Option<Self> {
        let Tree::List(items) = tree else {
            faults.expected("an array", &tree);
            return None;
        };
        // One that cannot be read keeps its place: the others are told by theirs.
        let read = |(index, item): (usize, Tree<'_>)| {
            let item = faults.within(&index.to_string(), |faults| T::read(item, faults));
            item.unwrap_or_else(T::missing)
        };
        Some(items.into_iter().enumerate().map(read).collect())
    }
}

impl Read for bool {
    fn stand_in() -> Self {
        false
    }

    fn read(tree: Tree<'_>, faults: &mut Faults) -> Option<Self> {
        let Tree::Flag(flag) = tree else {
            faults.expected("a boolean", &tree);
            return None;
        };
        Some(flag)
    }
}

/// A whole number within bounds, which are also those of the document.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Within<const LEAST: i32, const MOST: i32>(pub(crate) i32);

impl<const LEAST: i32, const MOST: i32> Within<LEAST, MOST> {
    /// The least and the most that it is.
    pub(crate) const BOUNDS: [i32; 2] = [LEAST, MOST];
}

impl<const LEAST: i32, const MOST: i32> From<Within<LEAST, MOST>> for i32 {
    fn from(Within(number): Within<LEAST, MOST>) -> Self {
        number
    }
}

impl<const LEAST: i32, const MOST: i32> Read for Within<LEAST, MOST> {
    fn stand_in() -> Self {
        Self(LEAST)
    }

    fn read(tree: Tree<'_>, faults: &mut Faults) -> Option<Self> {
        let number = match tree {
            Tree::Whole(number) => i32::try_from(number).ok(),
            Tree::Huge => None,
            other => {
                faults.expected("a whole number", &other);
                return None;
            }
        };
        let read = number.filter(|number| (LEAST..=MOST).contains(number)).map(Self);
        if read.is_none() {
            faults.add("OUT_OF_RANGE", format!("this is a number from {LEAST} to {MOST}"));
        }
        read
    }
}
