use super::*;

fn options(url: &str) -> (String, tokio_postgres::Config) {
    let limits = Limits { create: Duration::from_secs(3), ..Limits::default() };
    let (config, _) = configure(url, &limits).unwrap();
    (config.get_options().unwrap().to_owned(), config)
}

#[test]
fn no_statement_waits_for_ever_whatever_the_url_says() {
    for url in [
        "postgres://u@h/db",
        "postgres://u@h/db?options=-c%20search_path%3Dledger",
        "postgres://u@h/db?sslmode=disable&connect_timeout=60",
    ] {
        let (options, config) = options(url);
        for clock in [
            "-c statement_timeout=1500",
            "-c lock_timeout=800",
            "-c idle_in_transaction_session_timeout=700",
            "-c client_connection_check_interval=100",
        ] {
            assert!(options.contains(clock), "{clock} in {options}");
        }
        assert_eq!(config.get_connect_timeout(), Some(&Duration::from_secs(3)), "{url}");
        let attributes = config.get_target_session_attrs();
        assert_eq!(attributes, TargetSessionAttrs::ReadWrite, "a replica takes no writes");
    }
    let own = options("postgres://u@h/db?options=-c%20search_path%3Dledger").0;
    assert!(own.starts_with("-c search_path=ledger -c "), "{own}");
}

#[test]
fn a_connection_is_encrypted_as_the_url_asks() {
    for (query, mode) in [
        ("", SslMode::Prefer),
        ("?sslmode=prefer", SslMode::Prefer),
        ("?sslmode=disable", SslMode::Disable),
        ("?sslmode=require", SslMode::Require),
        ("?sslmode=verify-full", SslMode::Require),
    ] {
        let (_, config) = options(&format!("postgres://u@h/db{query}"));
        assert_eq!(config.get_ssl_mode(), mode, "{query}");
    }
    for query in ["?sslmode=allow", "?sslmode=", "?sslmode=require&sslrootcert=/nowhere.pem"] {
        let refused = configure(&format!("postgres://u@h/db{query}"), &Limits::default());
        assert!(refused.is_err(), "{query}");
    }
}

#[tokio::test]
async fn who_waits_is_told_which_server_is_not_there_and_why_without_its_secret() {
    let url = "postgres://user:hunter2@127.0.0.1:1/name";
    let postgres = Postgres::open(url, &Limits::default()).unwrap();
    let error = postgres.up().await.unwrap_err();
    let said = kit_base::error::chain(&error);
    assert!(said.contains("no read connection is up: 127.0.0.1:1: Connection refused"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
    assert!(postgres.trouble().unwrap().starts_with("127.0.0.1:1: Connection refused"));
    let said = kit_base::error::chain(&postgres.writers.get().await.map(drop).unwrap_err());
    let begins =
        "the database cannot be reached right now; try again: 127.0.0.1:1: Connection refused";
    assert!(said.starts_with(begins), "{said}");
}
