//! E-mail addresses: how one is kept, and when two are the same.
use kit_base::{
    Violation,
    text::{fold, is_visible},
};
use unicode_normalization::UnicodeNormalization as _;

use crate::limits::EMAIL;

/// The longest local part (RFC 5321), in bytes.
const MAX_LOCAL: usize = 64;
/// The longest domain (RFC 1035, 2.3.4), as its names are written in ASCII.
const MAX_DOMAIN: usize = 253;

/// An address in both its forms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    /// How it is shown, and how releases before look it up: trimmed, in lower case, in Unicode's composed form.
    pub(crate) shown: String,
    /// The same for all spellings of one address: what stands before the @ folded, the domain as DNS has it (UTS 46).
    pub(crate) key: String,
}

impl Address {
    /// Whatever someone wrote where an address belongs; what is none is only itself.
    pub(crate) fn from_text(raw: &str) -> Self {
        let shown: String = raw.trim().nfc().flat_map(char::to_lowercase).nfc().collect();
        let key = key(&shown).unwrap_or_else(|| shown.clone());
        Self { shown, key }
    }
}

fn key(shown: &str) -> Option<String> {
    let (local, domain) = shown.rsplit_once('@')?;
    Some(format!("{}@{}", fold(local), idna::domain_to_ascii(domain).ok()?))
}

/// Checks the address of someone who registers.
pub(crate) fn email(raw: &str) -> Result<Address, Vec<Violation>> {
    let address = Address::from_text(raw);
    let mut faults = vec![];
    if address.shown.len() > EMAIL {
        let message = format!("an e-mail address has at most {EMAIL} bytes");
        faults.push(Violation::new("email", "TOO_LONG", message));
    }
    if !is_plausible(&address.shown) {
        let message = format!(
            "an e-mail address, as ada@example.com, with at most {MAX_LOCAL} bytes before the @"
        );
        faults.push(Violation::new("email", "INVALID", message));
    }
    if faults.is_empty() { Ok(address) } else { Err(faults) }
}

fn is_plausible(shown: &str) -> bool {
    let local = shown.rsplit_once('@').is_some_and(|(local, _)| is_local_part(local));
    let key = key(shown).filter(|_| shown.chars().all(is_visible));
    local
        && key.as_deref().and_then(|key| key.rsplit_once('@')).is_some_and(|(_, it)| is_domain(it))
}

/// Less than RFC 5322 allows (no quotes, no comments) and more than anyone uses.
fn is_local_part(local: &str) -> bool {
    let odd = |c: char| !is_visible(c) || "\"(),:;<>@[\\]".contains(c);
    let dots = local.starts_with('.') || local.ends_with('.') || local.contains("..");
    !local.is_empty() && local.len() <= MAX_LOCAL && !dots && !local.contains(odd)
}

/// A domain as DNS has it.
fn is_domain(domain: &str) -> bool {
    let is_label = |label: &str| {
        let fits =
            (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-');
        fits && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    domain.len() <= MAX_DOMAIN && domain.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reasons(raw: &str) -> String {
        let faults = email(raw).unwrap_err();
        faults.into_iter().map(|fault| fault.reason).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn an_address_has_one_key_whichever_way_it_is_written() {
        for (key, ways) in [
            (
                "ada@example.com",
                &["ada@example.com", "\tADA@EXAMPLE.com\r\n", "aDa@Example.Com"][..],
            ),
            ("jos\u{e9}@example.com", &["jose\u{301}@example.com", "JOSÉ@example.com"]),
            (
                "οδυσσεύσ@example.com",
                &["ΟΔΥΣΣΕΎΣ@example.com", "οδυσσεύς@example.com", "Οδυσσεύσ@EXAMPLE.com"],
            ),
            (
                "grosse@example.com",
                &["große@example.com", "GROSSE@example.com", "GROẞE@example.com"],
            ),
            (
                "jürgen@xn--ber-goa.de",
                &[
                    "jürgen@über.de",
                    "JU\u{308}RGEN@U\u{308}BER.DE",
                    "JÜRGEN@xn--ber-goa.de",
                    "jürgen@XN--BER-GOA.de",
                ],
            ),
            (
                "анна@xn--80a1acny.xn--p1ai",
                &["анна@почта.рф", "АННА@ПОЧТА.РФ", "\u{a0}Анна@Почта.РФ "],
            ),
            ("u@a.de", &["u@a.de", "u@ａ.de", "U@Ａ。ＤＥ"]),
            ("u@xn--j2bd4cyah0f.xn--h2brj9c", &["u@हिन्दी.भारत", "U@xn--j2bd4cyah0f.xn--h2brj9c"]),
            // There is no capital of ǰ in one piece, but one in lower case.
            ("\u{1f0}@a.b", &["\u{1f0}@a.b", "J\u{30c}@A.B", "j\u{30c}@a.b"]),
            ("i\u{307}@a.b", &["İ@a.b", "I\u{307}@a.b", "i\u{307}@a.b"]),
        ] {
            for way in ways {
                assert_eq!(email(way).map(|address| address.key), Ok(key.to_owned()), "{way:?}");
            }
            assert_eq!(Address::from_text(key).key, key, "a key is its own");
        }
        for (one, other) in [
            ("ada@example.com", "eda@example.com"),
            ("josé@example.com", "jose@example.com"),
            ("a@große.de", "a@grosse.de"),
        ] {
            assert_ne!(
                Address::from_text(one).key,
                Address::from_text(other).key,
                "{one} and {other}"
            );
        }
    }

    #[test]
    fn an_address_is_shown_in_lower_case_and_else_as_it_was_written() {
        for (raw, shown) in [
            ("  Ada.Lovelace@Example.COM ", "ada.lovelace@example.com"),
            ("JOSE\u{301}@BÜCHER.de", "jos\u{e9}@bücher.de"),
            ("Große@xn--bcher-kva.de", "große@xn--bcher-kva.de"),
            ("οδυσσεύς@a.b", "οδυσσεύς@a.b"),
        ] {
            assert_eq!(email(raw).map(|address| address.shown).as_deref(), Ok(shown), "{raw}");
        }
    }

    #[test]
    fn what_is_no_address_is_found_as_a_release_before_wrote_it() {
        for (raw, key) in [("", ""), ("Ada", "ada"), (" Ü@XN--A.de", "ü@xn--a.de"), ("A@", "a@")]
        {
            assert_eq!(Address::from_text(raw).key, key, "{raw}");
        }
    }

    #[test]
    fn the_bounds_of_an_address_are_told() {
        let local = "a".repeat(64);
        assert!(email(&format!("{local}@example.com")).is_ok());
        let faults = email(&format!("{local}a@example.com")).unwrap_err();
        assert!(faults[0].message.contains("at most 64 bytes before the @"), "{faults:?}");
        let domain = format!("{}com", format!("{}.", "b".repeat(61)).repeat(3));
        let longest = format!("{}@{domain}", "a".repeat(253 - domain.len()));
        let shown = email(&longest).map(|address| address.shown);
        assert_eq!((longest.len(), shown.as_deref()), (254, Ok(longest.as_str())));
        let fault = &email(&format!("{longest}m")).unwrap_err()[0];
        assert_eq!(
            (fault.reason.as_str(), fault.message.as_str()),
            ("TOO_LONG", "an e-mail address has at most 254 bytes",)
        );
        assert_eq!(reasons(&format!("a@{}com", "b.".repeat(130))), "TOO_LONG INVALID");
        assert_eq!(reasons(&"a".repeat(255)), "TOO_LONG INVALID");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = format!("{}@example.com", "a".repeat(65));
        let label = format!("a@{}.com", "ü".repeat(63));
        for raw in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "a b@example.com",
            "a@b@c@",
            ".a@b.c",
            "a@-b.c",
            "a@b..c",
            "a@b_c",
            "a@b c",
            "a@xn--a.de",
            "a@☃\u{200b}.net",
            "\u{200b}@example.com",
            "a\u{ad}da@example.com",
            "ada@exa\u{200b}mple.com",
            "a\u{0}@b.c",
            "a..b@c.d",
            "a.@b.c",
            "a(b)@c.d",
            "a@b-.c",
            "a@b.c.",
            &long,
            &label,
        ] {
            assert_eq!(reasons(raw), "INVALID", "{raw}");
        }
    }
}
