//! What is asked, and what of it has to be looked at.
use errand::objectives::{AVAILABILITY, OBJECTIVES, Objective};

use super::page::{Row, Section};
use crate::command::{
    figures::{number, percent, time},
    prometheus::{Prometheus, Row as Found},
    scope::Scope,
};

/// How a number is told.
#[derive(Clone, Copy)]
enum Unit {
    Number,
    Share,
    Seconds,
}

/// One number: its name, what gives it, and above which it has to be looked at.
struct Measure {
    name: &'static str,
    query: String,
    unit: Unit,
    most: Option<f64>,
}

/// A measure as it stands here: `$own` chooses what is looked at, `$time` is how long.
type Template = (&'static str, &'static str, Unit, Option<f64>);

const PEOPLE: [Template; 6] = [
    (
        "signed in",
        r#"sum(increase(errand_auth_logins_total{result="success",$own}[$time]))"#,
        Unit::Number,
        None,
    ),
    (
        "sign-ins that failed",
        r#"sum(increase(errand_auth_logins_total{result="failure",$own}[$time]))"#,
        Unit::Number,
        None,
    ),
    (
        "registered",
        r#"sum(increase(errand_auth_registrations_total{result="created",$own}[$time]))"#,
        Unit::Number,
        None,
    ),
    ("tasks created", "sum(increase(errand_tasks_created_total{$own}[$time]))", Unit::Number, None),
    (
        "tasks completed",
        "sum(increase(errand_tasks_completed_total{$own}[$time]))",
        Unit::Number,
        None,
    ),
    (
        "used refresh tokens that came back",
        "sum(increase(errand_auth_refresh_reuse_detected_total{$own}[$time]))",
        Unit::Number,
        Some(0.0),
    ),
];

const PROCESSES: [Template; 9] = [
    (
        "restarts",
        "sum(changes(process_start_time_seconds{$own}[$time]) and on (job, instance) last_over_time(errand_build_info{$own}[$time]))",
        Unit::Number,
        Some(0.0),
    ),
    (
        "busiest threads, in five minutes",
        "max(max_over_time((rate(errand_runtime_tokio_worker_busy_seconds_total{$own}[5m]) / errand_runtime_tokio_workers{$own})[$time:5m]))",
        Unit::Share,
        Some(0.9),
    ),
    (
        "most that waited for a thread at once",
        "max(max_over_time(errand_runtime_tokio_global_queue_depth{$own}[$time]))",
        Unit::Number,
        None,
    ),
    (
        "fullest pool of connections",
        r#"max(max_over_time((sum without (db_client_connection_state) (db_client_connections{db_client_connection_state="used",$own}) / db_client_connections_max{$own})[$time:1m]))"#,
        Unit::Share,
        None,
    ),
    (
        "most that waited for a connection at once",
        "max(max_over_time(db_client_connections_pending_requests{$own}[$time]))",
        Unit::Number,
        None,
    ),
    (
        "one in twenty waits for a connection for",
        "histogram_quantile(0.95, sum by (le) (rate(db_client_connection_wait_time_seconds_bucket{$own}[$time])))",
        Unit::Seconds,
        Some(0.1),
    ),
    (
        "certificates that end within three days",
        "count(errand_tls_certificate_not_after_timestamp_seconds{$own} - time() < 259200) or 0 * count(errand_tls_certificate_not_after_timestamp_seconds{$own})",
        Unit::Number,
        Some(0.0),
    ),
    (
        "the next certificate ends in",
        "min(errand_tls_certificate_not_after_timestamp_seconds{$own} - time())",
        Unit::Seconds,
        None,
    ),
    (
        "log lines lost",
        "sum(increase(errand_log_records_dropped_total{$own}[$time]))",
        Unit::Number,
        Some(0.0),
    ),
];

/// What is refused to protect all: what one user or address has too much of is its own fault.
const SHED: &str = r#"reason=~"connections|in_flight|large_answers|streams|unfinished","#;

/// What is looked at, and over which time.
struct Asked<'a> {
    prometheus: &'a Prometheus,
    scope: &'a Scope,
}

/// All sections, in the order in which they are read.
///
/// # Errors
/// What Prometheus does not answer.
pub(super) async fn sections(
    prometheus: &Prometheus,
    scope: &Scope,
) -> anyhow::Result<Vec<Section>> {
    let asked = Asked { prometheus, scope };
    let mut promises = vec![];
    for objective in OBJECTIVES {
        promises.push(asked.promise(&objective).await?);
    }
    Ok(vec![
        Section { title: "What is promised", rows: promises },
        Section { title: "Requests", rows: asked.measures(asked.requests()).await? },
        Section { title: "Slowest routes", rows: asked.slowest().await? },
        Section { title: "Routes that fail most", rows: asked.failing().await? },
        Section { title: "Most frequent codes of refusals", rows: asked.codes().await? },
        Section { title: "People", rows: asked.measures(asked.filled(&PEOPLE)).await? },
        Section { title: "Processes", rows: asked.measures(asked.filled(&PROCESSES)).await? },
        Section { title: "What runs", rows: asked.versions().await? },
    ])
}

impl Unit {
    fn in_words(self, value: f64) -> String {
        match self {
            Self::Number => number(value),
            Self::Share => percent(value),
            Self::Seconds => time(value),
        }
    }
}

impl Asked<'_> {
    /// So many of a hundred, and what is left of the budget of as long a time.
    async fn promise(&self, objective: &Objective) -> anyhow::Result<Row> {
        let counted = self.scope.counted(self.prometheus, objective).await?;
        if counted.all <= 0.0 {
            return Ok(Row::unknown(objective.title));
        }
        let share = counted.share();
        let left = 1.0 - share / objective.budget();
        let text = format!(
            "{:.3} % of {} (promised {} %); {:.0} % of the budget left",
            (1.0 - share) * 100.0,
            number(counted.all),
            objective.percent,
            left * 100.0
        );
        Ok(Row::new(objective.title, 1.0 - share, text, left < 0.0))
    }

    async fn measures(&self, measures: Vec<Measure>) -> anyhow::Result<Vec<Row>> {
        let mut rows = vec![];
        for Measure { name, query, unit, most } in measures {
            rows.push(match self.prometheus.number(&query).await? {
                None => Row::unknown(name),
                Some(value) => Row::new(
                    name,
                    value,
                    unit.in_words(value),
                    most.is_some_and(|most| value > most),
                ),
            });
        }
        Ok(rows)
    }

    fn filled(&self, templates: &[Template]) -> Vec<Measure> {
        let Scope { matcher, window, version: _ } = self.scope;
        let measure = |&(name, query, unit, most): &Template| {
            let query = query.replace("$own", matcher).replace("$time", &window.to_string());
            Measure { name, query, unit, most }
        };
        templates.iter().map(measure).collect()
    }

    fn requests(&self) -> Vec<Measure> {
        let scope = self.scope;
        let failed = format!("{} / {}", scope.bad(&AVAILABILITY), scope.requests());
        let shed = scope.grown(&scope.series("errand_load_shed_total", SHED));
        let measure = |name, query, unit, most| Measure { name, query, unit, most };
        vec![
            measure("requests", scope.requests(), Unit::Number, None),
            measure("failed", failed, Unit::Share, Some(0.005)),
            measure("half take longer than", scope.within("0.5"), Unit::Seconds, None),
            measure(
                "one in twenty takes longer than",
                scope.within("0.95"),
                Unit::Seconds,
                Some(0.3),
            ),
            measure(
                "one in a hundred takes longer than",
                scope.within("0.99"),
                Unit::Seconds,
                None,
            ),
            measure("refused to protect the others", shed, Unit::Number, Some(0.0)),
        ]
    }

    async fn slowest(&self) -> anyhow::Result<Vec<Row>> {
        let by = "http_request_method, http_route";
        let query = format!(
            "topk(5, histogram_quantile(0.95, sum by (le, {by}) (rate({}[{}]))))",
            self.scope.times(),
            self.scope.window
        );
        self.list(&query, &["http_request_method", "http_route"], |value| (time(value), false))
            .await
    }

    async fn failing(&self) -> anyhow::Result<Vec<Row>> {
        let by = "sum by (http_request_method, http_route)";
        let (more, window) = (self.scope.more(), &self.scope.window);
        let share = |series: String| format!("{by} (increase({series}[{window}]))");
        let (part, all) = (share(AVAILABILITY.part(&more)), share(AVAILABILITY.all(&more)));
        let query = format!("topk(5, {part} / ({all} > 0) > 0)");
        self.list(&query, &["http_request_method", "http_route"], |value| (percent(value), true))
            .await
    }

    async fn codes(&self) -> anyhow::Result<Vec<Row>> {
        let series = self.scope.series("errand_problems_total", "");
        let query =
            format!("topk(5, sum by (code) (increase({series}[{}])) > 0)", self.scope.window);
        self.list(&query, &["code"], |value| (number(value), false)).await
    }

    async fn versions(&self) -> anyhow::Result<Vec<Row>> {
        let info = self.scope.series("errand_build_info", "");
        let query = format!("count by (service_name, version, revision) ({info})");
        let labels = ["service_name", "version", "revision"];
        self.list(&query, &labels, |value| (format!("{value} running"), false)).await
    }

    /// The series of an expression, the largest first, named by their labels.
    async fn list(
        &self,
        query: &str,
        labels: &[&str],
        in_words: impl Fn(f64) -> (String, bool),
    ) -> anyhow::Result<Vec<Row>> {
        let mut found = self.prometheus.rows(query).await?;
        found.sort_by(|(one, larger), (other, smaller)| {
            smaller.total_cmp(larger).then(one.cmp(other))
        });
        let row = |(own, value): Found| {
            let name: Vec<_> =
                labels.iter().filter_map(|label| own.get(*label)).map(String::as_str).collect();
            let (text, bad) = in_words(value);
            Row::new(name.join(" "), value, text, bad)
        };
        Ok(found.into_iter().map(row).collect())
    }
}
