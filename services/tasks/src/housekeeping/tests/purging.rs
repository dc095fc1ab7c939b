use super::*;

kit_db::on_each_backend!(
    old_trash_is_purged_as_a_user_would_and_young_trash_stays,
    nothing_is_purged_after_the_stop,
    siblings_that_purge_at_once_purge_once,
    what_cannot_be_purged_keeps_nothing_else_in_the_trash,
);

async fn old_trash_is_purged_as_a_user_would_and_young_trash_stays(backend: Backend) {
    let store = Store::new(backend).await;
    let project = ProjectId(Uuid::from_u128(20));
    let name = "Attic".to_owned();
    let made = projects::write::Write::Create { id: Some(project), name };
    store.carries_out(made).await.unwrap();
    for (id, project) in [(10, None), (11, None), (12, Some(project)), (13, None)] {
        store.carries_out(new(task(id), project)).await.unwrap();
    }
    store.carries_out(delete(task(10))).await.unwrap();
    let gone = projects::write::Write::Delete { id: project, if_version: None };
    store.carries_out(gone).await.unwrap();
    store.clock.advance(DAY);
    store.carries_out(delete(task(11))).await.unwrap();
    purge_all(&store, &Stop::new()).await.unwrap();
    assert_eq!(in_trash(&store).await.len(), 3, "a day old to the microsecond is not older");

    store.clock.advance(Duration::from_secs(1));
    purge_all(&store, &Stop::new()).await.unwrap();
    assert_eq!(in_trash(&store).await, [task(11).0]);
    let purges = purges(&store).await;
    let mut purged: Vec<_> = purges.iter().map(|change| change.object_id.0).collect();
    purged.sort_unstable();
    assert_eq!(purged, [10, 12, 20].map(Uuid::from_u128));
    for purge in purges {
        assert_eq!((purge.actor_id.0, &*purge.request_id), (Uuid::nil(), "housekeeping"));
    }
}

async fn nothing_is_purged_after_the_stop(backend: Backend) {
    let store = Store::new(backend).await;
    store.carries_out(new(task(10), None)).await.unwrap();
    store.carries_out(delete(task(10))).await.unwrap();
    store.clock.advance(2 * DAY);
    let stop = Stop::new();
    stop.cancel();
    purge_all(&store, &stop).await.unwrap();
    assert_eq!(in_trash(&store).await, [task(10).0]);
}

async fn siblings_that_purge_at_once_purge_once(backend: Backend) {
    let store = Store::new(backend).await;
    for id in 10..20 {
        store.carries_out(new(task(id), None)).await.unwrap();
        store.carries_out(delete(task(id))).await.unwrap();
    }
    store.clock.advance(2 * DAY);
    let stop = Stop::new();
    let (one, other) = tokio::join!(purge_all(&store, &stop), purge_all(&store, &stop));
    assert!(one.is_ok() && other.is_ok(), "{one:?} {other:?}");
    assert_eq!(purges(&store).await.len(), 10);
}

async fn what_cannot_be_purged_keeps_nothing_else_in_the_trash(backend: Backend) {
    let store = Store::new(backend).await;
    for id in 10..13 {
        store.carries_out(new(task(id), None)).await.unwrap();
        store.carries_out(delete(task(id))).await.unwrap();
        store.clock.advance(Duration::from_secs(1));
    }
    store.runs(format!("UPDATE tasks SET labels = '7' WHERE title = '{}'", task(10))).await;
    store.clock.advance(2 * DAY);
    let (stop, old) = (Stop::new(), store.clock.now().minus(DAY));
    let purge = async |most| purge(most, (&store.db, &store.writer), old, &stop).await.ok();
    assert_eq!(purge(1).await, Some(1), "what is behind as many as go at once, too");
    assert_eq!(purge(99).await, Some(1), "there may be more that can be");
    assert_eq!(purge(1).await, None, "it is told of");
    let purges = purges(&store).await;
    let mut purged: Vec<_> = purges.iter().map(|change| change.object_id.0).collect();
    purged.sort_unstable();
    assert_eq!(purged, [11, 12].map(Uuid::from_u128));
}

#[test]
fn scopes_take_turns_whatever_each_has_deleted() {
    let [one, other] = [1, 2].map(|number| ScopeId(Uuid::from_u128(number)));
    let act = |number| ObjectId(Uuid::from_u128(number));
    let acts = (0..100).map(|number| (one, act(number))).chain([(other, act(100))]);
    let turns = turns(acts.collect());
    assert!(turns[..2].contains(&(other, vec![act(100)])), "{turns:?}");
    let of_one = turns.iter().filter(|(scope, _)| *scope == one).flat_map(|(_, some)| some);
    assert_eq!(of_one.copied().collect::<Vec<_>>(), (0..100).map(act).collect::<Vec<_>>());
    assert!(turns.iter().all(|(_, some)| some.len() <= TOGETHER));
}
