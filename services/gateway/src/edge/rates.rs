use std::{
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, OnceLock},
    time::Duration,
};

use arc_swap::ArcSwap;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use kit_base::Clock;
use uuid::Uuid;

use super::{
    access::Access,
    quota::Quota,
    table::{Spent, Table},
    visit::Visit,
};
use crate::{
    config::{Config, Switch},
    problem::Problem,
};

/// All rates are for this long, in seconds.
const WINDOW: i64 = 60;
const MICROSECONDS: i64 = 1_000_000;

/// The policy that is for floods.
const ADDRESS: &str = "address";

/// Who may ask how often (draft-ietf-httpapi-ratelimit-headers). Each process counts for itself.
pub(crate) struct Rates {
    /// Made when there is something to count.
    table: OnceLock<Table>,
    clock: Clock,
    rules: ArcSwap<Rules>,
}

/// How often. They may be replaced while requests are counted: what was spent stays spent.
pub(crate) struct Rules {
    on: bool,
    pub(crate) user: Policy,
    pub(crate) address: Policy,
    pub(crate) login: Policy,
    pub(crate) refresh: Policy,
}

pub(crate) struct Policy {
    name: &'static str,
    pub(crate) quota: u32,
    header: HeaderValue,
}

impl Policy {
    fn new(name: &'static str, quota: u32) -> Self {
        let header = format!("\"{name}\";q={quota};w={WINDOW}");
        Self {
            name,
            quota,
            header: HeaderValue::from_str(&header).expect("a name and two numbers"),
        }
    }
}

impl Rules {
    fn new(config: &Config) -> Self {
        Self {
            on: config.rate_limit == Switch::On,
            user: Policy::new("user", config.rate_limit_user),
            address: Policy::new(ADDRESS, config.rate_limit_address),
            login: Policy::new("login", config.rate_limit_login),
            refresh: Policy::new("refresh", config.rate_limit_refresh),
        }
    }
}

impl Rates {
    pub(crate) fn new(config: &Config, clock: Clock) -> Self {
        let rules = ArcSwap::from_pointee(Rules::new(config));
        Self { table: OnceLock::new(), clock, rules }
    }

    /// Goes on by these settings.
    pub(crate) fn follow(&self, config: &Config) {
        self.rules.store(Arc::new(Rules::new(config)));
    }

    /// What is counted, none when nothing is.
    pub(crate) fn rules(&self) -> Option<Arc<Rules>> {
        Some(self.rules.load_full()).filter(|rules| rules.on)
    }

    /// Counts a request of an address.
    pub(super) fn address(&self, access: Access, visit: &Visit) -> Result<(), Problem> {
        let Some(rules) = self.rules() else { return Ok(()) };
        let address = subscriber(visit.address);
        match access {
            // A flood of logins must not keep anyone from refreshing, nor the other way round.
            Access::SignIn => self.spend(&rules.login, address, visit)?,
            Access::Refresh => self.spend(&rules.refresh, address, visit)?,
            Access::Users | Access::Listeners | Access::Anyone => {}
        }
        self.spend(&rules.address, address, visit)
    }

    /// Counts a request of a user.
    pub(crate) fn user(&self, user_id: Uuid, visit: &Visit) -> Result<(), Problem> {
        let Some(rules) = self.rules() else { return Ok(()) };
        self.spend(&rules.user, user_id.as_u128(), visit)
    }

    fn spend(&self, policy: &Policy, key: u128, visit: &Visit) -> Result<(), Problem> {
        let (interval, most) =
            (WINDOW * MICROSECONDS / i64::from(policy.quota.max(1)), WINDOW * MICROSECONDS);
        let Spent { debt, wait } = self.table.get_or_init(Table::new).spend(
            (policy.name, key),
            self.clock.now().as_microseconds(),
            interval.max(1),
            most,
        );
        let quota = Quota {
            policy: policy.header.clone(),
            name: policy.name,
            remaining: (most - debt) / interval.max(1),
            seconds: (debt + MICROSECONDS - 1) / MICROSECONDS,
        };
        if wait == 0 {
            // Only what counts for one user or purpose is worth telling; that of the address is for floods.
            if policy.name != ADDRESS {
                _ = visit.quota.set(quota);
            }
            return Ok(());
        }
        let message =
            format!("at most {} requests in {WINDOW} s (policy `{}`)", policy.quota, policy.name);
        let mut told = HeaderMap::new();
        quota.write(&mut told);
        let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "TOO_MANY_REQUESTS", message)
            .violates(policy.name);
        let problem = problem.with_retry_after(Duration::from_micros(wait.unsigned_abs()));
        Err(told.into_iter().fold(problem, |problem, (name, value)| match name {
            Some(name) => problem.with_header(name, value),
            None => problem,
        }))
    }
}

/// One subscriber of an IPv6 provider has a whole /64.
fn subscriber(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => Ipv6Addr::to_bits(address) >> 64 << 64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use kit_base::Timestamp;

    fn visit(address: &str) -> Visit {
        let (user_id, quota, refusal, faults) = Default::default();
        let address = address.parse().unwrap();
        Visit { address, secure: false, user_id, quota, refusal, faults }
    }

    fn rates(configure: impl FnOnce(&mut Config)) -> (Rates, Clock) {
        let mut config = Config::default();
        configure(&mut config);
        let clock = Clock::fixed(Timestamp::from_seconds(1_800_000_000));
        (Rates::new(&config, clock.clone()), clock)
    }

    /// How many of so many requests are let through.
    fn passed(rates: &Rates, access: Access, addresses: &[&str]) -> usize {
        addresses.iter().filter(|address| rates.address(access, &visit(address)).is_ok()).count()
    }

    #[test]
    fn a_subscriber_is_an_address_or_a_network_of_64_bits() {
        let (rates, _) = rates(|config| config.rate_limit_address = 2);
        assert_eq!(passed(&rates, Access::Users, &["192.0.2.1"; 4]), 2);
        assert_eq!(passed(&rates, Access::Users, &["192.0.2.2"; 4]), 2, "the neighbour goes on");
        let network = ["2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff::3"];
        assert_eq!(passed(&rates, Access::Users, &network), 2);
        assert_eq!(passed(&rates, Access::Users, &["2001:db8:0:1::1"; 3]), 2);
    }

    #[test]
    fn logins_and_refreshes_of_an_address_do_not_use_each_other_up() {
        let (rates, _) = rates(|config| {
            (config.rate_limit_login, config.rate_limit_refresh, config.rate_limit_address) =
                (2, 3, 9);
        });
        let address = &["192.0.2.1"; 5];
        assert_eq!(passed(&rates, Access::SignIn, address), 2);
        assert_eq!(passed(&rates, Access::Refresh, address), 3);
        assert_eq!(passed(&rates, Access::Anyone, address), 4, "all of them are of the address");
    }

    #[test]
    fn what_was_spent_is_earned_back_bit_by_bit() {
        let (rates, clock) = rates(|config| config.rate_limit_user = 6);
        let user = Uuid::from_u128(1);
        let ask = || {
            let visit = visit("192.0.2.1");
            let outcome = rates.user(user, &visit);
            (
                outcome.is_ok(),
                visit.quota.into_inner().map(|quota| (quota.remaining, quota.seconds)),
            )
        };
        for left in (0..6).rev() {
            assert_eq!(ask(), (true, Some((left, 60 - 10 * left))), "{left} are left");
        }
        assert_eq!(ask(), (false, None), "a refusal tells it itself");
        assert!(rates.user(Uuid::from_u128(2), &visit("192.0.2.1")).is_ok(), "each has a rate");
        clock.advance(Duration::from_millis(9_999));
        assert!(!ask().0);
        clock.advance(Duration::from_millis(1));
        assert_eq!(ask(), (true, Some((0, 60))));
        clock.advance(Duration::from_secs(60));
        assert_eq!(ask(), (true, Some((5, 10))), "no more than a minute's is saved up");
    }

    #[test]
    fn a_refusal_says_which_rate_it_was_and_when_to_come_again() {
        let (rates, _) = rates(|config| config.rate_limit_address = 1);
        let first = visit("192.0.2.1");
        assert!(rates.address(Access::Users, &first).is_ok());
        assert!(first.quota.get().is_none(), "the rate for floods is nobody's to plan with");
        let problem = rates.address(Access::Users, &visit("192.0.2.1")).unwrap_err();
        let reply = problem.write(crate::problem::Occurrence {
            request_id: "r",
            trace_id: String::new(),
            at: Timestamp::from_seconds(0),
        });
        let header = |name: &str| reply.headers()[name].to_str().unwrap();
        assert_eq!(reply.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(header("retry-after"), "60");
        assert_eq!(header("ratelimit"), "\"address\";r=0;t=60");
        assert_eq!(header("ratelimit-policy"), "\"address\";q=1;w=60");
    }

    #[test]
    fn new_settings_take_effect_and_forget_nothing() {
        let (rates, _) = rates(|config| config.rate_limit_user = 1);
        let ask = || rates.user(Uuid::from_u128(1), &visit("192.0.2.1")).is_ok();
        assert_eq!([ask(), ask()], [true, false]);
        let config =
            |on, quota| Config { rate_limit: on, rate_limit_user: quota, ..Config::default() };
        rates.follow(&config(Switch::Off, 1));
        assert_eq!([ask(), ask()], [true, true]);
        assert!(rates.rules().is_none());
        rates.follow(&config(Switch::On, 60));
        assert!(!ask(), "the minute that was spent is still owed");
        assert_eq!(rates.rules().unwrap().user.quota, 60);
    }
}
