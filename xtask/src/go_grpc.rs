//! The names by which Go's middleware tells of calls (go-grpc-middleware), for dashboards and objectives that are made for those: recorded from ours,
//! so that no call is counted twice.
use std::fmt::Write as _;

use crate::{
    files::Files,
    yaml::{HEAD, block},
};

/// Which of ours each name stands for.
const RECORDED: [(&str, &str); 6] = [
    ("grpc_server_handled_total", "rpc_server_call_duration_seconds_count"),
    ("grpc_server_handling_seconds_bucket", "rpc_server_call_duration_seconds_bucket"),
    ("grpc_server_handling_seconds_sum", "rpc_server_call_duration_seconds_sum"),
    ("grpc_server_handling_seconds_count", "rpc_server_call_duration_seconds_count"),
    ("grpc_client_handled_total", "rpc_client_call_duration_seconds_count"),
    ("grpc_client_handling_seconds_count", "rpc_client_call_duration_seconds_count"),
];

/// Codes by their names in the protocol and in Go.
const CODES: [(&str, &str); 17] = [
    ("OK", "OK"),
    ("CANCELLED", "Canceled"),
    ("UNKNOWN", "Unknown"),
    ("INVALID_ARGUMENT", "InvalidArgument"),
    ("DEADLINE_EXCEEDED", "DeadlineExceeded"),
    ("NOT_FOUND", "NotFound"),
    ("ALREADY_EXISTS", "AlreadyExists"),
    ("PERMISSION_DENIED", "PermissionDenied"),
    ("RESOURCE_EXHAUSTED", "ResourceExhausted"),
    ("FAILED_PRECONDITION", "FailedPrecondition"),
    ("ABORTED", "Aborted"),
    ("OUT_OF_RANGE", "OutOfRange"),
    ("UNIMPLEMENTED", "Unimplemented"),
    ("INTERNAL", "Internal"),
    ("UNAVAILABLE", "Unavailable"),
    ("DATA_LOSS", "DataLoss"),
    ("UNAUTHENTICATED", "Unauthenticated"),
];

/// Adds the rules, which the chart takes where that is asked for, and their test.
pub(crate) fn add(files: &mut Files) {
    let group = group();
    files.add("helm/errand/rules/go-grpc.yaml", format!("{HEAD}{group}"));
    let plain = format!("{HEAD}groups:{}\n", block(&group, 2));
    files.add("manifests/prometheus/go-grpc.yaml", plain);
    files.add("manifests/prometheus/go-grpc-tests.yaml", tests());
}

fn group() -> String {
    let mut written = "- name: errand-go-grpc\n  rules:\n".to_owned();
    for (name, ours) in RECORDED {
        let expression = block(&named(ours), 8);
        _ = write!(written, "    - record: {name}\n      expr: |{expression}\n");
    }
    written
}

/// A series of ours with their labels in place of ours.
fn named(ours: &str) -> String {
    let streams: Vec<_> = proto::STREAMS.iter().map(|path| path.trim_start_matches('/')).collect();
    let streams = streams.join("|");
    let by_method = [
        ("grpc_service", "$1", "rpc_method", "(.+)/.+"),
        ("grpc_method", "$1", "rpc_method", ".+/(.+)"),
        ("grpc_type", "unary", "rpc_method", ".*"),
        ("grpc_type", "server_stream", "rpc_method", &*streams),
    ];
    let by_code = CODES.map(|(code, go)| ("grpc_code", go, "rpc_status_code", code));
    let labels = by_method.into_iter().chain(by_code);
    let series = labels.fold(ours.to_owned(), |series, (label, value, told, like)| {
        format!("label_replace({series}, \"{label}\", \"{value}\", \"{told}\", \"{like}\")")
    });
    format!("sum without (rpc_method, rpc_status_code, rpc_system_name, error_type) ({series})")
}

fn tests() -> String {
    let ours = |method: &str, code: &str| {
        format!(
            "rpc_server_call_duration_seconds_count{{rpc_system_name=\"grpc\",rpc_method=\"{method}\",rpc_status_code=\"{code}\",error_type=\"x\",pod=\"p\"}}"
        )
    };
    let theirs = |service: &str, method: &str, kind: &str, code: &str| {
        format!(
            "grpc_server_handled_total{{grpc_service=\"{service}\",grpc_method=\"{method}\",grpc_type=\"{kind}\",grpc_code=\"{code}\",pod=\"p\"}}"
        )
    };
    let mut series = String::new();
    let mut samples = String::new();
    let calls = CODES.map(|(code, go)| ("tasks.v1.TaskService", "GetTask", "unary", code, go));
    let stream = ("tasks.v1.ChangeService", "WatchChanges", "server_stream", "OK", "OK");
    for (service, method, kind, code, go) in calls.into_iter().chain([stream]) {
        let full = format!("{service}/{method}");
        _ = writeln!(series, "      - {{series: '{}', values: '7+0x5'}}", ours(&full, code));
        let told = theirs(service, method, kind, go);
        _ = writeln!(samples, "          - {{labels: '{told}', value: 7}}");
    }
    format!(
        "{HEAD}rule_files: [go-grpc.yaml]\nevaluation_interval: 1m\ntests:\n  - interval: 1m\n    input_series:\n{series}    promql_expr_test:\n      \
         - expr: grpc_server_handled_total\n        eval_time: 2m\n        exp_samples:\n{samples}"
    )
}
