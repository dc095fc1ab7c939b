use kit_db::testing::Backend;
use proto::auth::v1::Device;

use super::lists;
use crate::harness::{App, PASSWORD, from_address, refused};

kit_db::on_each_backend!(
    sessions_are_listed_page_by_page_the_newest_first,
    the_newest_session_is_the_one_that_began_last_whatever_its_id_says,
);

async fn sessions_are_listed_page_by_page_the_newest_first(backend: Backend) {
    let app = App::new(backend, "list").await;
    let auth = app.replica().await;
    auth.registers("ada").await;
    auth.registers("eve").await;
    auth.signs_in("eve").await;
    for address in ["192.0.2.1", "2001:db8::1", "::ffff:192.0.2.3"] {
        app.passes(1);
        auth.tries("ada", PASSWORD, from_address(address)).await.unwrap();
    }
    app.passes(1);
    let device = Device { user_agent: "curl\r\nforged".to_owned(), ..from_address("nonsense") };
    let ada = auth.tries("ada", PASSWORD, device).await.unwrap();
    let first = lists(&auth, &ada, 3, "").await.unwrap();
    let shown: Vec<_> = first
        .sessions
        .iter()
        .map(|s| (s.address.as_str(), s.user_agent.as_str(), s.current))
        .collect();
    assert_eq!(
        shown,
        [("", "curlforged", true), ("192.0.2.3", "it/1", false), ("2001:db8::1", "it/1", false)]
    );
    let last = lists(&auth, &ada, 3, &first.next_cursor).await.unwrap();
    assert_eq!(
        (last.sessions.len(), last.sessions[0].address.as_str(), last.next_cursor.as_str()),
        (1, "192.0.2.1", "")
    );
    assert_eq!(refused(lists(&auth, &ada, 3, "nonsense").await).1, "INVALID_CURSOR");
    assert_eq!(refused(lists(&auth, &ada, 201, "").await).1, "INVALID_LIMIT");
}

async fn the_newest_session_is_the_one_that_began_last_whatever_its_id_says(backend: Backend) {
    let app = App::new(backend, "lying_ids").await;
    let auth = app.replica().await;
    auth.registers("ada").await;
    let mut tokens = vec![];
    for _ in 0..3 {
        app.passes(1);
        tokens.push(auth.signs_in("ada").await);
    }
    let all = lists(&auth, &tokens[0], 50, "").await.unwrap().sessions;
    let [third, second, first] = [0, 1, 2].map(|place: usize| all[place].id.clone());
    // The clock of the replica that it began at was behind, and the other two began at one moment.
    let at = |id: &str| match backend {
        Backend::Sqlite => format!("id = x'{}'", id.replace('-', "")),
        Backend::Postgres => format!("id = '{id}'"),
    };
    let script = format!(
        "UPDATE sessions SET created_at = (SELECT max(last_seen_at) FROM sessions) WHERE {} OR {}",
        at(&second),
        at(&first),
    );
    let earlier = match backend {
        Backend::Sqlite => format!("UPDATE sessions SET created_at = 0 WHERE {}", at(&third)),
        Backend::Postgres => {
            format!("UPDATE sessions SET created_at = to_timestamp(0) WHERE {}", at(&third))
        }
    };
    kit_db::testing::run_script(&app.database.url, &format!("{script}; {earlier}")).await;
    let (mut listed, mut cursor) = (vec![], String::new());
    loop {
        let page = lists(&auth, &tokens[0], 1, &cursor).await.unwrap();
        listed.extend(page.sessions.into_iter().map(|session| session.id));
        cursor = page.next_cursor;
        if cursor.is_empty() {
            break;
        }
    }
    assert_eq!(listed, [second, first, third]);
}
