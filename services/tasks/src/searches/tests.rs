use kit_base::Fault as _;
use uuid::Uuid;

use super::*;

#[tokio::test(start_paused = true)]
async fn a_scope_that_searched_for_long_rests_as_long() {
    let (searches, scope) = (Searches::new(), ScopeId(Uuid::from_u128(1)));
    let waits = async || {
        let began = Instant::now();
        let mut refused = Duration::ZERO;
        loop {
            match searches.begin(scope, Kind::Search).await {
                Ok(search) => return (search, began.elapsed().as_millis(), refused),
                Err(error) => {
                    refused = error.retry_after().expect("when to come again");
                    sleep(refused).await;
                }
            }
        }
    };
    for (takes, waited_by_the_next) in
        [(1, 0), (10, 0), (11, 11), (50, 50), (51, 51), (400, 400), (800, 800)]
    {
        let (search, ..) = waits().await;
        sleep(Duration::from_millis(takes)).await;
        search.end();
        let (search, waited, refused) = waits().await;
        assert_eq!(waited, waited_by_the_next, "after {takes}");
        let told = if takes > 400 { u64::try_from(waited).unwrap() } else { 0 };
        assert_eq!(refused, Duration::from_millis(told), "nobody waits so long in its place");
        search.end();
    }
    drop(waits().await);
    assert_eq!(waits().await.1, GIVEN_UP.as_millis(), "what is given up was begun all the same");
}

#[tokio::test(start_paused = true)]
async fn large_pages_wait_for_no_rest_and_for_no_search_of_their_scope() {
    let (searches, scope) = (Searches::new(), ScopeId(Uuid::from_u128(1)));
    let search = searches.begin(scope, Kind::Search).await.unwrap();
    let began = Instant::now();
    for _ in 0..3 {
        // Such as those of a database that is slow.
        let page = searches.begin(scope, Kind::Page).await.unwrap();
        sleep(Duration::from_millis(800)).await;
        page.end();
        drop(searches.begin(scope, Kind::Page).await.unwrap());
    }
    assert_eq!(began.elapsed(), Duration::from_millis(3 * 800));
    let held = searches.begin(scope, Kind::Page).await.unwrap();
    let refusal = searches.begin(scope, Kind::Page).await.err().map(|error| error.fault().1);
    assert_eq!(refusal, Some("BUSY"), "it did nothing that it should not do");
    assert_eq!(began.elapsed(), Duration::from_millis(3 * 800) + LONGEST);
    held.end();
    search.end();
}

#[tokio::test(start_paused = true)]
async fn so_many_wait_and_no_more_and_none_for_long() {
    let (searches, scope) = (Searches::new(), |number| ScopeId(Uuid::from_u128(number)));
    let held = (
        searches.begin(scope(1), Kind::Search).await.unwrap(),
        searches.begin(scope(2), Kind::Search).await.unwrap(),
    );
    let began = Instant::now();
    let told = async |number| {
        let refusal =
            searches.begin(scope(number), Kind::Search).await.err().map(|error| error.fault().1);
        (refusal, began.elapsed())
    };
    // Three who want all that there is, and then somebody else, who waits for a place as anybody does.
    let all = (0..3 * 64).map(|number| told(1 + number / 64)).chain([told(9)]);
    let all = futures_util::future::join_all(all).await;
    let waited = |of: &[(Option<&str>, Duration)]| of.iter().filter(|it| !it.1.is_zero()).count();
    assert_eq!([0, 1, 2].map(|of| waited(&all[64 * of..64 * (of + 1)])), [15, 10, 7]);
    assert_eq!(all.last(), Some(&(Some("BUSY"), LONGEST)));
    assert!(all.iter().all(|(_, waited)| *waited <= LONGEST));
    let refused = |told| all.iter().filter(|(refusal, _)| *refusal == Some(told)).count();
    assert_eq!((refused("TOO_MANY_AT_ONCE"), refused("BUSY")), (191, 2));
    held.0.end();
}

#[tokio::test]
async fn so_many_scopes_search_at_once_and_each_of_them_once() {
    use futures_util::FutureExt as _;
    let (searches, scope) = (Searches::new(), |number| ScopeId(Uuid::from_u128(number)));
    let begins = |number| searches.begin(scope(number), Kind::Search).now_or_never()?.ok();
    let first = begins(1).expect("a place");
    assert!(begins(1).is_none(), "one of a scope");
    let second = begins(2).expect("a place");
    assert_eq!(AT_ONCE, 2);
    assert!(begins(3).is_none(), "there is no more room");
    first.end();
    assert!(begins(3).is_some());
    second.end();
}

#[tokio::test(start_paused = true)]
async fn however_many_search_for_long_the_others_have_a_place() {
    let (searches, scope) = (Searches::new(), |number| ScopeId(Uuid::from_u128(number)));
    let searches_for = async |number, milliseconds| {
        let began = Instant::now();
        let search = loop {
            match searches.begin(scope(number), Kind::Search).await {
                Ok(search) => break search,
                Err(error) => sleep(error.retry_after().expect("when to come again")).await,
            }
        };
        let waited = began.elapsed().as_millis();
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        search.end();
        waited
    };
    let hostile = |number| async move {
        for _ in 0..20 {
            searches_for(number, 800).await;
        }
    };
    let everybody = async {
        // Nobody knew of them at first.
        tokio::time::sleep(Duration::from_secs(10)).await;
        for _ in 0..50 {
            assert_eq!(searches_for(99, 10).await, 0);
            tokio::time::sleep(Duration::from_millis(90)).await;
        }
    };
    let began = Instant::now();
    tokio::join!(futures_util::future::join_all((0..8).map(hostile)), everybody);
    let (searched, took) = (Duration::from_millis(8 * 20 * 800), began.elapsed());
    assert!(took > searched * 19 / 10, "{took:?}: half of the time nobody searches for long");
}
