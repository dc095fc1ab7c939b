use diesel::prelude::*;
use kit_base::Timestamp;

diesel::table! {
    use diesel::sql_types::*;
    use kit_db::sql::Instant;

    signing_keys (generation) {
        generation -> Integer,
        id -> Text,
        public_key -> Binary,
        private_key -> Binary,
        created_at -> Instant,
        signs_from -> Instant,
    }
}

/// A key as it is stored.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = signing_keys)]
pub(crate) struct StoredKey {
    pub(crate) generation: i32,
    pub(crate) id: String,
    pub(crate) public_key: Vec<u8>,
    /// The PKCS#8 document, encrypted.
    pub(crate) private_key: Vec<u8>,
    pub(crate) created_at: Timestamp,
    pub(crate) signs_from: Timestamp,
}
