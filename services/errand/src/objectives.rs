//! What is promised over 30 days: the same for rules, dashboards, reports and gates.

/// One objective, counted by a histogram of times.
#[derive(Clone, Copy, Debug)]
pub struct Objective {
    /// As rules and series are called.
    pub name: &'static str,
    /// As a report calls it.
    pub title: &'static str,
    /// Of a hundred so many.
    pub percent: &'static str,
    /// Whatever is counted, as a sentence goes on after "so many percent of".
    pub what: &'static str,
    /// The histogram.
    pub series: &'static str,
    /// Which of its series, as matchers of labels in PromQL.
    pub of: &'static str,
    /// What breaks the promise.
    pub broken: Broken,
}

/// What breaks a promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// What these matchers of labels choose.
    Chosen(&'static str),
    /// What takes longer, in seconds, as the bound of the bucket is written.
    Slower(&'static str),
}

/// Requests that wait for nobody, and hash no password.
const PROMPT: &str =
    r#"http_route!="",http_route!~"/v1/auth/(login|register)|/v1/me.*|/v1/changes.*""#;

/// All of them.
pub const OBJECTIVES: [Objective; 4] = [AVAILABILITY, LATENCY, LOGIN_LATENCY, GRPC_AVAILABILITY];

/// Answers that are no server's error. What no route was found for is nobody's operation, and a refusal for too many requests is no error.
pub const AVAILABILITY: Objective = Objective {
    name: "http_availability",
    title: "requests answered",
    percent: "99.9",
    what: "requests that are answered, and not with a server's error",
    series: "http_server_request_duration_seconds",
    of: r#"http_route!="""#,
    broken: Broken::Chosen(r#"http_response_status_code=~"5..""#),
};

/// Answers in time.
pub const LATENCY: Objective = Objective {
    name: "http_latency",
    title: "requests answered in time",
    percent: "99",
    what: "requests that are answered within 250 ms, but for those with a password and those that wait for changes",
    series: "http_server_request_duration_seconds",
    of: PROMPT,
    broken: Broken::Slower("0.25"),
};

/// Sign-ins in time: they take longer on purpose.
pub const LOGIN_LATENCY: Objective = Objective {
    name: "login_latency",
    title: "sign-ins answered in time",
    percent: "99",
    what: "sign-ins and registrations that are answered within 750 ms",
    series: "http_server_request_duration_seconds",
    of: r#"http_route=~"/v1/auth/(login|register)""#,
    broken: Broken::Slower("0.75"),
};

/// Calls between the services. A server's errors are those of OpenTelemetry's conventions for gRPC.
pub const GRPC_AVAILABILITY: Objective = Objective {
    name: "grpc_availability",
    title: "calls between services",
    percent: "99.95",
    what: "calls between the services that do not end with a server's error",
    series: "rpc_server_call_duration_seconds",
    of: r#"rpc_method!="""#,
    broken: Broken::Chosen(
        r#"rpc_status_code=~"UNKNOWN|DEADLINE_EXCEEDED|UNIMPLEMENTED|INTERNAL|UNAVAILABLE|DATA_LOSS""#,
    ),
};

impl Objective {
    /// The series of all that is counted, with one more matcher of labels where there is one.
    pub fn all(&self, more: &str) -> String {
        format!("{}_count{{{}{more}}}", self.series, self.of)
    }

    /// The series of what breaks the promise; of what keeps it where that is a bucket of the histogram.
    pub fn part(&self, more: &str) -> String {
        match self.broken {
            Broken::Chosen(broken) => {
                format!("{}_count{{{},{broken}{more}}}", self.series, self.of)
            }
            Broken::Slower(bound) => {
                format!("{}_bucket{{{},le=\"{bound}\"{more}}}", self.series, self.of)
            }
        }
    }

    /// What broke the promise, where `sum` makes a number of a series.
    pub fn bad(&self, more: &str, sum: impl Fn(String) -> String) -> String {
        match self.broken {
            Broken::Chosen(_) => sum(self.part(more)),
            Broken::Slower(_) => format!("{} - {}", sum(self.all(more)), sum(self.part(more))),
        }
    }

    /// The share that may break the promise.
    pub fn budget(&self) -> f64 {
        1.0 - self.percent.parse::<f64>().unwrap_or_default() / 100.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_broke_a_promise_is_counted_or_what_is_left_of_all() {
        let sum = |series| format!("sum({series})");
        let pod = ",pod=\"a\"";
        assert_eq!(
            AVAILABILITY.bad(pod, sum),
            "sum(http_server_request_duration_seconds_count{http_route!=\"\",http_response_status_code=~\"5..\",pod=\"a\"})"
        );
        let of = LOGIN_LATENCY.of;
        assert_eq!(
            LOGIN_LATENCY.bad("", sum),
            format!(
                "sum(http_server_request_duration_seconds_count{{{of}}}) - sum(http_server_request_duration_seconds_bucket{{{of},le=\"0.75\"}})"
            )
        );
    }

    #[test]
    fn every_promise_leaves_a_budget() {
        for objective in OBJECTIVES {
            let budget = objective.budget();
            assert!(budget > 0.0 && budget < 0.05, "{}: {budget}", objective.name);
        }
    }
}
