use kit_db::testing::Backend;

use crate::harness::App;

#[tokio::test]
async fn every_metric_is_there_before_anything_has_happened() {
    let app = App::new(Backend::Sqlite, "metrics").await;
    let _auth = app.replica().await;
    let text = kit_base::metrics::text();
    for declared in auth::metrics::CATALOGUE {
        let metric = declared.metric();
        assert!(
            text.contains(&format!("# TYPE {} ", metric.name)),
            "{} is not in\n{text}",
            metric.name
        );
    }
    let series =
        r#"errand_auth_logins_total{method="password",reason="rate_limited",result="failure"}"#;
    assert!(text.contains(series), "{text}");
}
