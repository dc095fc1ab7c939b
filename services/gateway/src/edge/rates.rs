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
