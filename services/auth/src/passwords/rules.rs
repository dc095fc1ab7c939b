//! What a password may be (NIST SP 800-63B-4, 3.1.1.2): long, of any characters, and not one that is guessed first.
use kit_base::{Violation, text::fold};
use unicode_normalization::UnicodeNormalization as _;

use crate::limits::{PASSWORD, PASSWORD_LEAST};

/// The fewest characters where nothing else is set: a password that is the only factor (SP 800-63B-4).
pub(crate) const MINIMUM: usize = PASSWORD_LEAST;
/// The lowest that an operator may set.
pub(crate) const LOWEST_MINIMUM: usize = 8;

/// Passwords that are tried first, lower case, sorted, one a line; those that end in digits are covered by what stands before.
const COMMON: &str = include_str!("common.txt");

/// What the guidance says of every password that is refused.
const ADVICE: &str = "a few unrelated words work well, and any character may be used";

/// The password in the form that is hashed, or all that speaks against it; `owner` is what stands before the @ of its owner's address.
pub(crate) fn check(
    field: &str,
    raw: &str,
    owner: &str,
    minimum: usize,
) -> Result<String, Vec<Violation>> {
    let password = normalize(raw);
    let length = password.chars().count();
    let mut faults = vec![];
    let mut fault = |reason, message| faults.push(Violation::new(field, reason, message));
    if length > PASSWORD {
        // It is not looked at: that would take time with the square of its length.
        fault("TOO_LONG", format!("a password has at most {PASSWORD} characters"));
        return Err(faults);
    }
    if length < minimum {
        fault("TOO_SHORT", format!("a password has at least {minimum} characters; {ADVICE}"));
    }
    if is_common(&password) {
        fault("TOO_COMMON", format!("this password is among the first that are guessed; {ADVICE}"));
    } else if is_about(&password, owner) || is_about(&password, "errand") {
        fault(
            "TOO_PREDICTABLE",
            format!("this is little more than your address or the product's name; {ADVICE}"),
        );
    }
    if faults.is_empty() { Ok(password) } else { Err(faults) }
}

/// Unicode's composed form (NFC): the same keys give the same password on every machine.
pub(crate) fn normalize(raw: &str) -> String {
    raw.nfc().collect()
}

/// Whether it is on the list, as it stands or without the digits and signs around it, or is one short thing over and over or a run.
fn is_common(password: &str) -> bool {
    let lower = fold(password);
    let core = lower.trim_matches(|c: char| !c.is_alphabetic());
    let part = repeated(&lower);
    let repeats = part.len() < lower.len() && part.chars().count() < LOWEST_MINIMUM;
    [lower.as_str(), core].iter().any(|text| is_listed(text) || is_listed(repeated(text)))
        || repeats
        || is_run(&lower)
}

fn is_listed(text: &str) -> bool {
    static LIST: std::sync::LazyLock<Vec<&str>> =
        std::sync::LazyLock::new(|| COMMON.lines().collect());
    LIST.binary_search(&text).is_ok()
}

/// The part that the text says at least twice, and nothing else; the whole of it when there is none.
fn repeated(text: &str) -> &str {
    let ends = text.char_indices().map(|(at, _)| at).skip(1);
    let mut parts = ends.take_while(|end| end * 2 <= text.len()).map(|end| &text[..end]);
    parts
        .find(|part| {
            text.as_bytes().chunks(part.len()).all(|chunk| part.as_bytes().starts_with(chunk))
        })
        .unwrap_or(text)
}

/// Whether each of three characters and more follows the one before it: 12345…, zyxw….
fn is_run(text: &str) -> bool {
    let steps = || {
        text.chars()
            .zip(text.chars().skip(1))
            .map(|(one, next)| u32::from(next).wrapping_sub(u32::from(one)))
    };
    steps().count() >= 2 && (steps().all(|step| step == 1) || steps().all(|step| step == u32::MAX))
}

/// Whether little is left of the password without the word.
fn is_about(password: &str, word: &str) -> bool {
    let (whole, word) = (fold(password), fold(word));
    let left = whole.replace(&word, "");
    word.chars().count() >= 4 && left.len() < whole.len() && left.chars().count() < LOWEST_MINIMUM
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reasons(faults: Vec<Violation>) -> String {
        faults.into_iter().map(|fault| fault.reason).collect::<Vec<_>>().join(" ")
    }

    fn verdict(password: &str, minimum: usize) -> String {
        check("password", password, "ada.lovelace", minimum)
            .map_or_else(reasons, |_| "fine".to_owned())
    }

    #[test]
    fn the_list_is_sorted_and_in_lower_case() {
        let words: Vec<&str> = COMMON.lines().collect();
        assert!(words.len() >= 1000, "{}", words.len());
        assert!(words.is_sorted() && words.windows(2).all(|pair| pair[0] != pair[1]));
        let odd: Vec<_> =
            words.iter().filter(|word| word.len() < 4 || word.to_lowercase() != **word).collect();
        assert!(odd.is_empty(), "{odd:?}");
    }

    #[test]
    fn length_is_counted_in_characters() {
        assert_eq!(verdict("ein Zug früh üü", 15), "fine");
        assert_eq!(verdict("ein Zug früh ü", 15), "TOO_SHORT");
        let long: String = "wander slowly past the old mill ".chars().cycle().take(255).collect();
        assert_eq!(verdict(&format!("{long}?"), 15), "fine");
        assert_eq!(verdict(&format!("{long}?!"), 15), "TOO_LONG");
    }

    #[test]
    fn what_is_guessed_first_is_refused() {
        for password in [
            "password1",
            "Password123!",
            "passwordpassword",
            "iloveyou2024",
            "aaaaaaaaaaaaaaaaaaaa",
            "abcabcabcabcabcabc",
            "0123456789:;<=>",
            "qwertyuiopasdfghjkl",
        ] {
            assert_eq!(verdict(password, 8), "TOO_COMMON", "{password}");
        }
    }

    #[test]
    fn what_is_about_its_owner_or_the_product_is_refused() {
        assert_eq!(verdict("ada.lovelace-2026", 15), "TOO_PREDICTABLE");
        assert_eq!(verdict("Errand-2026-Errand", 15), "TOO_PREDICTABLE");
        assert_eq!(verdict("an errand for the grocer", 15), "fine");
        for password in ["große-123456", "GROSSE-123456", "Grosse-123456"] {
            let refused = check("password", password, "große", 8).unwrap_err();
            assert_eq!(reasons(refused), "TOO_PREDICTABLE", "{password}");
        }
    }

    #[test]
    fn a_passphrase_of_any_characters_is_fine() {
        for password in [
            "correct horse battery staple",
            "пароль из пяти слов",
            "        .        ",
            "🦀🦞🦐🦑🐙🐚🐌🐛🦋🐝🐞🦗🕷🦂🐢",
        ] {
            assert_eq!(verdict(password, 15), "fine", "{password}");
        }
    }

    #[test]
    fn all_that_speaks_against_it_is_told() {
        let (short, long) = ("errand", "errand".repeat(60));
        for (password, minimum, told) in [
            ("", 8, "TOO_SHORT"),
            ("ab", 8, "TOO_SHORT"),
            ("quiet", 8, "TOO_SHORT"),
            ("abc", 8, "TOO_SHORT TOO_COMMON"),
            ("aaaa", 8, "TOO_SHORT TOO_COMMON"),
            (short, 8, "TOO_SHORT TOO_PREDICTABLE"),
            ("password", 9, "TOO_SHORT TOO_COMMON"),
            ("password", 8, "TOO_COMMON"),
            (&long, 8, "TOO_LONG"),
            ("ada.lovelace", 12, "TOO_PREDICTABLE"),
            ("ada.lovelace", 15, "TOO_SHORT TOO_PREDICTABLE"),
        ] {
            assert_eq!(verdict(password, minimum), told, "{password}");
        }
        let faults = check("new_password", "short", "", 15).unwrap_err();
        assert_eq!(faults[0].field, "new_password");
        assert!(
            faults[0].message.starts_with("a password has at least 15 characters"),
            "{faults:?}"
        );
    }

    #[test]
    fn the_same_keys_give_the_same_password_on_every_machine() {
        let (composed, apart) = ("ein Zug früh morgens", "ein Zug fru\u{308}h morgens");
        assert_eq!(check("password", apart, "", 15), Ok(composed.to_owned()));
        assert_eq!(check("password", composed, "", 15), Ok(composed.to_owned()));
        // What is counted is the composed form, too.
        assert_eq!(verdict(&"u\u{308}x".repeat(7), 15), "TOO_SHORT TOO_COMMON");
        assert_eq!(
            check("password", "  Spaces And CASE stay ", "", 15).unwrap(),
            "  Spaces And CASE stay "
        );
    }

    #[test]
    fn a_run_or_one_thing_over_and_over_is_guessed_at_once() {
        for (text, part) in [
            ("abab", "ab"),
            ("ababa", "ab"),
            ("aaaa", "a"),
            ("äöäö", "äö"),
            ("abcab", "abcab"),
            ("abca", "abca"),
            ("a", "a"),
            ("", ""),
        ] {
            assert_eq!(repeated(text), part, "{text}");
        }
        for (text, run) in [
            ("abcdefgh", true),
            ("87654321", true),
            ("абвгдежз", true),
            ("abcdefgi", false),
            ("aabbccdd", false),
            ("acegikmo", false),
        ] {
            assert_eq!(is_run(text), run, "{text}");
        }
        for password in
            ["zyxwvutsrqponmlk", "passwordpassword1", "!!!dragon!!!", "1234567812345678"]
        {
            assert_eq!(verdict(password, 8), "TOO_COMMON", "{password}");
        }
        assert_eq!(verdict("blue ivblue iv", 8), "TOO_COMMON");
        for password in
            ["abcdefgh-zyxwvuts", "dragons of the north", "12345678 steps down", "blue ivyblue ivy"]
        {
            assert_eq!(verdict(password, 8), "fine", "{password}");
        }
    }

    #[test]
    fn what_is_little_more_than_the_address_is_refused_and_a_short_name_forbids_nothing() {
        let about = |password: &str, owner: &str| {
            check("password", password, owner, 8)
                .is_err_and(|faults| reasons(faults) == "TOO_PREDICTABLE")
        };
        assert!(about("ADA.Lovelace!", "ada.lovelace") && about("lovelace1234567", "lovelace"));
        assert!(!about("lovelace12345678", "lovelace"), "eight characters are left");
        assert!(
            !about("ada walks home", "ada") && !about("ada walks", "ada"),
            "three letters are in many words"
        );
        assert!(about("adam walks", "adam"));
        assert!(about("ERRAND-errand-x", "") && !about("the wanderer and", ""));
    }
}
