//! Ranks: the order among siblings: texts compared byte by byte, of which there is always one between two others.

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Of a rank at the end: enough for any sequence number.
const WIDTH: usize = 8;

/// Behind everything that stands in the scope: its sequence number only grows, so nobody has to look for the last one.
pub(crate) fn at_end(sequence: i64) -> String {
    let mut rest = u64::try_from(sequence).unwrap_or(0);
    let mut digits = [b'0'; WIDTH];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(rest % 62) as usize];
        rest /= 62;
    }
    // Never ends in the lowest digit, before which there would be no room.
    let mut rank: String = digits.map(char::from).iter().collect();
    rank.push('V');
    rank
}

/// A rank between two neighbours; `None` stands for the beginning or the end. Where they leave no room (they are equal, or the
/// wrong way round) it goes behind the lower one.
pub(crate) fn between(lower: Option<&str>, upper: Option<&str>) -> String {
    let lower = lower.unwrap_or("").as_bytes();
    let upper = upper.map(str::as_bytes).filter(|upper| *upper > lower);
    let digit = |byte: u8| DIGITS.iter().position(|digit| *digit == byte).unwrap_or(0);
    let mut rank = Vec::with_capacity(lower.len() + 1);
    let mut bounded = upper.is_some();
    for place in 0.. {
        let low = lower.get(place).map_or(0, |byte| digit(*byte));
        let high = match upper {
            Some(upper) if bounded => upper.get(place).map_or(0, |byte| digit(*byte)),
            _ => DIGITS.len(),
        };
        if high > low + 1 {
            rank.push(DIGITS[low.midpoint(high)]);
            break;
        }
        rank.push(DIGITS[low]);
        // One step below the upper one: from here on it no longer bounds.
        bounded = bounded && high == low;
    }
    String::from_utf8(rank).expect("digits are ASCII")
}

/// Ranks longer than this are made short again, with those of the siblings around them.
pub(crate) const LONGEST: usize = 24;

/// `count` ranks between two neighbours, in order and about as short as can be.
pub(crate) fn spread(lower: Option<&str>, upper: Option<&str>, count: usize) -> Vec<String> {
    if count == 0 {
        return vec![];
    }
    let middle = between(lower, upper);
    let below = count / 2;
    let mut ranks = spread(lower, Some(&middle), below);
    let above = spread(Some(&middle), upper, count - below - 1);
    ranks.push(middle);
    ranks.extend(above);
    ranks
}

#[cfg(test)]
mod tests {
    use kit_base::testing::Random;

    use super::*;

    #[test]
    fn later_ranks_stand_behind_earlier_ones() {
        let ranks: Vec<String> = [1, 2, 61, 62, 3843, 3844, 1_000_000].map(at_end).into();
        assert!(ranks.is_sorted_by(|a, b| a < b), "{ranks:?}");
    }

    #[test]
    fn there_is_always_one_between() {
        for (lower, upper) in [
            ("", "00000001V"),
            ("a", "b"),
            ("a", "aV"),
            ("az", "b"),
            ("0000", "00001"),
            ("Vzz", "W"),
        ] {
            let rank = between(Some(lower), Some(upper));
            assert!(lower < rank.as_str() && rank.as_str() < upper, "{lower} < {rank} < {upper}");
        }
        assert!(between(Some("zz"), None).as_str() > "zz");
        assert!(between(None, Some("00000001V")).as_str() < "00000001V");
    }

    #[test]
    fn many_ranks_between_two_are_in_order_and_short() {
        for (lower, upper) in
            [(None, None), (None, Some("00000001V")), (Some("az"), Some("b")), (Some("V"), None)]
        {
            for count in [0, 1, 2, 3, 100, 10_000] {
                let ranks = spread(lower, upper, count);
                assert_eq!(ranks.len(), count);
                let all = lower.into_iter().chain(ranks.iter().map(String::as_str)).chain(upper);
                assert!(all.is_sorted_by(|a, b| a < b), "{count} between {lower:?} and {upper:?}");
                assert!(ranks.iter().all(|rank| rank.len() <= 12), "{lower:?} {upper:?}");
            }
        }
    }

    #[test]
    fn a_thousand_insertions_at_one_place_keep_their_order() {
        let (first, mut last) = (at_end(1), at_end(2));
        for _ in 0..1000 {
            let rank = between(Some(&first), Some(&last));
            assert!(first < rank && rank < last);
            last = rank;
        }
        assert!(last.len() < 250, "{} characters", last.len());
    }

    /// A rank as it may be stored: digits, of which the last is not the lowest.
    fn any_rank(random: &mut Random) -> String {
        let length = random.below(12);
        // Few digits, so that ranks begin alike, and those at the edges often.
        let few = b"01Vyz";
        let mut rank: Vec<u8> = (0..length).map(|_| *random.one_of(few)).collect();
        rank.push(DIGITS[1 + random.below(61)]);
        String::from_utf8(rank).unwrap()
    }

    /// What holds for each rank that is made: it can be stored, and there is room in front of it.
    #[track_caller]
    fn is_sound(rank: &str) {
        assert!(rank.bytes().all(|byte| DIGITS.contains(&byte)), "{rank:?}");
        assert!(!rank.is_empty() && !rank.ends_with('0'), "{rank:?}: no room in front of it");
    }

    #[test]
    fn between_any_two_is_one_strictly_and_with_room_on_both_sides() {
        let mut random = Random::new(11);
        for turn in 0..20_000 {
            let (one, other) = (any_rank(&mut random), any_rank(&mut random));
            if one == other {
                continue;
            }
            let (lower, upper) = if one < other { (one, other) } else { (other, one) };
            let rank = between(Some(&lower), Some(&upper));
            assert!(lower < rank && rank < upper, "{turn}: {lower} < {rank} < {upper}");
            is_sound(&rank);
            assert!(rank.len() <= lower.len().max(upper.len()) + 1, "{lower} {rank} {upper}");
            let (first, last) = (between(None, Some(&lower)), between(Some(&upper), None));
            assert!(first < lower && upper < last, "{turn}: {first} {lower} {upper} {last}");
            is_sound(&first);
            is_sound(&last);
        }
    }

    #[test]
    fn where_there_is_no_room_it_goes_behind_the_lower_one() {
        for (lower, upper) in [("V", "V"), ("b", "a"), ("z", "00000001V"), ("aV", "a")] {
            let rank = between(Some(lower), Some(upper));
            assert!(lower < rank.as_str(), "{lower} < {rank}");
            is_sound(&rank);
        }
    }

    #[test]
    fn the_rank_at_the_end_tells_its_number_and_leaves_room() {
        for (sequence, rank) in [
            (i64::MIN, "00000000V"),
            (-1, "00000000V"),
            (0, "00000000V"),
            (1, "00000001V"),
            (9, "00000009V"),
            (10, "0000000AV"),
            (61, "0000000zV"),
            (62, "00000010V"),
            (62 * 62 - 1, "000000zzV"),
            (62_i64.pow(8) - 1, "zzzzzzzzV"),
        ] {
            assert_eq!(at_end(sequence), rank);
        }
        let mut random = Random::new(3);
        for _ in 0..1_000 {
            let sequence = i64::try_from(random.below(1 << 40)).unwrap();
            let (one, next) = (at_end(sequence), at_end(sequence + 1));
            assert!(one < between(Some(&one), Some(&next)) && one < next, "{sequence}");
        }
    }

    #[test]
    fn ranks_between_any_two_are_in_order_and_sound() {
        let mut random = Random::new(5);
        for _ in 0..300 {
            let (one, other) = (any_rank(&mut random), any_rank(&mut random));
            let (lower, upper) = if one < other { (one, other) } else { (other, one) };
            let count = random.below(100);
            let upper = (lower != upper).then_some(upper);
            let ranks = spread(Some(&lower), upper.as_deref(), count);
            assert_eq!(ranks.len(), count);
            ranks.iter().for_each(|rank| is_sound(rank));
            let all = std::iter::once(&lower).chain(&ranks).chain(&upper);
            assert!(all.is_sorted_by(|a, b| a < b), "{lower} {upper:?} {ranks:?}");
        }
    }
}
