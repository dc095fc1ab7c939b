use kit_db::testing::Backend;
use uuid::Uuid;

use super::*;
use crate::{
    journal::{self, change::Change},
    migrations::tests::Store,
    tasks::{
        rules::TaskFields,
        store::{Filter, Order},
        write::Write,
    },
};

kit_db::on_each_backend!(
    where_there_is_room_only_what_is_moved_gets_a_rank,
    what_stands_there_already_is_not_written,
    where_there_is_none_eight_on_each_side_are_ranked_anew,
    fewer_than_eight_on_a_side_are_all_ranked_anew,
    where_eight_are_too_crowded_four_times_as_many_are_ranked_anew,
    only_siblings_are_ranked_anew,
    however_crowded_it_is_so_many_are_ranked_anew_and_no_more,
);

/// Tasks that are named by numbers, from 1 on.
struct Row(Store);

fn id(number: u128) -> TaskId {
    TaskId(Uuid::from_u128(number))
}

fn new(number: u128, parent: Option<u128>) -> Write {
    let title = Some(number.to_string());
    let fields = Box::new(TaskFields { title, ..TaskFields::default() });
    Write::Create { id: Some(id(number)), project: None, parent: parent.map(id), fields }
}

impl Row {
    /// So many tasks at the top level, in the order of their numbers.
    async fn with(backend: Backend, count: u128) -> Self {
        let store = Store::new(backend).await;
        for number in 1..=count {
            store.carries_out(new(number, None)).await.unwrap();
        }
        Self(store)
    }

    async fn all(&self) -> Vec<Task> {
        let order = Order::Rank { descending: false, after: None };
        let (db, scope) = (&self.0.db, self.0.scope);
        store::list(db, scope, &Filter::default(), &order, 999, false).await.unwrap()
    }

    async fn order(&self) -> Vec<u128> {
        self.all().await.iter().map(|task| task.id.0.as_u128()).collect()
    }

    async fn ranks(&self, task: u128, rank: &str) {
        self.0.runs(format!("UPDATE tasks SET rank = '{rank}' WHERE title = '{task}'")).await;
    }

    async fn rank(&self, task: u128) -> String {
        self.all().await.into_iter().find(|row| row.id == id(task)).unwrap().rank
    }

    /// Moves a task, and gives what was written, by its number and in its order.
    async fn writes(&self, task: u128, beside: Beside) -> Vec<u128> {
        let (db, scope) = (&self.0.db, self.0.scope);
        let sequence = journal::store::changes_before(db, scope, i64::MAX, 1, false).await.unwrap();
        let to = Target { place: Place::Stay, beside };
        self.0.carries_out(Write::Move { id: id(task), to, if_version: None }).await.unwrap();
        let (mut last, mut moved) = (sequence[0].sequence, vec![]);
        loop {
            let told = journal::store::changes_after(db, scope, last, 999, false).await.unwrap();
            let Some(end) = told.last() else { return moved };
            last = end.sequence;
            assert!(told.iter().all(|change| change.operation == Operation::Move.name()));
            moved.extend(told.iter().map(|Change { object_id, .. }| object_id.0.as_u128()));
        }
    }

    /// Moves a task, and gives which others were written.
    async fn moves(&self, task: u128, beside: Beside) -> Vec<u128> {
        let mut written = self.writes(task, beside).await;
        assert_eq!(written.pop(), Some(task), "the others come first, as they make room for it");
        written.sort_unstable();
        written
    }

    /// So close behind the rank of `task` that nothing short fits in between.
    async fn crowds(&self, next: u128, task: u128) {
        let rank = self.rank(task).await;
        self.ranks(next, &format!("{rank}{}1", "0".repeat(20))).await;
    }

    async fn are_short(&self, longest: usize) {
        for task in self.all().await {
            assert!(task.rank.len() <= longest, "{}: {}", task.title, task.rank);
        }
    }
}

fn up_to(count: u128) -> Vec<u128> {
    (1..=count).collect()
}

async fn where_there_is_room_only_what_is_moved_gets_a_rank(backend: Backend) {
    let row = Row::with(backend, 5).await;
    let mut order = up_to(5);
    for (task, beside, at) in [
        (5, Beside::Before(id(1)), 0),
        (5, Beside::After(id(2)), 2),
        (3, Beside::Before(id(2)), 1),
        (1, Beside::After(id(4)), 4),
        (2, Beside::AtEnd, 4),
    ] {
        assert_eq!(row.moves(task, beside).await, [], "{task} {beside:?}");
        order.retain(|other| *other != task);
        order.insert(at, task);
        assert_eq!(row.order().await, order, "{task} {beside:?}");
    }
    row.are_short(ranks::LONGEST).await;
}

async fn what_stands_there_already_is_not_written(backend: Backend) {
    let row = Row::with(backend, 4).await;
    for (task, beside) in [
        (2, Beside::After(id(1))),
        (2, Beside::Before(id(3))),
        (1, Beside::Before(id(2))),
        (4, Beside::After(id(3))),
        (4, Beside::AtEnd),
    ] {
        assert_eq!(row.writes(task, beside).await, [], "{task} {beside:?}");
    }
    assert_eq!(row.order().await, up_to(4));
    // One among equals is moved: where it stands among them nobody has said.
    row.ranks(3, &row.rank(2).await).await;
    assert_eq!(row.writes(2, Beside::Before(id(3))).await, [2]);
    row.ranks(3, &row.rank(2).await).await;
    assert_eq!(row.writes(3, Beside::After(id(2))).await, [3]);
}

async fn where_there_is_none_eight_on_each_side_are_ranked_anew(backend: Backend) {
    for (beside, between) in [(Beside::After(id(20)), 20), (Beside::Before(id(21)), 20)] {
        let row = Row::with(backend, 40).await;
        row.crowds(21, 20).await;
        let written = row.moves(40, beside).await;
        assert_eq!(written, (13..=28).collect::<Vec<_>>(), "{beside:?}");
        let mut order = up_to(39);
        order.insert(between, 40);
        assert_eq!(row.order().await, order, "{beside:?}");
        row.are_short(ranks::LONGEST / 2).await;
    }
}

async fn fewer_than_eight_on_a_side_are_all_ranked_anew(backend: Backend) {
    for (before, count) in [(8, 12), (3, 12), (1, 3), (3, 30), (20, 29)] {
        let row = Row::with(backend, count).await;
        row.crowds(before + 1, before).await;
        let written = row.moves(count, Beside::After(id(before))).await;
        let first = before.saturating_sub(7).max(1);
        let last = (before + 8).min(count - 1);
        assert_eq!(written, (first..=last).collect::<Vec<_>>(), "{before} of {count}");
        let mut order = up_to(count - 1);
        order.insert(usize::try_from(before).unwrap(), count);
        assert_eq!(row.order().await, order, "{before} of {count}");
        row.are_short(ranks::LONGEST / 2).await;
        // What is made next stands behind all of them.
        row.0.carries_out(new(99, None)).await.unwrap();
        assert_eq!(row.order().await.last(), Some(&99));
    }
}

async fn where_eight_are_too_crowded_four_times_as_many_are_ranked_anew(backend: Backend) {
    let row = Row::with(backend, 40).await;
    for number in 1..=20 {
        row.ranks(number, &format!("{}{number:02}5", "0".repeat(23))).await;
    }
    assert_eq!(row.order().await, up_to(40));
    let written = row.moves(40, Beside::Before(id(1))).await;
    assert_eq!(written, up_to(32));
    let mut order = up_to(39);
    order.insert(0, 40);
    assert_eq!(row.order().await, order);
    row.are_short(ranks::LONGEST / 2).await;
}

async fn only_siblings_are_ranked_anew(backend: Backend) {
    let row = Row::with(backend, 6).await;
    for number in 11..=16 {
        row.0.carries_out(new(number, Some(1))).await.unwrap();
    }
    row.crowds(13, 12).await;
    // A task of the top level, and one in the trash, stand in between.
    let rank = row.rank(12).await;
    row.ranks(5, &format!("{rank}00001")).await;
    row.ranks(15, &format!("{rank}000001")).await;
    row.0.carries_out(Write::Delete { id: id(15), if_version: None }).await.unwrap();
    assert_eq!(row.moves(16, Beside::After(id(12))).await, [11, 12, 13, 14]);
    let mut below = row.all().await;
    below.retain(|task| task.parent_id == Some(id(1)));
    let below: Vec<_> = below.iter().map(|task| task.id.0.as_u128()).collect();
    assert_eq!(below, [11, 12, 16, 13, 14]);
    assert_eq!(row.rank(5).await, format!("{rank}00001"), "it is no sibling");
}

async fn however_crowded_it_is_so_many_are_ranked_anew_and_no_more(backend: Backend) {
    let row = Row::with(backend, 1_100).await;
    let number = match backend {
        Backend::Sqlite => "printf('%04d', title)",
        Backend::Postgres => "lpad(title, 4, '0')",
    };
    let far = "0".repeat(23);
    row.0.runs(format!("UPDATE tasks SET rank = '{far}' || {number} || 'V'")).await;
    let moved = row.moves(1, Beside::After(id(560))).await;
    assert_eq!(moved.len(), 2 * MOST_AROUND);
    row.are_short(64).await;
}

/// In one backend: what becomes of ranks is the same in both, and ten thousand trips take their time.
#[tokio::test]
async fn after_ten_thousand_alternating_moves_every_rank_is_short() {
    let row = Row::with(Backend::Sqlite, 5).await;
    let mut longest = 0;
    for _ in 0..100 {
        let moves = (0..100).map(|turn| {
            // Of five, two go by turns right behind the first, which halves the room each time.
            let to = Target { place: Place::Stay, beside: Beside::After(id(1)) };
            let moved = Write::Move { id: id(4 + turn % 2), to, if_version: None };
            row.0.carries_out(moved)
        });
        for done in futures_util::future::join_all(moves).await {
            done.unwrap();
        }
        longest = row.all().await.iter().map(|task| task.rank.len()).max().unwrap().max(longest);
        assert_eq!(row.order().await, [1, 5, 4, 2, 3]);
    }
    assert!(longest <= 64, "{longest} characters");
}
