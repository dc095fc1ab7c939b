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

/// Declares a closed set of words: those of an enum of the contracts. Its value 0 stands for none, and tells what all begin with.
macro_rules! words {
    ($(#[doc = $about:literal])+ $name:ident is $contract:path) => {
        $(#[doc = $about])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) struct $name(i32);

        impl $name {
            /// All words, in the order of their numbers.
            pub(crate) fn words() -> &'static [String] {
                static WORDS: std::sync::LazyLock<Vec<String>> = std::sync::LazyLock::new(|| {
                    let nothing = <$contract>::default().as_str_name();
                    let prefix = nothing.strip_suffix("UNSPECIFIED").expect("0 says nothing");
                    let known = (1..).map_while(|number| <$contract>::try_from(number).ok());
                    known.map(|word| word.as_str_name().replacen(prefix, "", 1).to_ascii_lowercase()).collect()
                });
                &WORDS
            }

            /// The word that `text` is.
            pub(crate) fn parse(text: &str) -> Option<Self> {
                (1..).zip(Self::words()).find(|(_, word)| *word == text).map(|(number, _)| Self(number))
            }

            /// The word itself.
            pub(crate) fn word(self) -> &'static str {
                let place = usize::try_from(self.0 - 1).expect("a word has a number from 1 on");
                &Self::words()[place]
            }

            /// From the contracts. What a newer service may know and we do not is the first word.
            pub(crate) fn from_contract(number: i32) -> Self {
                Self(<$contract>::try_from(number).map_or(1, i32::from).max(1))
            }
        }

        impl From<$name> for i32 {
            /// As the contracts call it.
            fn from($name(number): $name) -> Self {
                number
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.word())
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                let schema = utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .description(Some(concat!($($about),+).trim()))
                    .enum_values(Some(Self::words().iter().map(String::as_str)));
                schema.into()
            }
        }

        impl utoipa::ToSchema for $name {}

        impl $crate::body::object::Read for $name {
            fn stand_in() -> Self {
                Self(1)
            }

            fn read(tree: $crate::body::tree::Tree<'_>, faults: &mut $crate::body::object::Faults) -> Option<Self> {
                let text = String::read(tree, faults)?;
                let word = Self::parse(&text);
                if word.is_none() {
                    faults.add("NOT_ONE_OF", format!("this is one of {}", Self::words().join(", ")));
                }
                word
            }
        }
    };
}
pub(crate) use words;
