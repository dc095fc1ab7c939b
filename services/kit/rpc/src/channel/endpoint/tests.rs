use super::*;

fn endpoint(new: bool) -> Arc<Endpoint> {
    let peer = Arc::new(Peer::new("things", None, Limits::default()));
    let target = crate::channel::target::targets("http://127.0.0.1:1").unwrap().remove(0);
    Arc::new(Endpoint::new(([127, 0, 0, 1], 1).into(), target, peer, new))
}

#[test]
fn a_new_endpoint_costs_more_until_it_has_warmed_up() {
    let (old, new) = (endpoint(false), endpoint(true));
    let now = Instant::now();
    let ratio = |later| new.cost(Length::Brief, now + later) / old.cost(Length::Brief, now + later);
    assert!(ratio(Duration::from_millis(100)) > 9.0);
    assert!((ratio(Limits::default().slow_start * 2) - 1.0).abs() < 0.01);
}

#[test]
fn what_lasts_does_not_weigh_on_brief_calls() {
    let endpoint = endpoint(false);
    let now = Instant::now();
    let before = endpoint.cost(Length::Brief, now);
    assert!(endpoint.enter(Length::Lasting).is_some());
    assert!((endpoint.cost(Length::Brief, now) - before).abs() < 1e-9);
    assert!(endpoint.enter(Length::Brief).is_some());
    assert!((endpoint.cost(Length::Brief, now) - 2.0 * before).abs() < 1e-9);
}

#[test]
fn what_was_sent_before_an_ejection_is_not_held_against_it_twice() {
    let (endpoint, sent) = (endpoint(false), Instant::now());
    assert!(!endpoint.unanswered(sent) && endpoint.unanswered(sent));
    endpoint.leave("for the test");
    endpoint.admit();
    assert!(!endpoint.unanswered(sent) && !endpoint.unanswered(sent));
}

#[test]
fn an_endpoint_that_fails_again_soon_stays_out_longer() {
    let endpoint = endpoint(false);
    let lasted = [(); 7].map(|()| {
        let pause = endpoint.ejection();
        endpoint.leave("for the test");
        endpoint.admit();
        pause.as_secs()
    });
    assert_eq!(lasted, [1, 2, 4, 8, 16, 30, 30]);
}

#[test]
fn so_many_calls_in_a_row_have_to_be_lost_and_an_answer_forgives_them() {
    let endpoint = endpoint(false);
    let losses = Limits::default().losses;
    let lose = |count: u32| (0..count).map(|_| endpoint.lost(Instant::now())).collect::<Vec<_>>();
    assert_eq!(lose(losses - 1), vec![false; 4]);
    endpoint.answered(Duration::from_millis(5));
    assert_eq!(lose(losses), [false, false, false, false, true]);
    assert_eq!(lose(losses), [false, false, false, false, true], "they are counted anew");
    assert!(!endpoint.unanswered(Instant::now()), "what is silent is counted apart");
    endpoint.answered(Duration::from_millis(5));
    let sent = Instant::now();
    assert!(!endpoint.unanswered(sent) && endpoint.unanswered(sent));
}

#[test]
fn calls_that_are_lost_together_count_as_one() {
    let (endpoint, sent) = (endpoint(false), Instant::now());
    assert!((0..96).all(|_| !endpoint.lost(sent)), "they were on one connection");
    assert_eq!([(); 4].map(|()| endpoint.lost(Instant::now())), [false, false, false, true]);
}

#[test]
fn what_an_endpoint_refuses_makes_it_dearer_and_not_cheaper() {
    let (refuses, works) = (endpoint(false), endpoint(false));
    refuses.refused();
    works.answered(Duration::from_millis(10));
    let now = Instant::now();
    let [refuses, works] = [&refuses, &works].map(|endpoint| endpoint.cost(Length::Brief, now));
    assert!(refuses > 10.0 * works, "{refuses} and {works}");
}

#[test]
fn calls_that_wait_long_are_not_held_against_an_endpoint_that_answers_others() {
    let endpoint = endpoint(false);
    for _ in 0..100 {
        let sent = Instant::now();
        endpoint.answered(Duration::from_millis(5));
        assert!(!endpoint.unanswered(sent));
    }
    // From here on it says nothing to anybody.
    let sent = Instant::now();
    assert!(!endpoint.unanswered(sent) && endpoint.unanswered(sent));
}

#[test]
fn a_connection_takes_so_many_calls_and_what_lasts_goes_on_to_the_next() {
    let limits = Limits { in_flight: 2, stream_connections: 3, ..Limits::default() };
    let peer = Arc::new(Peer::new("things", None, limits));
    let target = crate::channel::target::targets("http://127.0.0.1:1").unwrap().remove(0);
    let endpoint = Endpoint::new(([127, 0, 0, 1], 1).into(), target, peer, false);
    let brief: Vec<_> = (0..3).map(|_| endpoint.enter(Length::Brief)).collect();
    assert_eq!(brief.iter().flatten().count(), 2);
    let lasting: Vec<_> = (0..7).map(|_| endpoint.enter(Length::Lasting)).collect();
    assert_eq!(lasting.iter().flatten().count(), 6);
    let streams: Vec<_> = endpoint.links.iter().map(|link| link.streams()).collect();
    assert_eq!(streams, [2, 2, 2, 2]);
    brief[0].as_ref().unwrap().leave();
    assert!(endpoint.enter(Length::Brief).is_some(), "a place that was left is free");
    assert!(endpoint.enter(Length::Brief).is_none());
}

#[test]
fn operators_see_each_endpoint_once_in_the_state_that_it_is_in() {
    let peer = Arc::new(Peer::new("counted", None, Limits::default()));
    let target = crate::channel::target::targets("http://127.0.0.1:1").unwrap().remove(0);
    let endpoint = |port: u16| {
        Endpoint::new(([127, 0, 0, 1], port).into(), target.clone(), peer.clone(), false)
    };
    let told = || {
        let text = kit_base::metrics::text();
        ["ready", "failed"].map(|state| {
            let series =
                format!("errand_grpc_client_endpoints{{state=\"{state}\",target=\"counted\"}} ");
            let mut lines = text.lines().filter_map(|line| line.strip_prefix(&series));
            lines.next().and_then(|count| count.parse::<u32>().ok())
        })
    };
    let (one, other) = (endpoint(1), endpoint(2));
    assert_eq!(told(), [Some(2), Some(0)]);
    assert!(one.leave("for the test") && !one.leave("again"));
    assert!(one.is_down());
    assert_eq!(told(), [Some(1), Some(1)]);
    one.admit();
    assert!(!one.is_down());
    assert_eq!(told(), [Some(2), Some(0)]);
    other.leave("for the test");
    drop(other);
    assert_eq!(told(), [Some(1), Some(0)]);
    drop(one);
    assert_eq!(told(), [Some(0), Some(0)]);
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_did_well_for_long_is_out_no_longer_than_the_first_time() {
    let endpoint = endpoint(false);
    let again = || {
        let pause = endpoint.ejection();
        endpoint.leave("for the test");
        endpoint.admit();
        pause.as_secs()
    };
    assert_eq!([again(), again(), again()], [1, 2, 4]);
    tokio::time::advance(Limits::default().longest_ejection).await;
    assert_eq!([again(), again()], [1, 2]);
}
