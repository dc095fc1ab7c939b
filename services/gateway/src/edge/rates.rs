use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use arc_swap::ArcSwap;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use kit_process::config::Switch;
use tokio::time::Instant;
use uuid::Uuid;

use super::{
    access::Access,
    metrics::Decisions,
    quota::Quota,
    table::{Spent, Table},
    visit::Visit,
};
use crate::{config::Config, problem::Problem};

/// All rates are for this long, in seconds.
const WINDOW: i64 = 60;
const MICROSECONDS: i64 = 1_000_000;

/// So many bytes of an answer count as a request: by default a user can take 94 MiB at once, and then 1.6 a second.
const BYTES_OF_A_REQUEST: usize = 16 * 1024;

/// The policy that is for floods.
const ADDRESS: &str = "address";

/// Who may ask how often (draft-ietf-httpapi-ratelimit-headers). Each process counts for itself.
pub(crate) struct Rates {
    /// Made when there is something to count.
    table: OnceLock<Table>,
    /// What is owed is counted from here on: the time of day may be set back, and everybody would owe that much more.
    began: Instant,
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
    decisions: Decisions,
}

impl Policy {
    fn new(name: &'static str, quota: u32) -> Self {
        let header = format!("\"{name}\";q={quota};w={WINDOW}");
        Self {
            name,
            quota,
            header: HeaderValue::from_str(&header).expect("a name and two numbers"),
            decisions: Decisions::in_scope(name),
        }
    }

    /// How long it takes to earn a request back, in microseconds.
    fn interval(&self) -> i64 {
        (WINDOW * MICROSECONDS / i64::from(self.quota.max(1))).max(1)
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
    pub(crate) fn new(config: &Config) -> Self {
        let rules = ArcSwap::from_pointee(Rules::new(config));
        Self { table: OnceLock::new(), began: Instant::now(), rules }
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
        let address = visit.subscriber();
        match access {
            // A flood of logins must not keep anyone from refreshing, nor the other way round.
            Access::SignIn | Access::Confirmed => self.spend(&rules.login, address, visit)?,
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

    /// Counts a large answer of a user: what it is owed for more than a request is spent, too.
    pub(crate) fn takes(&self, user_id: Uuid, bytes: usize) {
        let Some(rules) = self.rules() else { return };
        let requests = i64::try_from(bytes / BYTES_OF_A_REQUEST).unwrap_or(i64::MAX);
        let key = (rules.user.name, user_id.as_u128());
        self.table.get_or_init(Table::new).owe(key, self.now(), requests * rules.user.interval());
    }

    fn now(&self) -> i64 {
        i64::try_from(self.began.elapsed().as_micros()).unwrap_or(i64::MAX)
    }

    fn spend(&self, policy: &Policy, key: u128, visit: &Visit) -> Result<(), Problem> {
        let (interval, most) = (policy.interval(), WINDOW * MICROSECONDS);
        let Spent { debt, wait } = self.table.get_or_init(Table::new).spend(
            (policy.name, key),
            self.now(),
            interval,
            most,
        );
        let quota = Quota {
            policy: policy.header.clone(),
            name: policy.name,
            remaining: (most - debt).max(0) / interval,
            seconds: (debt + MICROSECONDS - 1) / MICROSECONDS,
        };
        if wait == 0 {
            policy.decisions.allowed.inc();
            // Only what counts for one user or purpose is worth telling; that of the address is for floods.
            if policy.name != ADDRESS {
                _ = visit.quota.set(quota);
            }
            return Ok(());
        }
        policy.decisions.refused.inc();
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

#[cfg(test)]
mod tests {
    use super::*;

    use kit_base::Timestamp;
    use tokio::time::advance;

    fn rates(configure: impl FnOnce(&mut Config)) -> Rates {
        let mut config = Config::default();
        configure(&mut config);
        Rates::new(&config)
    }

    /// How many of so many requests are let through.
    fn passed(rates: &Rates, access: Access, addresses: &[&str]) -> usize {
        addresses
            .iter()
            .filter(|address| rates.address(access, &Visit::of_address(address)).is_ok())
            .count()
    }

    #[tokio::test(start_paused = true)]
    async fn a_large_answer_counts_as_so_many_requests() {
        let rates = rates(|config| config.rate_limit_user = 60);
        let (user, visit) = (Uuid::from_u128(7), Visit::of_address("192.0.2.1"));
        let passed = || (0..99).filter(|_| rates.user(user, &visit).is_ok()).count();
        rates.takes(user, BYTES_OF_A_REQUEST - 1);
        rates.takes(user, 10 * BYTES_OF_A_REQUEST);
        assert_eq!(passed(), 50);
        rates.takes(user, 5 * BYTES_OF_A_REQUEST);
        advance(Duration::from_secs(5)).await;
        assert_eq!(passed(), 0, "what was taken beyond the rate is earned back first");
        advance(Duration::from_secs(5)).await;
        assert_eq!(passed(), 5);
        assert!(rates.user(Uuid::from_u128(8), &visit).is_ok(), "another goes on");
    }

    #[tokio::test(start_paused = true)]
    async fn a_subscriber_is_an_address_or_a_network_of_64_bits() {
        let rates = rates(|config| config.rate_limit_address = 2);
        assert_eq!(passed(&rates, Access::Users, &["192.0.2.1"; 4]), 2);
        assert_eq!(passed(&rates, Access::Users, &["192.0.2.2"; 4]), 2, "the neighbour goes on");
        let network = ["2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff::3"];
        assert_eq!(passed(&rates, Access::Users, &network), 2);
        assert_eq!(passed(&rates, Access::Users, &["2001:db8:0:1::1"; 3]), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn logins_and_refreshes_of_an_address_do_not_use_each_other_up() {
        let rates = rates(|config| {
            (config.rate_limit_login, config.rate_limit_refresh, config.rate_limit_address) =
                (2, 3, 9);
        });
        let address = &["192.0.2.1"; 5];
        assert_eq!(passed(&rates, Access::SignIn, address), 2);
        assert_eq!(passed(&rates, Access::Refresh, address), 3);
        assert_eq!(passed(&rates, Access::Anyone, address), 4, "all of them are of the address");
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_spent_is_earned_back_bit_by_bit() {
        let rates = rates(|config| config.rate_limit_user = 6);
        let user = Uuid::from_u128(1);
        let ask = || {
            let visit = Visit::of_address("192.0.2.1");
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
        assert!(
            rates.user(Uuid::from_u128(2), &Visit::of_address("192.0.2.1")).is_ok(),
            "each has a rate"
        );
        advance(Duration::from_millis(9_999)).await;
        assert!(!ask().0);
        advance(Duration::from_millis(1)).await;
        assert_eq!(ask(), (true, Some((0, 60))));
        advance(Duration::from_secs(60)).await;
        assert_eq!(ask(), (true, Some((5, 10))), "no more than a minute's is saved up");
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_says_which_rate_it_was_and_when_to_come_again() {
        let rates = rates(|config| config.rate_limit_address = 1);
        let first = Visit::of_address("192.0.2.1");
        assert!(rates.address(Access::Users, &first).is_ok());
        assert!(first.quota.get().is_none(), "the rate for floods is nobody's to plan with");
        let problem = rates.address(Access::Users, &Visit::of_address("192.0.2.1")).unwrap_err();
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

    #[tokio::test(start_paused = true)]
    async fn new_settings_take_effect_and_forget_nothing() {
        let rates = rates(|config| config.rate_limit_user = 1);
        let ask = || rates.user(Uuid::from_u128(1), &Visit::of_address("192.0.2.1")).is_ok();
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
