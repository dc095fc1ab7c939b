use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use axum::http::StatusCode;

use super::access::Access;
use crate::problem::Problem;

/// How many requests are worked on at once.
pub(crate) struct Admission {
    in_flight: AtomicUsize,
    most: usize,
    /// With the reserve for those who would otherwise be signed out.
    most_with_reserve: usize,
}

/// A request's place, free again when it is dropped.
pub(crate) struct Place<'a>(Option<&'a AtomicUsize>);

impl Admission {
    pub(crate) fn new(most: usize) -> Self {
        Self { in_flight: AtomicUsize::new(0), most, most_with_reserve: most + most.div_ceil(20) }
    }

    /// A place, or 503 at once: nobody queues here.
    pub(super) fn enter(&self, access: Access) -> Result<Place<'_>, Problem> {
        let most = match access {
            // They have places of their own.
            Access::Listeners => return Ok(Place(None)),
            Access::Refresh => self.most_with_reserve,
            Access::Users | Access::SignIn | Access::Anyone => self.most,
        };
        let place = Place(Some(&self.in_flight));
        if self.in_flight.fetch_add(1, Relaxed) < most {
            return Ok(place);
        }
        kit_process::metrics::load_shed("in_flight");
        Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "SHED",
            "too much is going on right now; try again soon",
        ))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Some(in_flight) = self.0 {
            in_flight.fetch_sub(1, Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_above_the_limit_is_refused_until_a_place_is_free() {
        let admission = Admission::new(1);
        let place = admission.enter(Access::Users).unwrap_or_else(|_| unreachable!());
        assert!(admission.enter(Access::Anyone).is_err());
        assert!(admission.enter(Access::Refresh).is_ok(), "the reserve");
        assert!(admission.enter(Access::Listeners).is_ok(), "their own places");
        drop(place);
        assert!(admission.enter(Access::Users).is_ok());
        assert_eq!(admission.in_flight.load(Relaxed), 0);
    }
}
