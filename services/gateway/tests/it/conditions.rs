use crate::{
    edge::{Edge, ID},
    peers::{Outcome, invalid},
};
use kit_base::error::refuse;
use tonic::Code;

#[tokio::test]
async fn what_the_client_has_is_not_sent_again() {
    let edge = Edge::start().await;
    for path in [format!("/v1/tasks/{ID}"), format!("/v1/projects/{ID}"), "/v1/me".to_owned()] {
        let etag = edge.get(&path).await.header("etag").to_owned();
        let reply = edge.ask("GET", &path, &[("if-none-match", &etag)], "").await;
        assert_eq!(
            (reply.status, reply.header("etag"), reply.body.len()),
            (304, etag.as_str(), 0),
            "{path}"
        );
        assert_eq!(edge.ask("GET", &path, &[("if-none-match", "\"0\"")], "").await.status, 200);
    }
}

#[tokio::test]
async fn a_write_names_the_version_that_the_client_knows() {
    let edge = Edge::start().await;
    let path = format!("/v1/tasks/{ID}");
    let json = ("content-type", "application/json");
    for (method, path) in [
        ("PATCH", path.clone()),
        ("DELETE", path.clone()),
        ("POST", format!("{path}/complete")),
        ("POST", format!("{path}/move")),
    ] {
        for (tag, version) in [("\"7\"", "Some(7)"), ("*", "None")] {
            let reply = edge.ask(method, &path, &[json, ("if-match", tag)], "{}").await;
            assert!(reply.status < 300, "{reply:?}");
            assert!(edge.peers.last().message.contains(&format!("if_version: {version}")));
        }
    }
    assert_eq!(
        edge.ask("PATCH", &path, &[json, ("if-match", "7")], "{}").await.refusal(),
        "400 INVALID_IF_MATCH"
    );
    assert_eq!(
        edge.ask("PATCH", &path, &[json, ("if-match", "W/\"7\"")], "{}").await.refusal(),
        "412 VERSION_MISMATCH"
    );
    assert_eq!(edge.peers.acts(), 0);
    edge.peers.next(Outcome::Fails(refuse(
        Code::Aborted,
        "VERSION_MISMATCH",
        "it is at version 8",
    )));
    assert_eq!(
        edge.ask("PATCH", &path, &[json, ("if-match", "\"7\"")], "{}").await.refusal(),
        "412 VERSION_MISMATCH"
    );
}

#[tokio::test]
async fn a_write_carries_the_clients_key_or_one_of_ours() {
    let edge = Edge::start().await;
    let create = async |headers: &[(&str, &str)]| {
        let headers: Vec<_> =
            [("content-type", "application/json")].iter().chain(headers).copied().collect();
        edge.ask("POST", "/v1/tasks", &headers, r#"{"title":"x"}"#).await
    };
    let key =
        || edge.peers.last().metadata.get("idempotency-key").unwrap().to_str().unwrap().to_owned();
    create(&[("idempotency-key", "\"order-17\"")]).await;
    assert_eq!(key(), "order-17");
    create(&[]).await;
    let own = key();
    assert!(uuid::Uuid::try_parse(&own).is_ok(), "{own}");
    create(&[]).await;
    assert_ne!(key(), own);
    assert_eq!(
        create(&[("idempotency-key", "two words")]).await.refusal(),
        "400 INVALID_IDEMPOTENCY_KEY"
    );
    assert_eq!(create(&[("idempotency-key", "a"), ("idempotency-key", "b")]).await.status, 400);
    edge.peers.next(Outcome::Replays);
    let replayed = create(&[("idempotency-key", "order-17")]).await;
    assert_eq!((replayed.status, replayed.header("idempotency-replayed")), (201, "true"));
    assert_eq!(create(&[]).await.header("idempotency-replayed"), "");
}

#[tokio::test]
async fn a_read_carries_the_token_and_no_key() {
    let edge = Edge::start().await;
    edge.ask("GET", "/v1/me", &[("idempotency-key", "x"), ("x-request-id", "mine-1")], "").await;
    let metadata = edge.peers.last().metadata;
    assert_eq!(
        metadata.get("authorization").unwrap().to_str().unwrap(),
        format!("Bearer {}", edge.token)
    );
    assert!(metadata.get("idempotency-key").is_none());
}

#[tokio::test]
async fn a_list_of_versions_passes_when_one_of_them_is_there() {
    let edge = Edge::start().await;
    let path = format!("/v1/tasks/{ID}");
    let tags = [("content-type", "application/json"), ("if-match", "W/\"8\", \"7\" , \"9-gzip\"")];
    let mismatch = || Outcome::Fails(refuse(Code::Aborted, "VERSION_MISMATCH", "another"));
    for (method, path) in [
        ("PATCH", path.clone()),
        ("DELETE", path.clone()),
        ("POST", format!("{path}/complete")),
        ("POST", format!("{path}/reopen")),
        ("POST", format!("{path}/move")),
        ("PATCH", format!("/v1/projects/{ID}")),
        ("DELETE", format!("/v1/projects/{ID}")),
        ("PATCH", "/v1/me".to_owned()),
    ] {
        edge.peers.next(mismatch());
        let reply = edge.ask(method, &path, &tags, "{}").await;
        assert!(reply.status < 300, "{method} {path}: {reply:?}");
        let (second, first) = (edge.peers.last(), edge.peers.last());
        assert!(first.message.contains("if_version: Some(9)"), "{}", first.message);
        assert!(second.message.contains("if_version: Some(7)"), "{}", second.message);
        let key = |call: &crate::peers::Call| call.metadata.get("idempotency-key").cloned();
        assert!(key(&first).is_some() && key(&first) == key(&second));
        edge.peers.next(mismatch());
        edge.peers.next(mismatch());
        let reply = edge.ask(method, &path, &tags, "{}").await;
        assert_eq!(reply.refusal(), "412 VERSION_MISMATCH", "{method} {path}");
        _ = (edge.peers.last(), edge.peers.last());
    }
    let none = [("if-match", "W/\"7\", \"theirs\"")];
    assert_eq!(edge.ask("DELETE", &path, &none, "").await.refusal(), "412 VERSION_MISMATCH");
    assert_eq!(edge.peers.count(), 0);
}

#[tokio::test]
async fn a_read_gives_the_version_that_is_asked_for_or_none() {
    let edge = Edge::start().await;
    for path in [
        format!("/v1/tasks/{ID}"),
        format!("/v1/projects/{ID}"),
        "/v1/me".to_owned(),
        "/openapi.json".to_owned(),
    ] {
        let etag = edge.get(&path).await.header("etag").to_owned();
        let ask = async |tags: &str| edge.ask("GET", &path, &[("if-match", tags)], "").await;
        for tags in [etag.as_str(), "*", &format!("\"0\", {etag}")] {
            assert_eq!(ask(tags).await.status, 200, "{path} {tags}");
        }
        for tags in ["\"0\"", "\"theirs\"", &format!("W/{etag}"), &etag.replacen('"', "\"0", 1)] {
            assert_eq!(ask(tags).await.refusal(), "412 VERSION_MISMATCH", "{path} {tags}");
        }
        let both = [("if-match", "\"0\""), ("if-none-match", etag.as_str())];
        let reply = edge.ask("GET", &path, &both, "").await;
        assert_eq!(reply.status, 412, "{path}: If-Match comes first");
    }
}

#[tokio::test]
async fn a_condition_is_never_dropped() {
    let edge = Edge::start().await;
    let (task, trash, session) =
        (format!("/v1/tasks/{ID}"), format!("/v1/trash/{ID}"), format!("/v1/sessions/{ID}"));
    let json = ("content-type", "application/json");
    for (method, path) in [
        ("POST", "/v1/tasks"),
        ("POST", "/v1/projects"),
        ("PUT", "/v1/me/password"),
        ("DELETE", &trash),
        ("POST", &format!("{trash}/restore")),
        ("DELETE", &session),
        ("POST", "/v1/auth/logout"),
        ("POST", "/v1/auth/login"),
        ("GET", "/v1/tasks"),
        ("GET", "/v1/changes"),
        ("GET", "/v1/limits"),
    ] {
        let reply = edge.ask(method, path, &[json, ("if-match", "\"7\"")], "{}").await;
        assert_eq!(reply.refusal(), "412 VERSION_MISMATCH", "{method} {path}");
        assert_eq!(reply.json()["errors"][0]["header"], "If-Match", "{method} {path}");
    }
    for (method, path) in [
        ("PATCH", &*task),
        ("DELETE", &task),
        ("PATCH", "/v1/me"),
        ("POST", "/v1/tasks"),
        ("DELETE", &trash),
    ] {
        let reply = edge.ask(method, path, &[json, ("if-none-match", "*")], "{}").await;
        assert_eq!(reply.refusal(), "412 VERSION_MISMATCH", "{method} {path}");
        let reply = edge.ask(method, path, &[json, ("if-none-match", "\"7\"")], "{}").await;
        assert_eq!(reply.refusal(), "400 INVALID_IF_NONE_MATCH", "{method} {path}");
    }
    let zero = edge.ask("PATCH", &task, &[json, ("if-match", "\"07\"")], "{}").await;
    assert_eq!(zero.refusal(), "412 VERSION_MISMATCH", "it is not how we write version 7");
    assert_eq!(
        edge.peers.acts(),
        2,
        "lists are asked for what is wrong besides, and nothing is written"
    );
    for path in ["/v1/tasks", "/v1/limits"] {
        assert_eq!(edge.ask("GET", path, &[("if-match", "*")], "").await.status, 200, "{path}");
        assert_eq!(
            edge.ask("GET", path, &[("if-none-match", "\"7\"")], "").await.status,
            200,
            "{path}"
        );
    }
}

/// RFC 9110, 13.2.1.
#[tokio::test]
async fn a_condition_that_does_not_hold_hides_nothing_that_is_wrong_with_a_query() {
    let edge = Edge::start().await;
    let seven = [("if-match", "\"7\"")];
    let reply = edge.ask("GET", "/v1/tasks?zz=1", &seven, "").await;
    assert_eq!(reply.refusal(), "400 INVALID_QUERY", "{reply:?}");
    edge.peers.next(invalid(&[("order_by", "CONFLICT")]));
    let reply = edge.ask("GET", "/v1/tasks?order_by=rank", &seven, "").await;
    assert_eq!(reply.status, 400, "{reply:?}");
    edge.peers.next(Outcome::Fails(refuse(Code::OutOfRange, "CURSOR_EXPIRED", "begin anew")));
    let reply = edge.ask("GET", "/v1/changes?cursor=c1", &seven, "").await;
    assert_eq!(reply.refusal(), "410 CURSOR_EXPIRED", "{reply:?}");
    let reply = edge.ask("GET", "/v1/tasks", &seven, "").await;
    assert_eq!(reply.refusal(), "412 VERSION_MISMATCH", "{reply:?}");
}

#[tokio::test]
async fn every_fault_of_a_head_is_told_at_once() {
    let edge = Edge::start().await;
    let headers = [
        ("content-type", "application/json"),
        ("idempotency-key", "two words"),
        ("if-match", "7"),
        ("if-none-match", "8"),
    ];
    for (method, path) in
        [("PATCH", format!("/v1/tasks/{ID}")), ("DELETE", format!("/v1/trash/{ID}"))]
    {
        let reply = edge.ask(method, &format!("{path}?colour=red"), &headers, "{}").await;
        assert_eq!(reply.refusal(), "400 INVALID_QUERY");
        let problem = reply.json();
        assert_eq!(problem["detail"], "4 parts of the request are not acceptable");
        let codes: Vec<_> = problem["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["code"].as_str().unwrap())
            .collect();
        let expected = [
            "UNKNOWN_PARAMETER",
            "INVALID_IDEMPOTENCY_KEY",
            "INVALID_IF_MATCH",
            "INVALID_IF_NONE_MATCH",
        ];
        assert_eq!(codes, expected, "{method} {path}");
    }
    for (body, fault) in [
        (r#"{"titel":1}"#, "/titel UNKNOWN_FIELD"),
        ("{", " MALFORMED_JSON"),
        ("[]", " WRONG_TYPE"),
    ] {
        let path = format!("/v1/tasks/{ID}?colour=red");
        let reply = edge.ask("PATCH", &path, &headers, body).await;
        assert_eq!(reply.refusal(), "400 INVALID_QUERY");
        let last = &reply.json()["errors"][4];
        let text = |name: &str| last[name].as_str().unwrap_or("?").to_owned();
        assert_eq!(format!("{} {}", text("pointer"), text("code")), fault);
    }
    assert_eq!(edge.peers.acts(), 0);
}

#[tokio::test]
async fn a_packed_reply_has_an_etag_of_its_own() {
    let edge = Edge::start().await;
    let path = "/openapi.json";
    let plain = edge.get(path).await.header("etag").to_owned();
    let gzip = ("accept-encoding", "gzip");
    let reply = edge.ask("GET", path, &[gzip], "").await;
    assert_eq!(reply.header("content-encoding"), "gzip");
    let packed = reply.header("etag").to_owned();
    assert_eq!(packed, format!("{}-gzip\"", plain.trim_end_matches('"')));
    for tag in [&plain, &packed] {
        let reply = edge.ask("GET", path, &[("if-none-match", tag), gzip], "").await;
        assert_eq!((reply.status, reply.header("etag")), (304, tag.as_str()));
    }
    let path = format!("/v1/tasks/{ID}");
    assert_eq!(edge.ask("DELETE", &path, &[("if-match", "\"7-gzip\"")], "").await.status, 204);
    assert!(edge.peers.last().message.contains("if_version: Some(7)"));
}
