//! Names of things: UUIDs of version 7 (RFC 9562), ordered by the time they were made.
use std::cell::RefCell;

use ring::rand::SecureRandom as _;
use uuid::Uuid;

use crate::Clock;

/// A new id that sorts behind those made a microsecond before it. It tells when it was made, so it is no secret.
pub fn uuid(clock: &Clock) -> Uuid {
    let microseconds = u64::try_from(clock.now().as_microseconds()).unwrap_or(0);
    // The part of the millisecond goes where the first random bits would be (RFC 9562, section 6.2, method 3).
    let part = u16::try_from(microseconds % 1000 * 4096 / 1000).expect("12 bits");
    let mut rest = random::<10>();
    rest[..2].copy_from_slice(&part.to_be_bytes());
    uuid::Builder::from_unix_timestamp_millis(microseconds / 1000, &rest).into_uuid()
}

/// Bytes that nobody can guess, from a buffer that is filled by the operating system's generator.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    // One system call for 32 ids instead of one each: ids are made several times a request.
    thread_local!(static POOL: RefCell<([u8; 512], usize)> = const { RefCell::new(([0; 512], 512)) });
    POOL.with_borrow_mut(|(bytes, used)| {
        if *used + N > bytes.len() {
            ring::rand::SystemRandom::new()
                .fill(bytes)
                .expect("the system's generator does not fail");
            *used = 0;
        }
        let mut out = [0; N];
        out.copy_from_slice(&bytes[*used..*used + N]);
        *used += N;
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    #[test]
    fn an_id_is_of_version_7_and_sorts_by_its_microsecond() {
        let of = |microseconds| uuid(&Clock::fixed(Timestamp::from_microseconds(microseconds)));
        let ids: Vec<_> = (1_795_000_000_999_000..).take(2_000).map(of).collect();
        assert!(ids.is_sorted() && ids.iter().all(|id| id.get_version_num() == 7));
        let (seconds, nanoseconds) = ids[1].get_timestamp().unwrap().to_unix();
        assert_eq!((seconds, nanoseconds / 1_000_000), (1_795_000_000, 999));
        assert_ne!(of(1), of(1));
    }

    #[test]
    fn random_bytes_are_given_out_once() {
        let mut seen = std::collections::HashSet::new();
        // Of several lengths, so that the pool is filled again at every place in it.
        for _ in 0..500 {
            assert!(seen.insert(random::<16>().to_vec()));
            assert!(seen.insert(random::<10>().to_vec()));
            assert!(seen.insert(random::<8>().to_vec()));
        }
        let theirs = std::thread::spawn(random::<16>).join().unwrap();
        assert!(seen.insert(theirs.to_vec()), "threads do not share what was drawn");
    }

    #[test]
    fn a_clock_before_1970_makes_ids_too() {
        let id = uuid(&Clock::fixed(Timestamp::from_seconds(-5)));
        assert_eq!((id.get_version_num(), id.get_timestamp().unwrap().to_unix().0), (7, 0));
    }
}
