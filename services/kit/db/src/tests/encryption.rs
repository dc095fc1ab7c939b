//! What a URL asks of TLS, by a server that has it and one that has not.
use std::path::Path;

use diesel::{QueryableByName, sql_query, sql_types::Bool};
use diesel_async::RunQueryDsl as _;
use kit_base::testing::eventually;

use crate::{
    Db, Limits, on,
    testing::{Backend, Database, run_script},
};

#[derive(QueryableByName)]
struct Answer {
    #[diesel(sql_type = Bool)]
    is: bool,
}

/// Whether what is said to the server is encrypted; why it is not spoken to.
async fn encrypted(url: &str) -> Result<bool, String> {
    asked(url, "SELECT ssl AS is FROM pg_stat_ssl WHERE pid = pg_backend_pid()").await
}

async fn asked(url: &str, query: &str) -> Result<bool, String> {
    let db = Db::open(url, &Limits::default()).map_err(|error| format!("{error:#}"))?;
    let mut connection = db.acquire().await.map_err(|error| kit_base::error::chain(&error))?;
    let query = sql_query(query);
    let answer: Answer = on!(connection, conn => query.get_result(conn).await).unwrap();
    Ok(answer.is)
}

/// Gives the server a certificate for `localhost`, which nobody has signed but itself.
async fn encrypt(url: &str, root: &Path) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(root, made.cert.pem()).unwrap();
    let file = |name: &str, text: &str| {
        format!(
            "COPY (SELECT unnest(string_to_array($pem${text}$pem$, E'\n'))) TO PROGRAM 'umask 077; cat > {name}';"
        )
    };
    run_script(url, &file("errand.crt", &made.cert.pem())).await;
    run_script(url, &file("errand.key", &made.signing_key.serialize_pem())).await;
    for setting in ["ssl_cert_file = 'errand.crt'", "ssl_key_file = 'errand.key'", "ssl = on"] {
        run_script(url, &format!("ALTER SYSTEM SET {setting}")).await;
    }
    reload(url, true).await;
}

async fn reload(url: &str, expected: bool) {
    run_script(url, "SELECT pg_reload_conf()").await;
    let query = format!("SELECT current_setting('ssl')::bool = {expected} AS is");
    let follows = async || asked(url, &query).await.unwrap();
    eventually("the server follows its settings", follows).await;
}

async fn plain(url: &str) {
    for setting in ["ssl", "ssl_cert_file", "ssl_key_file"] {
        run_script(url, &format!("ALTER SYSTEM RESET {setting}")).await;
    }
    reload(url, false).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: scripts/test"]
async fn a_url_gets_the_encryption_that_it_asks_for_or_nothing_is_said() {
    let database = Database::new(Backend::Postgres, "encryption").await;
    let (_, port_and_name) = database.url.rsplit_once(':').unwrap();
    let (user, _) = database.url.rsplit_once('@').unwrap();
    let url = |host: &str, query: &str| format!("{user}@{host}:{port_and_name}?{query}");
    let root = std::env::temp_dir().join(format!("errand-root-{}.pem", std::process::id()));

    assert_eq!(encrypted(&url("127.0.0.1", "sslmode=prefer")).await, Ok(false), "it has none");
    for mode in ["require", "verify-full"] {
        let refused = encrypted(&url("127.0.0.1", &format!("sslmode={mode}"))).await;
        assert!(refused.is_err(), "{mode} of a server that has none: {refused:?}");
    }
    encrypt(&database.url, &root).await;
    let known = format!("sslrootcert={}", root.display());
    for (host, query, expected) in [
        ("127.0.0.1", "sslmode=disable".to_owned(), Ok(false)),
        ("127.0.0.1", String::new(), Ok(false)),
        ("127.0.0.1", "sslmode=prefer".to_owned(), Ok(true)),
        ("localhost", format!("sslmode=verify-full&{known}"), Ok(true)),
        ("localhost", "sslmode=verify-full".to_owned(), Err("UnknownIssuer")),
        ("127.0.0.1", format!("sslmode=verify-full&{known}"), Err("not valid for name")),
        ("127.0.0.1", format!("sslmode=require&{known}"), Err("not valid for name")),
    ] {
        let found = encrypted(&url(host, &query)).await;
        match (&found, expected) {
            (Ok(found), Ok(expected)) => assert_eq!(*found, expected, "{host} {query}"),
            (Err(found), Err(expected)) => assert!(found.contains(expected), "{query}: {found}"),
            _ => panic!("{host} {query}: {found:?}"),
        }
    }
    plain(&database.url).await;
    std::fs::remove_file(root).unwrap();
}
