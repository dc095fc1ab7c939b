//! How often a password may be guessed.
use std::{net::IpAddr, time::Duration};

/// Attempts that cost nothing, for an account or a device.
const FREE: i32 = 5;
/// The same for an address: many people may share one, behind a company's router.
const FREE_AT_ADDRESS: i32 = 50;
/// The longest pause: nobody is locked out for good.
const LONGEST: Duration = Duration::from_secs(15 * 60);
/// An untouched count is forgotten after this.
pub(crate) const MEMORY: Duration = Duration::from_secs(24 * 3600);

/// What attempts are counted by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// The address that someone signs in with, whether or not there is such an account.
    Account(String),
    /// Where from.
    Address(String),
    /// A device that its owner has signed in with before: whoever attacks the account cannot shut it out.
    Device(String),
    /// A change of the password by someone who is signed in.
    Change(String),
}

impl Subject {
    /// As it is counted: the hash of this is the key.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Account(email) => format!("account {email}"),
            Self::Address(network) => format!("address {network}"),
            Self::Device(id) => format!("device {id}"),
            Self::Change(account) => format!("change {account}"),
        }
    }

    /// The pause after so many failures.
    pub(crate) fn pause(&self, failures: i32) -> Option<Duration> {
        let free = if self.is_shared() { FREE_AT_ADDRESS } else { FREE };
        let doublings = u32::try_from(failures - free).ok()?;
        Some(
            Duration::from_secs(1_u64.checked_shl(doublings.min(32)).unwrap_or(u64::MAX))
                .min(LONGEST),
        )
    }

    /// Whether one person's success says nothing of the others.
    pub(crate) fn is_shared(&self) -> bool {
        matches!(self, Self::Address(_))
    }
}

/// What one party is likely to own: an IPv4 address, or an IPv6 network of 64 bits.
pub(crate) fn network(address: &str) -> Option<String> {
    match address.parse::<IpAddr>().ok()?.to_canonical() {
        IpAddr::V4(address) => Some(address.to_string()),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Some(format!("{a:x}:{b:x}:{c:x}:{d:x}::/64"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When attempts are let through, in seconds, to one who tries all the time.
    fn admitted(subject: &Subject, until: u64) -> usize {
        let (mut now, mut count) = (0, 0);
        while now < until {
            count += 1;
            now += subject.pause(i32::try_from(count).unwrap()).map_or(0, |pause| pause.as_secs());
        }
        count
    }

    #[test]
    fn an_account_sees_at_most_10_guesses_a_minute_and_20_an_hour() {
        let account = Subject::Account("ada@example.com".to_owned());
        assert_eq!(admitted(&account, 60), 10);
        assert_eq!(admitted(&account, 3600), 17);
    }

    #[test]
    fn an_address_sees_at_most_100_guesses_an_hour() {
        assert_eq!(admitted(&Subject::Address("192.0.2.1".to_owned()), 3600), 62);
    }

    #[test]
    fn the_pause_ends_at_15_minutes() {
        let account = Subject::Account(String::new());
        assert_eq!(account.pause(4), None);
        assert_eq!(account.pause(5), Some(Duration::from_secs(1)));
        assert_eq!(account.pause(9), Some(Duration::from_secs(16)));
        assert_eq!(account.pause(i32::MAX), Some(LONGEST));
    }

    #[test]
    fn neighbours_in_a_network_count_together() {
        assert_eq!(network("2001:db8:1:2:3::4"), network("2001:db8:1:2:ffff::1"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_eq!(network("::ffff:192.0.2.1").as_deref(), Some("192.0.2.1"));
        assert_eq!(network("unknown"), None);
    }

    #[test]
    fn each_failure_too_many_doubles_the_pause() {
        let seconds =
            |subject: &Subject, failures| subject.pause(failures).map(|pause| pause.as_secs());
        let person = ["account", "device", "change"].map(str::to_owned);
        let [account, device, change] = person;
        for subject in [Subject::Account(account), Subject::Device(device), Subject::Change(change)]
        {
            let pauses =
                [0, 4, 5, 6, 7, 13, 14, 15, 36, 37, 38, 69].map(|count| seconds(&subject, count));
            let longest = Some(LONGEST.as_secs());
            let expected = [
                None,
                None,
                Some(1),
                Some(2),
                Some(4),
                Some(256),
                Some(512),
                longest,
                longest,
                longest,
                longest,
                longest,
            ];
            assert_eq!(pauses, expected, "{subject:?}");
        }
        let address = Subject::Address("192.0.2.1".to_owned());
        assert_eq!(
            [49, 50, 51, 60].map(|count| seconds(&address, count)),
            [None, Some(1), Some(2), Some(900)]
        );
    }

    #[test]
    fn what_is_counted_apart_has_a_key_of_its_own() {
        let id = || "0199a3f2-7c1e-7d20-9f52-0d6f6a1f2b11".to_owned();
        let keys = [
            Subject::Account(id()),
            Subject::Address(id()),
            Subject::Device(id()),
            Subject::Change(id()),
        ];
        let texts: std::collections::BTreeSet<_> = keys.iter().map(Subject::text).collect();
        assert_eq!(texts.len(), 4, "{texts:?}");
        let shared: Vec<_> = keys.iter().map(Subject::is_shared).collect();
        assert_eq!(shared, [false, true, false, false]);
    }

    #[test]
    fn an_address_is_counted_in_one_form() {
        for (address, expected) in [
            ("192.0.2.1", Some("192.0.2.1")),
            ("::ffff:c000:201", Some("192.0.2.1")),
            ("2001:0DB8:0:0:1::1", Some("2001:db8:0:0::/64")),
            ("fe80::1", Some("fe80:0:0:0::/64")),
            ("::1", Some("0:0:0:0::/64")),
            ("", None),
            ("192.0.2.1:80", None),
            ("[2001:db8::1]", None),
            ("192.0.2", None),
            ("fe80::1%eth0", None),
        ] {
            assert_eq!(network(address).as_deref(), expected, "{address}");
        }
    }
}
