//! What is sent again, and what is not.
use std::time::Duration;

use http::Response;
use tokio::time::Instant;
use tonic::{Code, Status, body::Body};
use tower::retry::budget::Budget as _;

use kit_base::chance;

use super::{balancer::Balancer, call::Call, failure::Failure, record};

/// How often a call that was not sent goes elsewhere.
const REDIRECTS: u32 = 3;
const LEAST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);
/// Why a call is sent again, as metrics have it: the peer said so, or a [`Failure`].
pub(super) const REASONS: [&str; 5] = [UNAVAILABLE, "unsent", "lost", "silent", "slow"];
const UNAVAILABLE: &str = "unavailable";

/// Sends the call until it has an answer. What no peer has seen goes elsewhere at once. What may have been carried out is
/// sent once more, if the peer does no harm by seeing it twice, and as the budget allows: a peer in trouble must not get
/// more work for it. Nor does it matter what became of the first: a call that would end its process ends two, and no call can by what
/// it takes of memory (docs/limits.md).
pub(crate) async fn send(balancer: &Balancer, call: &Call) -> Result<Response<Body>, Status> {
    balancer.lost.deposit();
    balancer.refused.deposit();
    let refused = |failure: Failure| failure.status(balancer.name(), || balancer.peer().fault());
    let (mut redirects, mut repeated, mut last) = (0, false, None);
    loop {
        let outcome = balancer.attempt(call, &mut last).await;
        let reason = match &outcome {
            Ok(response) if record::code(response.headers()) == Code::Unavailable => UNAVAILABLE,
            Ok(_) => return outcome.map_err(refused),
            Err(failure) => failure.reason(),
        };
        let again = match &outcome {
            Err(Failure::Expired | Failure::Nobody | Failure::Full) => false,
            Err(Failure::Unsent) => {
                redirects += 1;
                redirects <= REDIRECTS
            }
            Ok(_) | Err(Failure::Lost(_) | Failure::Silent | Failure::Slow) => {
                let budget = match &outcome {
                    Err(Failure::Lost(_) | Failure::Silent) => &balancer.lost,
                    _ => &balancer.refused,
                };
                let allowed = call.repeatable && !repeated && budget.withdraw();
                repeated = true;
                allowed && pause(call).await
            }
        };
        if !again {
            return outcome.map_err(refused);
        }
        crate::metrics::client_retry(balancer.name(), reason);
    }
}

/// Waits a moment, so that calls that failed together do not come back together; false when there is no time for it.
async fn pause(call: &Call) -> bool {
    let end = Instant::now() + chance::between(LEAST_PAUSE, LONGEST_PAUSE);
    if end >= call.deadline.at {
        return false;
    }
    tokio::time::sleep_until(end).await;
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_sent_again_is_counted_from_0() {
        let lost = Failure::Lost(String::new());
        for failure in [Failure::Unsent, lost, Failure::Silent, Failure::Slow] {
            assert!(REASONS.contains(&failure.reason()), "{failure:?}");
        }
    }
}
