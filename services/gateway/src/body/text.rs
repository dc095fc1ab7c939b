use super::{
    object::{Faults, Read},
    tree::Tree,
};

impl Read for String {
    fn stand_in() -> Self {
        Self::new()
    }

    fn read(tree: Tree<'_>, faults: &mut Faults) -> Option<Self> {
        match tree {
            // No database of ours stores it.
            Tree::Text(text) if text.contains('\0') => {
                faults.add("INVALID_CHARACTER", "a text has no character U+0000");
                None
            }
            Tree::Text(text) => Some(text.into_owned()),
            other => {
                faults.expected("a string", &other);
                None
            }
        }
    }
}

/// Declares a closed set of words and how the contracts call each.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident is $contract:path { $($(#[$word_meta:meta])* $word:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub(crate) enum $name { $($(#[$word_meta])* $word,)+ }

        impl $name {
            /// All words.
            pub(crate) const WORDS: &[&str] = &[$($text),+];

            /// The word that `text` is.
            pub(crate) fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$word),)+ _ => None }
            }

            /// From the contracts. What a newer service may know and we do not is the first word.
            pub(crate) fn of(number: i32) -> Self {
                match <$contract>::try_from(number) {
                    $(Ok(<$contract>::$word) => Self::$word,)+
                    _ => [$(Self::$word),+][0],
                }
            }
        }

        impl From<$name> for i32 {
            /// As the contracts call it.
            fn from(word: $name) -> Self {
                match word { $($name::$word => <$contract>::$word as Self,)+ }
            }
        }

        impl $crate::body::object::Read for $name {
            fn stand_in() -> Self {
                [$(Self::$word),+][0]
            }

            fn read(tree: $crate::body::tree::Tree<'_>, faults: &mut $crate::body::object::Faults) -> Option<Self> {
                let text = String::read(tree, faults)?;
                let word = Self::parse(&text);
                if word.is_none() {
                    faults.add("NOT_ONE_OF", format!("this is one of {}", Self::WORDS.join(", ")));
                }
                word
            }
        }
    };
}
pub(crate) use words;
