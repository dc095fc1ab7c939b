//! Text that people write: when two texts are the same, and what of it can be seen.
use std::ops::RangeInclusive;

use unicode_normalization::UnicodeNormalization as _;

/// The form in which two texts are the same whatever their case and however their letters are composed: canonical caseless
/// matching (Unicode 16, section 3.13, D145), composed again so that a part of a letter is not found in it.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    caseless::default_case_fold_str(&text.nfd().collect::<String>()).nfc().collect()
}

/// Whether a character can be seen: it is no white space, no control, and nothing that is drawn as nothing.
pub fn is_visible(character: char) -> bool {
    let invisible = character.is_whitespace() || character.is_control();
    !invisible && !UNSEEN.iter().any(|range| range.contains(&character))
}

/// Whether a character ends a line or steers a terminal: a control character, LINE SEPARATOR or PARAGRAPH SEPARATOR.
pub fn breaks_line(character: char) -> bool {
    character.is_control() || ('\u{2028}'..='\u{2029}').contains(&character)
}

/// What is drawn as nothing and is no white space: Unicode's Default_Ignorable_Code_Point, the marks of annotations, what only joins
/// hieroglyphs, the filler of the Khitan script, the note without a head, and the braille cell without dots.
const UNSEEN: [RangeInclusive<char>; 21] = [
    '\u{ad}'..='\u{ad}',
    '\u{34f}'..='\u{34f}',
    '\u{61c}'..='\u{61c}',
    '\u{115f}'..='\u{1160}',
    '\u{17b4}'..='\u{17b5}',
    '\u{180b}'..='\u{180f}',
    '\u{200b}'..='\u{200f}',
    '\u{202a}'..='\u{202e}',
    '\u{2060}'..='\u{206f}',
    '\u{2800}'..='\u{2800}',
    '\u{3164}'..='\u{3164}',
    '\u{fe00}'..='\u{fe0f}',
    '\u{feff}'..='\u{feff}',
    '\u{ffa0}'..='\u{ffa0}',
    '\u{fff0}'..='\u{fffb}',
    '\u{13430}'..='\u{13440}',
    '\u{16fe4}'..='\u{16fe4}',
    '\u{1bca0}'..='\u{1bca3}',
    '\u{1d159}'..='\u{1d159}',
    '\u{1d173}'..='\u{1d17a}',
    '\u{e0000}'..='\u{e0fff}',
];

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
            "\u{13430}",
            "\u{16fe4}",
            "\u{1d159}",
        ] {
            assert!(!text.contains(is_visible), "{text:?}");
        }
        for text in ["a", "\u{200b}a", "·", "日", "👩\u{200d}👩", "\u{301}", "0"] {
            assert!(text.contains(is_visible), "{text:?}");
        }
    }
}
