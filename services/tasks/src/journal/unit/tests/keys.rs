//! What was used once is known, and counts.
use kit_db::testing::Backend;
use uuid::Uuid;

use super::begins_with;
use crate::{ids::UserId, journal::keys::UsedKey, migrations::tests::Store};

kit_db::on_each_backend!(a_key_is_known_to_its_user_from_its_use_on);

async fn a_key_is_known_to_its_user_from_its_use_on(backend: Backend) {
    let store = Store::new(backend).await;
    let (user, other) = (UserId(Uuid::from_u128(5)), UserId(Uuid::from_u128(6)));
    let mut unit = begins_with(&store, &[(user, "k")], vec![]).await;
    assert!(unit.used_key(user, "k").is_none());
    let used = UsedKey {
        scope_id: store.scope,
        user_id: user,
        key: "k".to_owned(),
        fingerprint: vec![1, 2],
        reply: vec![3, 4],
        created_at: unit.now,
    };
    let before = unit.usage.written_today(unit.now);
    unit.use_key(used);
    let written = unit.usage.written_today(unit.now) - before;
    assert_eq!(written, 256 + 1 + 2, "its row, its text and the answer");
    assert!(unit.used_key(user, "k").is_some(), "in the unit that it is used in, too");
    unit.commit().await.unwrap();
    let asked = [(user, "k"), (user, "l"), (other, "k")];
    let unit = begins_with(&store, &asked, vec![]).await;
    let found = unit.used_key(user, "k").unwrap();
    assert_eq!((&*found.fingerprint, &*found.reply), (&[1, 2][..], &[3, 4][..]));
    assert!(unit.used_key(user, "l").is_none() && unit.used_key(other, "k").is_none());
}
