use super::{super::target, *};

#[tokio::test]
async fn an_address_that_stays_keeps_its_endpoint_and_its_history() {
    let peer = Peer::new("things", None, Limits::default());
    let balancer = Balancer::new(peer);
    let addresses = |ports: &[u16]| {
        let target = target::targets("http://things:1").unwrap().remove(0);
        let named = |port: &u16| (([127, 0, 0, 1], *port).into(), target.clone());
        ports.iter().map(named).collect()
    };
    balancer.replace(addresses(&[1, 2]));
    let before = balancer.endpoints.load_full();
    balancer.replace(addresses(&[2, 3]));
    let after = balancer.endpoints.load_full();
    assert!(Arc::ptr_eq(&before[1], &after[0]));
    assert_eq!(after.iter().map(|endpoint| endpoint.address.port()).collect::<Vec<_>>(), [2, 3]);
}

fn balancer(count: u16, limits: Limits) -> Balancer {
    let balancer = Balancer::new(Peer::new("things", None, limits));
    let target = target::targets("http://things:1").unwrap().remove(0);
    let named = |port: u16| (([127, 0, 0, 1], port).into(), target.clone());
    balancer.replace((1..=count).map(named).collect());
    balancer
}

/// The ports that so many calls go to, each of which stays under way.
fn picked(balancer: &Balancer, count: usize, avoid: Option<u16>) -> Vec<(Flight, u16)> {
    let avoid = avoid.map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
    let flights = (0..count).filter_map(|_| balancer.pick(Length::Brief, avoid).unwrap());
    flights
        .map(|flight| {
            let port = flight.endpoint.address.port();
            (flight, port)
        })
        .collect()
}

#[tokio::test]
async fn a_call_goes_where_less_is_under_way() {
    let balancer = balancer(2, Limits::default());
    let endpoints = balancer.endpoints.load_full();
    let busy: Vec<_> =
        (0..10).map(|_| Flight::board(&endpoints[0], Length::Brief).unwrap()).collect();
    for _ in 0..50 {
        assert_eq!(picked(&balancer, 1, None)[0].1, 2);
    }
    drop(busy);
    endpoints[1].answered(Duration::from_secs(1));
    for _ in 0..50 {
        assert_eq!(picked(&balancer, 1, None)[0].1, 1, "the faster of two that are idle");
    }
}

#[tokio::test]
async fn a_call_that_failed_goes_elsewhere_unless_there_is_nowhere_else() {
    let balancer = balancer(3, Limits { in_flight: 4, ..Limits::default() });
    let flights = picked(&balancer, 8, Some(2));
    assert!(flights.iter().all(|(_, port)| *port != 2));
    let rest = picked(&balancer, 8, Some(2));
    assert_eq!(
        rest.iter().map(|(_, port)| *port).collect::<Vec<_>>(),
        [2; 4],
        "all others are full"
    );
}

#[tokio::test]
async fn an_endpoint_that_is_out_gets_no_call_and_without_any_nobody_waits() {
    let balancer = balancer(2, Limits { in_flight: 1, ..Limits::default() });
    let endpoints = balancer.endpoints.load_full();
    endpoints[0].leave("for the test");
    let flight = picked(&balancer, 2, None);
    assert_eq!(flight.iter().map(|(_, port)| *port).collect::<Vec<_>>(), [2]);
    assert!(matches!(balancer.pick(Length::Brief, None), Ok(None)), "it waits for a place");
    endpoints[1].leave("for the test");
    assert!(matches!(balancer.pick(Length::Brief, None), Err(Failure::Nobody)));
}

#[tokio::test(start_paused = true)]
async fn calls_wait_for_the_first_look_up_and_for_a_place() {
    let waiting = Arc::new(Balancer::new(Peer::new("things", None, Limits::default())));
    let boarding = waiting.clone();
    let call = kit_base::work::detach(async move { boarding.board(Length::Brief, None).await });
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!call.is_finished(), "nobody knows yet where the peer is");
    waiting.unresolved("for the test");
    assert!(matches!(call.await.unwrap(), Err(Failure::Nobody)));

    let full = Arc::new(balancer(1, Limits { in_flight: 1, ..Limits::default() }));
    let first = full.board(Length::Brief, None).await.unwrap();
    let boarding = full.clone();
    let second = kit_base::work::detach(async move { boarding.board(Length::Brief, None).await });
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!second.is_finished());
    drop(first);
    assert!(second.await.unwrap().is_ok(), "the place that was left");
}

#[tokio::test(start_paused = true)]
async fn what_lasts_is_told_soon_that_all_places_are_taken() {
    let limits = Limits { in_flight: 1, stream_connections: 1, ..Limits::default() };
    let (full, began) = (balancer(1, limits), Instant::now());
    let place = full.board(Length::Lasting, None).await.unwrap();
    assert!(matches!(full.board(Length::Lasting, None).await, Err(Failure::Full)));
    assert_eq!(began.elapsed(), FULL);
    let leaves = async {
        tokio::time::sleep(FULL / 2).await;
        drop(place);
    };
    let (boarded, ()) = tokio::join!(full.board(Length::Lasting, None), leaves);
    assert!(boarded.is_ok(), "one was left in time");
}

#[tokio::test(start_paused = true)]
async fn a_place_goes_to_who_can_use_it_however_long_others_have_waited() {
    let limits = Limits { in_flight: 1, stream_connections: 1, ..Limits::default() };
    let full = Arc::new(balancer(1, limits));
    let brief = full.board(Length::Brief, None).await.unwrap();
    let _lasting = full.board(Length::Lasting, None).await.unwrap();
    let waits = |length| {
        let boarding = full.clone();
        kit_base::work::detach(async move { boarding.board(length, None).await })
    };
    let first = waits(Length::Lasting);
    tokio::time::sleep(FULL / 6).await;
    let second = waits(Length::Brief);
    tokio::time::sleep(FULL / 6).await;
    drop(brief);
    tokio::time::sleep(FULL / 6).await;
    assert!(second.is_finished() && !first.is_finished());
}

#[tokio::test]
async fn no_more_than_half_of_the_endpoints_are_taken_out() {
    for (count, most) in [(1, 0), (2, 1), (3, 1), (4, 2), (5, 2)] {
        let balancer = balancer(count, Limits::default());
        let endpoints = balancer.endpoints.load_full();
        for endpoint in endpoints.iter().chain(endpoints.iter()) {
            balancer.eject(endpoint, "for the test");
        }
        let down = endpoints.iter().filter(|endpoint| endpoint.is_down()).count();
        assert_eq!(down, most, "of {count}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_was_short_is_not_held_against_an_endpoint() {
    let balancer = balancer(2, Limits::default());
    let endpoints = balancer.endpoints.load_full();
    let request = http::Request::post("/t.T/Set").body(Body::empty()).unwrap();
    let at = Instant::now() + Duration::from_secs(60);
    let deadline = super::super::deadline::Deadline { at, chosen: false };
    let call = Call::read(request, deadline, balancer.limits()).await.unwrap();
    for (waited, out) in
        [(call.patience / 2 - Duration::from_millis(1), false), (call.patience, true)]
    {
        for _ in 0..Limits::default().silences {
            let sent = Instant::now();
            tokio::time::advance(waited).await;
            let failure = balancer.unanswered(&endpoints[0], &call, sent);
            assert!(matches!(failure, Failure::Silent));
        }
        assert_eq!(endpoints[0].is_down(), out, "after {waited:?}");
    }
    tokio::time::advance(Duration::from_secs(60)).await;
    let over = balancer.unanswered(&endpoints[1], &call, Instant::now());
    assert!(matches!(over, Failure::Expired), "then it is the call that is over");
}
