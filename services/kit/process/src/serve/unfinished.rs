//! What has come of heads and frames that are not whole, of all connections together. It waits in memory for the rest of it, and no service
//! knows of it yet.
use std::{
    collections::{HashMap, hash_map::Entry},
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::places;
use crate::metrics;

/// Room for all of it, in bytes.
const ROOM: usize = 8 << 20;
/// Of an address: such a part of what the others leave.
const PART: usize = 4;
/// And so much in any case, as long as there are not too many who have that.
const LEAST: usize = 64 << 10;
/// No more than this, whoever they are.
const MOST: usize = 2 * ROOM;
/// What a connection has besides, in bytes: few heads are longer, and those who send such are let in however much others leave unfinished.
pub(super) const FREE: usize = 8 << 10;
/// Why a connection is ended here.
const REASON: &str = "unfinished";

/// All of it, in bytes.
#[derive(Debug, Default)]
pub(super) struct Unfinished(Mutex<Counted>);

#[derive(Debug, Default)]
struct Counted {
    all: usize,
    by: HashMap<IpAddr, usize>,
}

/// What a connection has of it.
#[derive(Debug)]
pub(super) struct Part {
    unfinished: Arc<Unfinished>,
    holder: IpAddr,
    counted: usize,
}

impl Unfinished {
    pub(super) fn new() -> Arc<Self> {
        metrics::begin_load_shed(REASON);
        Arc::default()
    }

    /// That of a connection from there.
    pub(super) fn part(self: &Arc<Self>, address: IpAddr) -> Part {
        Part { unfinished: Arc::clone(self), holder: places::holder(address), counted: 0 }
    }

    fn counted(&self) -> MutexGuard<'_, Counted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Part {
    /// So many bytes of the connection's are not whole now: whether there is room for them.
    pub(super) fn has_room(&mut self, bytes: usize) -> bool {
        let (before, counted) = (self.counted, bytes.saturating_sub(FREE));
        if counted == before {
            return true;
        }
        self.counted = counted;
        let (own, all) = self.unfinished.counted().replace(self.holder, before, counted);
        let part = (ROOM + own).saturating_sub(all) / PART;
        let has_room = counted < before || all <= MOST && own <= part.max(LEAST);
        if !has_room {
            metrics::load_shed(REASON);
        }
        has_room
    }
}

impl Counted {
    /// Counts so much less, and so much more, of somebody's; gives how much is theirs, and how much there is in all.
    fn replace(&mut self, holder: IpAddr, less: usize, more: usize) -> (usize, usize) {
        self.all = self.all - less + more;
        match self.by.entry(holder) {
            Entry::Occupied(own) if *own.get() - less + more == 0 => _ = own.remove(),
            Entry::Occupied(mut own) => {
                *own.get_mut() = *own.get() - less + more;
                return (*own.get(), self.all);
            }
            Entry::Vacant(own) => _ = own.insert(more),
        }
        (more, self.all)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if self.counted > 0 {
            self.unfinished.counted().replace(self.holder, self.counted, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: usize = 20 << 10;

    /// The connections of an address that leave a long head unfinished, as many as there may be.
    fn all_of(unfinished: &Arc<Unfinished>, address: [u8; 4]) -> Vec<Part> {
        let part = || {
            let mut part = unfinished.part(address.into());
            part.has_room(FREE + HEAD).then_some(part)
        };
        std::iter::from_fn(part).collect()
    }

    #[test]
    fn an_address_leaves_a_part_of_what_is_left_unfinished_and_the_next_has_one_too() {
        let unfinished = Unfinished::new();
        let mut parts: Vec<_> =
            (1..=40).map(|number| all_of(&unfinished, [192, 0, 2, number])).collect();
        let counts: Vec<_> = parts.iter().map(Vec::len).collect();
        assert_eq!(counts[..3], [ROOM / PART / HEAD, 76, 57], "{counts:?}");
        assert!(counts.iter().all(|count| *count >= LEAST / HEAD), "{counts:?}");
        let small = &mut parts[0][0];
        assert!(small.has_room(FREE) && small.has_room(0), "what has become whole is free");
        assert!(!small.has_room(FREE + HEAD), "the others have what is left of it");
        drop(parts);
        let counted = unfinished.counted();
        assert_eq!((counted.all, counted.by.len()), (0, 0));
    }

    #[test]
    fn there_is_so_much_for_all_and_what_is_short_needs_none() {
        let unfinished = Unfinished::new();
        let held: Vec<_> = (0..=255)
            .flat_map(|third| (0..4).map(move |fourth| [198, 51, third, fourth]))
            .map(|address| all_of(&unfinished, address))
            .collect();
        assert!(unfinished.counted().all <= MOST + HEAD);
        assert!(held.last().is_some_and(Vec::is_empty), "there is no more");
        let mut short = unfinished.part([203, 0, 113, 1].into());
        assert!((1..=FREE).all(|bytes| short.has_room(bytes)));
    }

    #[test]
    fn those_of_one_network_are_one() {
        let unfinished = Unfinished::new();
        let [one, other] = [1, 2].map(|last| std::net::Ipv6Addr::from_bits((0x2001 << 112) | last));
        let mut held = vec![];
        for address in [one, other] {
            loop {
                let mut part = unfinished.part(address.into());
                if !part.has_room(FREE + HEAD) {
                    break;
                }
                held.push(part);
            }
        }
        assert_eq!(held.len(), ROOM / PART / HEAD);
    }
}
