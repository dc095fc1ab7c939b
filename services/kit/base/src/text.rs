//! Text that people write: when two texts are the same, and when one shows nothing.
use unicode_normalization::UnicodeNormalization as _;
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory as _};

/// The form in which two texts are the same whatever their case and however their letters are composed: canonical caseless
/// matching (Unicode 16, section 3.13, D145), composed again so that a part of a letter is not found in it.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    caseless::default_case_fold_str(&text.nfd().collect::<String>()).nfc().collect()
}

/// Whether there is anything to see: something else than white space, controls and characters of no width.
pub fn is_visible(text: &str) -> bool {
    text.chars().any(|character| {
        let nothing = character.is_whitespace()
            || character.general_category_group() == GeneralCategoryGroup::Other
            || is_filler(character);
        !nothing
    })
}

/// Letters, marks and symbols that stand for no mark on the page (Unicode's Default_Ignorable_Code_Point, and a Braille cell
/// without dots).
fn is_filler(character: char) -> bool {
    matches!(
        character,
        '\u{034f}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{ffa0}'
            | '\u{e0100}'..='\u{e01ef}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_composition_make_no_difference() {
        for (one, other) in [
            ("Ship it", "SHIP IT"),
            ("Ärger", "ÄRGER"),
            ("Ärger", "A\u{308}RGER"),
            ("звонок", "ЗВОНОК"),
            ("straße", "STRASSE"),
            ("ὈΔΥΣΣΕΎΣ", "ὀδυσσεύς"),
            ("\u{1e9b}\u{323}", "\u{17f}\u{323}\u{307}"),
            ("ﬁne", "FINE"),
        ] {
            assert_eq!(fold(one), fold(other), "{one} and {other}");
        }
        assert_ne!(fold("a"), fold("ä"));
        assert!(!fold("résumé").contains(&fold("resume")));
        assert!(!fold("re\u{301}sume\u{301}").contains(&fold("resume")));
    }

    #[test]
    fn what_is_folded_stays_as_it_is() {
        for text in ["Ärger", "İstanbul", "ΌΣΟΣ", "ﬃ", "A\u{315}\u{300}\u{5ae}\u{300}b", "ǰ", "Ω"]
        {
            assert_eq!(fold(&fold(text)), fold(text), "{text}");
        }
    }

    #[test]
    fn what_shows_nothing_is_not_visible() {
        for text in [
            "",
            " \t\n",
            "\u{200b}",
            "\u{feff}\u{2060}",
            "\u{200d}\u{ad}",
            "\u{3164}",
            "\u{2800}",
            "\u{fe0f}",
            "\u{7}",
            "\u{e0041}",
        ] {
            assert!(!is_visible(text), "{text:?}");
        }
        for text in ["a", "\u{200b}a", "·", "日", "👩\u{200d}👩", "\u{301}", "0"] {
            assert!(is_visible(text), "{text:?}");
        }
    }
}
