//! Where the peer's endpoints are: names are looked up again and again, and never trusted to be complete.
use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Weak},
    time::Duration,
};

use kit_base::{chance, error::chain, work};
use tokio_util::task::AbortOnDropHandle;

use super::{
    balancer::Balancer,
    target::{Addresses, Target},
};

/// How long one look-up may take.
const LOOK_UP: Duration = Duration::from_secs(2);
/// The pause after a failed look-up or a failed connection, so that trouble is not answered with a flood of questions.
const PAUSE: Duration = Duration::from_millis(500);

/// Begins to look up `targets` for the balancer.
pub(crate) fn start(balancer: &Arc<Balancer>, targets: Vec<Target>) {
    let following = work::detach(follow(Arc::downgrade(balancer), targets));
    balancer.keep_resolver(AbortOnDropHandle::new(following));
}

/// Keeps the balancer's endpoints what the names say, until the balancer is gone.
async fn follow(balancer: Weak<Balancer>, targets: Vec<Target>) {
    let mut failing = false;
    let mut known = vec![vec![]; targets.len()];
    loop {
        let found = look_up(&targets, &mut known).await;
        let Some(balancer) = balancer.upgrade() else { return };
        let failed = found.is_err();
        match found {
            Ok(addresses) => balancer.replace(addresses),
            // Said once, not each half second of an outage.
            Err(error) if !failing => balancer.unresolved(&chain(&error)),
            Err(_) => {}
        }
        failing = failed;
        let peer = balancer.peer().clone();
        drop(balancer);
        tokio::time::sleep(chance::around(PAUSE)).await;
        if !failing {
            let rest = chance::around(peer.limits.resolve).saturating_sub(PAUSE);
            let _ = tokio::time::timeout(rest, peer.doubt.notified()).await;
        }
    }
}

/// All addresses of all names. One that cannot be looked up has those that were `known` of it; it counts as an error only if none can.
async fn look_up(targets: &[Target], known: &mut [Vec<SocketAddr>]) -> io::Result<Addresses> {
    let mut addresses = Addresses::new();
    let mut failures = vec![];
    for (target, known) in targets.iter().zip(known) {
        let looking_up =
            tokio::time::timeout(LOOK_UP, tokio::net::lookup_host(target.authority.as_str()));
        match looking_up.await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
            Ok(found) => *known = found.collect(),
            Err(error) => {
                tracing::debug!(name = %target.authority, error = chain(&error), "not looked up");
                failures.push(error);
            }
        }
        addresses.extend(known.iter().map(|address| (*address, target.clone())));
    }
    let nowhere = || io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    match failures.pop() {
        Some(failure) if failures.len() + 1 == targets.len() => Err(failure),
        failure if addresses.is_empty() => Err(failure.unwrap_or_else(nowhere)),
        _ => Ok(addresses),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::target::targets, *};

    #[tokio::test]
    async fn a_name_that_is_unknown_does_not_hide_the_others() {
        let both = targets("http://nowhere.invalid:1,http://127.0.0.1:2").unwrap();
        assert_eq!(look_up(&both, &mut [vec![], vec![]]).await.unwrap().len(), 1);
        assert!(look_up(&both[..1], &mut [vec![]]).await.is_err());
    }

    #[tokio::test]
    async fn what_was_known_of_a_name_stays_while_another_is_looked_up() {
        let both = targets("http://nowhere.invalid:1,http://127.0.0.1:2").unwrap();
        let known = SocketAddr::from(([127, 0, 0, 1], 7));
        let found = look_up(&both, &mut [vec![known], vec![]]).await.unwrap();
        assert_eq!(found.keys().map(SocketAddr::port).collect::<Vec<_>>(), [2, 7]);
    }
}
