//! The tables, with types that are real ones on PostgreSQL and the nearest there are on SQLite.
diesel::table! {
    use diesel::sql_types::*;
    use kit::db::sql::{Instant, Uuid};

    scopes (id) {
        id -> Uuid,
        sequence -> BigInt,
        inbox_id -> Uuid,
        created_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use kit::db::sql::Uuid;

    memberships (user_id, scope_id) {
        user_id -> Uuid,
        scope_id -> Uuid,
        role -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use kit::db::sql::{Instant, Uuid};

    projects (scope_id, id) {
        scope_id -> Uuid,
        id -> Uuid,
        name -> Text,
        is_inbox -> Bool,
        rank -> Text,
        version -> BigInt,
        created_at -> Instant,
        created_by -> Uuid,
        updated_at -> Instant,
        archived_at -> Nullable<Instant>,
        trashed_at -> Nullable<Instant>,
        trash_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use kit::db::sql::{Instant, Json, Uuid};

    tasks (scope_id, id) {
        scope_id -> Uuid,
        id -> Uuid,
        project_id -> Uuid,
        parent_id -> Nullable<Uuid>,
        title -> Text,
        description -> Text,
        status -> Text,
        priority -> Text,
        due_local -> Nullable<Text>,
        due_zone -> Nullable<Text>,
        due_at -> Nullable<Instant>,
        labels -> Json,
        rank -> Text,
        version -> BigInt,
        created_at -> Instant,
        created_by -> Uuid,
        updated_at -> Instant,
        completed_at -> Nullable<Instant>,
        completion_id -> Nullable<Uuid>,
        trashed_at -> Nullable<Instant>,
        trash_id -> Nullable<Uuid>,
        folded -> Text,
        folded_version -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use kit::db::sql::Uuid;

    task_labels (scope_id, label, task_id) {
        scope_id -> Uuid,
        label -> Text,
        task_id -> Uuid,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use kit::db::sql::{Instant, Json, Uuid};

    journal (scope_id, sequence) {
        scope_id -> Uuid,
        sequence -> BigInt,
        at -> Instant,
        actor_id -> Uuid,
        session_id -> Uuid,
        request_id -> Text,
        trace_id -> Text,
        object_type -> Text,
        object_id -> Uuid,
        object_version -> BigInt,
        operation -> Text,
        changes -> Json,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use kit::db::sql::{Instant, Uuid};

    idempotency_keys (scope_id, user_id, key) {
        scope_id -> Uuid,
        user_id -> Uuid,
        key -> Text,
        fingerprint -> Binary,
        reply -> Binary,
        created_at -> Instant,
    }
}

diesel::allow_tables_to_appear_in_same_query!(tasks, task_labels);
diesel::allow_tables_to_appear_in_same_query!(memberships, scopes);
diesel::joinable!(memberships -> scopes (scope_id));
