mod limit;

use std::{
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    time::Duration,
};

use axum::http::StatusCode;
use tokio::time::Instant;
use uuid::Uuid;

use self::limit::Limit;
pub(crate) use self::limit::Usual;
use super::{
    access::Access,
    places::{self, Places},
    shed::Shed,
    visit::Visit,
};
use crate::problem::Problem;

/// Such a part of all places a user has in any case.
const FEW: usize = 16;

/// How many requests are worked on at once, in all and of one address.
pub(crate) struct Admission {
    in_flight: AtomicUsize,
    limit: Limit,
    /// Who signs in waits for a hash: in places apart, so that others have theirs, and no sign of how fast those are.
    signing_in: AtomicUsize,
    most_signing_in: usize,
    of_address: Places,
    most_of_address: usize,
    of_user: Places,
    most_of_user: usize,
}

/// A request's place, free again when it is dropped.
#[derive(Default)]
pub(crate) struct Place<'a> {
    in_all: Option<&'a AtomicUsize>,
    of_address: Option<places::Place>,
}

impl Admission {
    pub(crate) fn new(most: usize, most_of_address: usize, most_of_user: usize) -> Self {
        Self {
            in_flight: AtomicUsize::new(0),
            limit: Limit::new(most),
            signing_in: AtomicUsize::new(0),
            most_signing_in: most.div_ceil(4),
            of_address: Places::new(),
            most_of_address,
            of_user: Places::new(),
            most_of_user,
        }
    }

    /// Whether there is no place for a user's request. It may have changed before one is asked for.
    pub(crate) fn is_full(&self) -> bool {
        self.in_flight.load(Relaxed) >= self.limit.now()
    }

    /// A place, or a refusal at once: nobody queues here. 429 when the address has its share, 503 when all places are taken.
    pub(crate) fn enter(&self, access: Access, visit: &Visit) -> Result<Place<'_>, Problem> {
        let with_reserve = |most: usize| match access {
            // Who is refused would be signed out.
            Access::Refresh => most + most.div_ceil(20),
            _ => most,
        };
        let (count, most) = match access {
            // They have places of their own.
            Access::Listeners => return Ok(Place::default()),
            Access::SignIn | Access::Confirmed => (&self.signing_in, self.most_signing_in),
            Access::Users | Access::Refresh | Access::Anyone => (&self.in_flight, self.limit.now()),
        };
        let mut place = Place { in_all: Some(count), of_address: None };
        if count.fetch_add(1, Relaxed) >= with_reserve(most) {
            return Err(refuse());
        }
        let most_of_address = self.most_of_address.min((most - most / 4).max(1));
        place.of_address = self.of_address.enter(visit.subscriber(), with_reserve(most_of_address));
        if place.of_address.is_none() {
            Shed::InFlightOfAddress.count();
            return Err(too_many("address", most_of_address));
        }
        Ok(place)
    }

    /// A place of a user's, who is not known before its token was looked at; 429 when the user has as many as may be: at most as many as are
    /// left, half of all where nobody else is there, and a few in any case. Who brings others to be refused is refused, too.
    pub(crate) fn enter_user(&self, user_id: Uuid) -> Result<places::Place, Problem> {
        let (limit, taken) = (self.limit.now(), self.in_flight.load(Relaxed));
        let left = limit.saturating_sub(taken).max(limit.div_ceil(FEW));
        let most = self.most_of_user.min(left);
        self.of_user.enter(user_id.as_u128(), most).ok_or_else(|| {
            Shed::InFlightOfUser.count();
            too_many("user", most)
        })
    }

    /// An operation begins; how long it takes is told by what this gives.
    pub(crate) fn begin<'a>(&'a self, usual: &'a Usual, visit: &'a Visit) -> Work<'a> {
        Work { admission: self, usual, visit, began: Instant::now(), ended: false }
    }
}

/// An operation that is worked on.
pub(crate) struct Work<'a> {
    admission: &'a Admission,
    usual: &'a Usual,
    visit: &'a Visit,
    began: Instant,
    ended: bool,
}

impl Work<'_> {
    /// It was answered with this status.
    pub(crate) fn end(mut self, status: StatusCode) {
        self.ended = true;
        if status.is_success() || status == StatusCode::NOT_MODIFIED {
            self.report_time(Some(self.began.elapsed()));
        } else if status.is_server_error() {
            // How fast it failed says nothing of how fast the work is.
            self.report_time(None);
        }
    }

    /// How long it took; none when it failed for what is no fault of the client's. What is for anyone is answered without asking a
    /// service, and tells nothing.
    fn report_time(&self, took: Option<Duration>) {
        let Self { admission, usual, visit, .. } = self;
        if matches!(visit.access, Access::Users | Access::Refresh) {
            let in_flight = admission.in_flight.load(Relaxed);
            let client = [visit.whose(), !visit.subscriber()];
            admission.limit.answered(usual, took, in_flight, client);
        }
    }
}

impl Drop for Work<'_> {
    /// Its client has given it up, who may have had reason to.
    fn drop(&mut self) {
        if !self.ended && self.usual.is_exceeded(self.began.elapsed()) {
            self.report_time(None);
        }
    }
}

/// A refusal because all places are taken.
pub(super) fn refuse() -> Problem {
    Shed::InFlight.count();
    let message = "too much is going on right now; try again soon";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "SHED", message)
}

fn too_many(whose: &str, most: usize) -> Problem {
    let message = format!("so many requests of one {whose} are worked on at once: {most}");
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "TOO_MANY_AT_ONCE", message)
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Some(count) = self.in_all {
            count.fetch_sub(1, Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What it is refused for, if it is.
    fn enter<'a>(
        admission: &'a Admission,
        access: Access,
        address: &str,
    ) -> Result<Place<'a>, StatusCode> {
        admission.enter(access, &Visit::of_address(address)).map_err(|problem| problem.status())
    }

    #[test]
    fn what_comes_above_the_limit_is_refused_until_a_place_is_free() {
        let admission = Admission::new(1, 9, 9);
        let place = enter(&admission, Access::Users, "10.0.0.1").unwrap();
        let refused = enter(&admission, Access::Anyone, "10.0.0.2").err();
        assert_eq!(refused, Some(StatusCode::SERVICE_UNAVAILABLE));
        assert!(enter(&admission, Access::Refresh, "10.0.0.2").is_ok(), "the reserve");
        assert!(enter(&admission, Access::Listeners, "10.0.0.2").is_ok(), "their own places");
        drop(place);
        assert!(enter(&admission, Access::Users, "10.0.0.2").is_ok());
        assert_eq!(admission.in_flight.load(Relaxed), 0);
    }

    #[test]
    fn an_address_takes_its_share_and_leaves_the_rest_to_others() {
        let admission = Admission::new(9, 2, 9);
        let places = [(); 2].map(|()| enter(&admission, Access::Users, "10.0.0.1").unwrap());
        for access in [Access::Users, Access::SignIn, Access::Anyone] {
            let refused = enter(&admission, access, "10.0.0.1").err();
            assert_eq!(refused, Some(StatusCode::TOO_MANY_REQUESTS));
        }
        assert!(enter(&admission, Access::Refresh, "10.0.0.1").is_ok(), "the reserve");
        let others =
            (2..9).filter(|it| enter(&admission, Access::Users, &format!("10.0.0.{it}")).is_ok());
        assert!(others.count() > 5);
        drop(places);
        assert!(enter(&admission, Access::Users, "10.0.0.1").is_ok());
        assert_eq!((admission.in_flight.load(Relaxed), admission.of_address.taken()), (0, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn who_gives_up_what_takes_too_long_says_so_and_who_gives_up_soon_says_nothing() {
        let admission = Admission::new(512, 512, 512);
        let usual = Usual::default();
        let client =
            |number: u32| Visit::of_address(&format!("10.0.{}.{}", number / 99, number % 99));
        let work = async |number, milliseconds| {
            let visit = client(number);
            let work = admission.begin(&usual, &visit);
            tokio::time::advance(Duration::from_millis(milliseconds)).await;
            drop(work);
        };
        let visit = client(0);
        let first = admission.begin(&usual, &visit);
        tokio::time::advance(Duration::from_millis(10)).await;
        first.end(StatusCode::OK);
        admission.in_flight.store(128, Relaxed);
        for (milliseconds, is_less) in [(39, false), (50, true)] {
            for number in 1..200 {
                work(number, milliseconds).await;
            }
            assert_eq!(admission.limit.now() < 128, is_less, "{milliseconds}");
        }
    }

    #[test]
    fn a_user_takes_no_more_places_than_are_left_and_a_few_in_any_case() {
        for (most, most_of_user, places) in [
            (64, 4, &[4, 4, 4][..]),
            (64, 64, &[32, 16, 8, 4, 4]),
            (8, 8, &[4, 2, 1, 1]),
            (1, 9, &[1]),
        ] {
            let admission = Admission::new(most, most, most_of_user);
            let mut taken = vec![];
            for (user, places) in places.iter().enumerate() {
                let address = format!("10.0.0.{user}");
                let enters = || {
                    let visit = Visit::of_address(&address);
                    let place = admission.enter(Access::Users, &visit).ok()?;
                    let user_id = Uuid::from_u128(user as u128);
                    Some((place, admission.enter_user(user_id).ok()?))
                };
                let found: Vec<_> = std::iter::from_fn(enters).take(99).collect();
                assert_eq!(found.len(), *places, "{user} of {most_of_user} of {most}");
                taken.push(found);
            }
        }
    }
}
