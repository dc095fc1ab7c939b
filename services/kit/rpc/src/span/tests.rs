use std::sync::Mutex;

use super::*;

type Sent = Vec<Vec<steps::Step>>;

/// What is exported from now on, by everything in this process.
fn exported() -> &'static Mutex<Sent> {
    static SENT: Mutex<Sent> = Mutex::new(vec![]);
    let send = |steps| SENT.lock().unwrap().push(steps);
    export_with(Export { ratio: 0.0, slow: Duration::from_millis(200), send: Box::new(send) });
    &SENT
}

/// The names of the steps of a trace that were exported, in their order.
fn of_trace(sent: &Mutex<Sent>, trace: TraceContext) -> Vec<String> {
    let sent = sent.lock().unwrap();
    let of_it = sent.iter().flatten().filter(|step| step.trace.trace_id == trace.trace_id);
    of_it.map(|step| format!("{:?} {}", step.kind, step.name)).collect()
}

fn noted(step: &Step, name: &'static str) {
    let trace = step.trace().child();
    let parent = Some(step.trace().span_id);
    let (kind, began, took) = (Kind::Client, Instant::now(), Duration::ZERO);
    let (failed, attributes) = (false, vec![]);
    let noted =
        steps::Step { kind, name: name.into(), trace, parent, began, took, failed, attributes };
    step.steps().unwrap().note(noted);
}

#[tokio::test]
async fn what_fails_or_is_slow_is_exported_whole_and_else_what_was_chosen() {
    let sent = exported();
    let route = "/v1/tasks/{id}";
    for (sampled, status, waits, is_kept) in [
        (false, 200, 0, false),
        (false, 404, 0, false),
        (false, 499, 0, false),
        (false, 503, 0, true),
        (false, 200, 220, true),
        (true, 200, 0, true),
    ] {
        let outer = begin(Some(TraceContext::random(sampled)));
        let inner = begin_within(outer.trace(), outer.steps().unwrap());
        noted(&inner, "task.get");
        tokio::time::sleep(Duration::from_millis(waits)).await;
        assert!(!inner.end_rpc("tasks.v1.Tasks/GetTask", Code::Internal).sampled || sampled);
        let status = StatusCode::from_u16(status).unwrap();
        let told = outer.end_http(&Method::GET, route, status);
        assert_eq!(told.sampled, is_kept, "{sampled} {status} {waits}");
        let expected: &[&str] = match is_kept {
            true => {
                &["Client task.get", "Internal tasks.v1.Tasks/GetTask", "Server GET /v1/tasks/{id}"]
            }
            false => &[],
        };
        assert_eq!(of_trace(sent, told), expected, "{sampled} {status} {waits}");
    }
}

#[test]
fn each_step_stands_in_the_one_that_asked_for_it() {
    let sent = exported();
    let caller = TraceContext::random(true);
    let outer = begin(Some(caller));
    let inner = begin_within(outer.trace(), outer.steps().unwrap());
    let [outside, inside] = [outer.trace().span_id, inner.trace().span_id];
    noted(&inner, "task.get");
    inner.end_rpc("a", Code::Ok);
    let told = outer.end_rpc("b", Code::Ok);
    let sent = sent.lock().unwrap();
    let steps = sent.iter().find(|steps| steps[0].trace.trace_id == told.trace_id).unwrap();
    let parents: Vec<_> = steps.iter().map(|step| step.parent).collect();
    assert_eq!(parents, [Some(inside), Some(outside), Some(caller.span_id)]);
    assert_eq!((steps[1].trace.span_id, steps[2].trace.span_id), (inside, outside));
}

#[tokio::test]
async fn a_job_is_a_trace_of_its_own_that_is_exported_where_it_fails() {
    let sent = exported();
    let work = |outcome: Result<(), ()>| async move {
        let sweep = request::begin(Kind::Client, || ("keys.sweep".into(), vec![]));
        sweep.unwrap().end(false, vec![]);
        outcome.map_err(|()| request::with_current(|context| context.trace).unwrap())
    };
    job("housekeeping keys".to_owned(), work(Ok(()))).await.unwrap();
    let trace = job("housekeeping keys".to_owned(), work(Err(()))).await.unwrap_err();
    assert_eq!(of_trace(sent, trace), ["Client keys.sweep", "Internal housekeeping keys"]);
    let sent = sent.lock().unwrap();
    let names = sent.iter().flatten().filter(|step| step.name == "housekeeping keys");
    assert_eq!(names.count(), 1);
}

#[test]
fn a_stranger_names_the_trace_and_does_not_decide_that_it_is_exported() {
    let trace = TraceContext::random(true);
    let taken = of_stranger(trace);
    assert_eq!(
        (taken.trace_id, taken.span_id, taken.sampled),
        (trace.trace_id, trace.span_id, false)
    );
}

#[tokio::test]
async fn what_is_refused_before_anything_is_done_or_may_last_is_nothing_remarkable() {
    let sent = exported();
    let unavailable = StatusCode::SERVICE_UNAVAILABLE;
    let refused = begin(None).end_http(&Method::GET, "/v1/tasks", unavailable);
    assert!(!refused.sampled);
    let tried = begin(None);
    noted(&tried, "tasks.v1.TaskService/GetTask");
    assert!(tried.end_http(&Method::GET, "/v1/tasks", unavailable).sampled);
    for (may_last, is_kept) in [(true, false), (false, true)] {
        let polled = begin(None).that_may_last(may_last);
        tokio::time::sleep(Duration::from_millis(220)).await;
        let told = polled.end_http(&Method::GET, "/v1/changes", StatusCode::OK);
        assert_eq!(told.sampled, is_kept);
        assert_eq!(of_trace(sent, told).is_empty(), !is_kept);
    }
}

#[test]
fn what_a_client_made_up_names_no_span() {
    let sent = exported();
    let made_up = Method::from_bytes(b"SECRET").unwrap();
    let caller = || begin(Some(TraceContext::random(true)));
    let http = caller().end_http(&made_up, "", StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(of_trace(sent, http), ["Server _OTHER"]);
    let rpc = caller().end_rpc("secret.Service/Method", Code::Unimplemented);
    assert_eq!(of_trace(sent, rpc), ["Server _OTHER"]);
}

#[test]
fn what_a_caller_did_wrong_is_no_fault() {
    for (code, is_of_ours) in [
        (Code::NotFound, false),
        (Code::InvalidArgument, false),
        (Code::Cancelled, false),
        (Code::Unimplemented, false),
        (Code::ResourceExhausted, false),
        (Code::Internal, true),
        (Code::Unavailable, true),
        (Code::DeadlineExceeded, true),
    ] {
        assert_eq!(is_fault(code), is_of_ours, "{code:?}");
    }
}
