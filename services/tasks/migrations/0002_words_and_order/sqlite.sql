-- Sets that grow are checked by the services, not by the database. SQLite cannot alter a CHECK: the tables are made anew.
CREATE TABLE memberships_anew (
    user_id BLOB NOT NULL,
    scope_id BLOB NOT NULL REFERENCES scopes (id) ON DELETE CASCADE,
    role TEXT NOT NULL,
    PRIMARY KEY (user_id, scope_id)
) STRICT, WITHOUT ROWID;
INSERT INTO memberships_anew SELECT user_id, scope_id, role FROM memberships;
DROP TABLE memberships;
ALTER TABLE memberships_anew RENAME TO memberships;

CREATE TABLE tasks_anew (
    scope_id BLOB NOT NULL,
    id BLOB NOT NULL,
    project_id BLOB NOT NULL,
    parent_id BLOB,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    status TEXT NOT NULL,
    priority TEXT NOT NULL,
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
    -- Tasks closed by one act share it, so that reopening one reopens all.
    completion_id BLOB,
    trashed_at INTEGER,
    -- What was deleted by one act shares it: the id of what was deleted.
    trash_id BLOB,
    -- Title and description as they are searched, and the version of the task that they were taken from: where that is not the
    -- task's own, a release that does not know these columns has written since.
    folded TEXT NOT NULL DEFAULT '',
    folded_version INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (scope_id, id)
) STRICT, WITHOUT ROWID;
INSERT INTO tasks_anew SELECT scope_id, id, project_id, parent_id, title, description, status, priority, due_local, due_zone, due_at,
    labels, rank, version, created_at, created_by, updated_at, completed_at, completion_id, trashed_at, trash_id, '', 0 FROM tasks;
DROP TABLE tasks;
ALTER TABLE tasks_anew RENAME TO tasks;
CREATE INDEX tasks_rank ON tasks (scope_id, project_id, rank, id);
CREATE INDEX tasks_parent ON tasks (scope_id, parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX tasks_due ON tasks (scope_id, due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX tasks_trashed ON tasks (trashed_at) WHERE trashed_at IS NOT NULL;
CREATE INDEX tasks_trash ON tasks (scope_id, trash_id) WHERE trash_id IS NOT NULL;

CREATE TABLE journal_anew (
    scope_id BLOB NOT NULL,
    sequence INTEGER NOT NULL,
    at INTEGER NOT NULL,
    actor_id BLOB NOT NULL,
    session_id BLOB NOT NULL,
    request_id TEXT NOT NULL,
    trace_id TEXT NOT NULL,
    object_type TEXT NOT NULL,
    object_id BLOB NOT NULL,
    object_version INTEGER NOT NULL,
    operation TEXT NOT NULL,
    changes TEXT NOT NULL,
    PRIMARY KEY (scope_id, sequence)
) STRICT, WITHOUT ROWID;
INSERT INTO journal_anew SELECT scope_id, sequence, at, actor_id, session_id, request_id, trace_id, object_type, object_id,
    object_version, operation, changes FROM journal;
DROP TABLE journal;
ALTER TABLE journal_anew RENAME TO journal;
CREATE INDEX journal_at ON journal (at);
