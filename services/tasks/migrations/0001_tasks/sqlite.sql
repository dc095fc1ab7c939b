-- Every row belongs to a scope, and every key and index begins with it: access is decided by scope, and a sharded
-- PostgreSQL can be sharded by it.
CREATE TABLE scopes (
    id BLOB PRIMARY KEY,
    -- The last sequence number given out in the journal; its row lock orders the scope's writes.
    sequence INTEGER NOT NULL,
    inbox_id BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE memberships (
    user_id BLOB NOT NULL,
    scope_id BLOB NOT NULL REFERENCES scopes (id) ON DELETE CASCADE,
    role TEXT NOT NULL CHECK (role IN ('owner')),
    PRIMARY KEY (user_id, scope_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE projects (
    scope_id BLOB NOT NULL,
    id BLOB NOT NULL,
    name TEXT NOT NULL,
    is_inbox INTEGER NOT NULL,
    rank TEXT NOT NULL,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    created_by BLOB NOT NULL,
    updated_at INTEGER NOT NULL,
    archived_at INTEGER,
    trashed_at INTEGER,
    trash_id BLOB,
    PRIMARY KEY (scope_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX projects_rank ON projects (scope_id, rank, id) WHERE trashed_at IS NULL;
CREATE INDEX projects_trash ON projects (scope_id, trash_id) WHERE trash_id IS NOT NULL;

CREATE TABLE tasks (
    scope_id BLOB NOT NULL,
    id BLOB NOT NULL,
    project_id BLOB NOT NULL,
    parent_id BLOB,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('needs_action', 'in_process', 'completed', 'cancelled')),
    priority TEXT NOT NULL CHECK (priority IN ('none', 'low', 'medium', 'high', 'urgent')),
    due_local TEXT,
    due_zone TEXT,
    due_at INTEGER,
    labels TEXT NOT NULL,
    rank TEXT NOT NULL,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    created_by BLOB NOT NULL,
    updated_at INTEGER NOT NULL,
    completed_at INTEGER,
    -- Tasks completed by one act share it, so that reopening one reopens all.
    completion_id BLOB,
    trashed_at INTEGER,
    -- What was deleted by one act shares it: the id of what was deleted.
    trash_id BLOB,
    PRIMARY KEY (scope_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX tasks_rank ON tasks (scope_id, project_id, rank, id);
CREATE INDEX tasks_parent ON tasks (scope_id, parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX tasks_due ON tasks (scope_id, due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX tasks_trashed ON tasks (trashed_at) WHERE trashed_at IS NOT NULL;
CREATE INDEX projects_trashed ON projects (trashed_at) WHERE trashed_at IS NOT NULL;
CREATE INDEX tasks_trash ON tasks (scope_id, trash_id) WHERE trash_id IS NOT NULL;

CREATE TABLE task_labels (
    scope_id BLOB NOT NULL,
    -- Folded to lower case.
    label TEXT NOT NULL,
    task_id BLOB NOT NULL,
    PRIMARY KEY (scope_id, label, task_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX task_labels_task ON task_labels (scope_id, task_id);

CREATE TABLE journal (
    scope_id BLOB NOT NULL,
    sequence INTEGER NOT NULL,
    at INTEGER NOT NULL,
    actor_id BLOB NOT NULL,
    session_id BLOB NOT NULL,
    request_id TEXT NOT NULL,
    trace_id TEXT NOT NULL,
    object_type TEXT NOT NULL CHECK (object_type IN ('task', 'project')),
    object_id BLOB NOT NULL,
    object_version INTEGER NOT NULL,
    operation TEXT NOT NULL,
    changes TEXT NOT NULL,
    PRIMARY KEY (scope_id, sequence)
) STRICT, WITHOUT ROWID;
CREATE INDEX journal_at ON journal (at);

CREATE TABLE idempotency_keys (
    scope_id BLOB NOT NULL,
    user_id BLOB NOT NULL,
    key TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    reply BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (scope_id, user_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);
