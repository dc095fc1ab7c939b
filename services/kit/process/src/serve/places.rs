use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
};

use super::Limits;
use crate::metrics;

const ALL: &str = "connections";
const OF_ADDRESS: &str = "connections_per_ip";

/// Who holds how many connections.
#[derive(Debug)]
pub(super) struct Places {
    total: usize,
    each: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    total: usize,
    each: HashMap<IpAddr, usize>,
}

/// A connection's place, free again when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    holder: IpAddr,
}

impl Places {
    pub(super) fn new(limits: &Limits) -> Arc<Self> {
        [ALL, OF_ADDRESS].into_iter().for_each(metrics::begin_load_shed);
        let bound = |limit: usize| if limit == 0 { usize::MAX } else { limit };
        let (total, each) = (bound(limits.max_connections), bound(limits.max_connections_per_ip));
        Arc::new(Self { total, each, taken: Mutex::default() })
    }

    /// A place for `address`, or why there is none.
    pub(super) fn admit(self: &Arc<Self>, address: IpAddr) -> Result<Place, &'static str> {
        let holder = holder(address);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.total >= self.total {
            return Err(ALL);
        }
        let own = taken.each.entry(holder).or_default();
        if *own >= self.each {
            return Err(OF_ADDRESS);
        }
        *own += 1;
        taken.total += 1;
        Ok(Place { places: Arc::clone(self), holder })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.total -= 1;
        if let Some(own) = taken.each.get_mut(&self.holder) {
            *own -= 1;
            if *own == 0 {
                taken.each.remove(&self.holder);
            }
        }
    }
}

/// One subscriber of an IPv6 provider has a whole /64.
pub(super) fn holder(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(total: usize, each: usize) -> Arc<Places> {
        Places::new(&Limits {
            max_connections: total,
            max_connections_per_ip: each,
            ..Limits::default()
        })
    }

    #[test]
    fn a_place_is_free_again_once_its_holder_has_left() {
        let (places, [a, b, c]) =
            (places(2, 1), [1, 2, 3].map(|last| IpAddr::from([10, 0, 0, last])));
        let first = places.admit(a).unwrap();
        assert_eq!(places.admit(a).unwrap_err(), "connections_per_ip");
        let second = places.admit(b).unwrap();
        assert_eq!(places.admit(c).unwrap_err(), "connections");
        drop(first);
        drop((places.admit(a).unwrap(), second));
        assert!(places.taken.lock().unwrap().each.is_empty());
    }

    #[test]
    fn addresses_of_one_ipv6_subscriber_share_their_places() {
        let places = places(0, 1);
        let _first = places.admit("2001:db8::1".parse().unwrap()).unwrap();
        assert!(places.admit("2001:db8::2".parse().unwrap()).is_err());
        assert!(places.admit("2001:db8:0:1::1".parse().unwrap()).is_ok());
        let _mapped = places.admit("::ffff:10.0.0.1".parse().unwrap()).unwrap();
        assert!(places.admit("10.0.0.1".parse().unwrap()).is_err());
    }

    #[test]
    fn a_bound_of_0_is_none_and_a_place_that_was_refused_is_not_taken() {
        let limits = |all, each| Limits {
            max_connections: all,
            max_connections_per_ip: each,
            ..Limits::default()
        };
        let address: IpAddr = "192.0.2.1".parse().unwrap();
        let open = Places::new(&limits(0, 0));
        let held: Vec<_> = (0..1_000).map(|_| open.admit(address).unwrap()).collect();
        assert_eq!(held.len(), 1_000);
        let narrow = Places::new(&limits(3, 2));
        let mut held: Vec<_> = (0..2).map(|_| narrow.admit(address).unwrap()).collect();
        for _ in 0..5 {
            assert_eq!(narrow.admit(address).unwrap_err(), "connections_per_ip");
        }
        held.push(narrow.admit("192.0.2.2".parse().unwrap()).unwrap());
        assert_eq!(narrow.admit("192.0.2.3".parse().unwrap()).unwrap_err(), "connections");
        drop(held);
        let taken = narrow.taken.lock().unwrap();
        assert_eq!((taken.total, taken.each.len()), (0, 0), "nobody is remembered");
    }
}
