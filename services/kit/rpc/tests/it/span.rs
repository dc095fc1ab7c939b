//! Steps of a process that exports none.
use kit_base::trace::TraceContext;
use kit_rpc::span;

#[test]
fn where_nothing_is_exported_a_step_still_has_a_name_in_its_callers_trace() {
    for sampled in [true, false] {
        let caller = TraceContext::random(sampled);
        let step = span::begin(Some(caller));
        assert!(step.steps().is_none(), "nobody would be sent what is noted");
        let trace = step.trace();
        assert_eq!((trace.trace_id, trace.sampled), (caller.trace_id, sampled));
        assert_ne!(trace.span_id, caller.span_id);
    }
    let [one, other] = [(); 2].map(|()| span::begin(None).trace());
    assert!(one.trace_id != other.trace_id);
    assert!(!one.sampled && !other.sampled, "nobody has chosen them");
}
