//! A walk of random moves beside a list in memory that is moved in the same way.
use kit_base::testing::Random;
use kit_db::testing::Backend;
use proto::tasks::v1::{ListTasksRequest, MoveTaskRequest, Task};

use crate::{
    app::{App, User},
    replay::any_of,
};

kit_db::on_each_backend!(tasks_stand_where_they_were_moved_to,);

/// The tasks at each of three places, in their order: the top level, and below each of two.
struct Shelves {
    parents: [Option<String>; 3],
    ids: [Vec<String>; 3],
    project: String,
}

impl Shelves {
    async fn new(user: &User) -> Self {
        let (one, two) = (user.creates("one").await, user.creates("two").await);
        let top = vec![one.id.clone(), two.id.clone()];
        let mut shelves = Self {
            project: one.project_id.clone(),
            parents: [None, Some(one.id.clone()), Some(two.id.clone())],
            ids: [top, vec![], vec![]],
        };
        for number in 0..12 {
            let id = user.creates_under([&one, &two][number % 2], "task").await.id;
            shelves.ids[1 + number % 2].push(id);
        }
        shelves
    }

    /// Moves one of those that are not parents: to a place, and there next to one or to the end.
    async fn moves(&mut self, user: &User, random: &mut Random) {
        let (from, to) = (random.below(3), random.below(3));
        let first = if from == 0 { 2 } else { 0 };
        let Some(id) = any_of(random, self.ids[from].get(first..).unwrap_or_default()) else {
            return;
        };
        self.ids[from].retain(|other| *other != id);
        let mut message = MoveTaskRequest { id: id.clone(), ..MoveTaskRequest::default() };
        match &self.parents[to] {
            _ if from == to && random.below(2) == 0 => {}
            Some(parent) => message.parent_id = Some(parent.clone()),
            None => message.project_id = Some(self.project.clone()),
        }
        let sibling = any_of(random, &self.ids[to]).filter(|_| random.below(4) > 0);
        let at = sibling.as_ref().and_then(|it| self.ids[to].iter().position(|id| id == it));
        let at = match at {
            // Most go to the front, where room is scarce first.
            Some(_) if random.below(3) == 0 => {
                message.before = Some(self.ids[to][0].clone());
                0
            }
            Some(at) if random.below(2) == 0 => {
                message.before = sibling;
                at
            }
            Some(at) => {
                message.after = sibling;
                at + 1
            }
            None => self.ids[to].len(),
        };
        // The parents stay the first two of the top level.
        let at = if to == 0 && at < 2 {
            (message.before, message.after) = (None, Some(self.ids[0][1].clone()));
            2
        } else {
            at
        };
        let moved = user.tasks().move_task(user.asks(message)).await.unwrap().into_inner();
        assert!(moved.rank.len() <= 64, "{}", moved.rank);
        self.ids[to].insert(at, id);
    }

    async fn read(&self, user: &User) -> [Vec<String>; 3] {
        let request = ListTasksRequest {
            project_id: Some(self.project.clone()),
            order_by: "rank".to_owned(),
            limit: 200,
            ..ListTasksRequest::default()
        };
        let page = user.tasks().list_tasks(user.asks(request)).await.unwrap().into_inner();
        self.parents.each_ref().map(|parent| {
            let here = |task: &&Task| task.parent_id == *parent;
            page.tasks.iter().filter(here).map(|task| task.id.clone()).collect()
        })
    }
}

async fn tasks_stand_where_they_were_moved_to(backend: Backend) {
    let app = App::new(backend).await;
    for seed in 1..=2 {
        let (user, mut random) = (app.user(u128::from(seed)), Random::new(seed));
        let mut shelves = Shelves::new(&user).await;
        for turn in 0..400 {
            shelves.moves(&user, &mut random).await;
            if turn % 10 == 0 {
                assert_eq!(shelves.read(&user).await, shelves.ids, "seed {seed}, turn {turn}");
            }
        }
        assert_eq!(shelves.read(&user).await, shelves.ids, "seed {seed}");
    }
}
