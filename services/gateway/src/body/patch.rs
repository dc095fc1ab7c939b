use super::{
    object::{Faults, Read},
    tree::Tree,
};

/// A field of a JSON merge patch (RFC 7396): what is absent is kept, what is null is cleared.
#[derive(Debug, PartialEq)]
pub(crate) enum Patch<T> {
    /// Not in the body.
    Absent,
    /// `null`.
    Clear,
    /// Anything else.
    Set(T),
}

impl<T> Patch<T> {
    /// The new value; a field that is in the body is named in the mask, so that one without a value is cleared.
    pub(crate) fn mask(self, path: &str, mask: &mut Vec<String>) -> Option<T> {
        if !matches!(self, Self::Absent) {
            mask.push(path.to_owned());
        }
        match self {
            Self::Absent | Self::Clear => None,
            Self::Set(value) => Some(value),
        }
    }
}

impl<T: Read> Read for Patch<T> {
    fn absent() -> Option<Self> {
        Some(Self::Absent)
    }

    fn stand_in() -> Self {
        Self::Absent
    }

    fn read(tree: Tree<'_>, faults: &mut Faults) -> Option<Self> {
        if tree == Tree::Null { Some(Self::Clear) } else { T::read(tree, faults).map(Self::Set) }
    }
}
