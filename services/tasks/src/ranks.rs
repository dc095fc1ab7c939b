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
}
