-- Every row belongs to a scope, and every key and index begins with it: access is decided by scope, and a sharded
-- PostgreSQL can be sharded by it.
CREATE TABLE scopes (
    id uuid PRIMARY KEY,
    -- The last sequence number given out in the journal; its row lock orders the scope's writes.
    sequence bigint NOT NULL,
    inbox_id uuid NOT NULL,
    created_at timestamptz NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE memberships (
    user_id uuid NOT NULL,
    scope_id uuid NOT NULL REFERENCES scopes (id) ON DELETE CASCADE,
    role text NOT NULL CHECK (role IN ('owner')),
    PRIMARY KEY (user_id, scope_id)
);

CREATE TABLE projects (
    scope_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    is_inbox boolean NOT NULL,
    rank text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    created_by uuid NOT NULL,
    updated_at timestamptz NOT NULL,
    archived_at timestamptz,
    trashed_at timestamptz,
    trash_id uuid,
    PRIMARY KEY (scope_id, id)
);
CREATE INDEX projects_rank ON projects (scope_id, rank, id) WHERE trashed_at IS NULL;
CREATE INDEX projects_trash ON projects (scope_id, trash_id) WHERE trash_id IS NOT NULL;

CREATE TABLE tasks (
    scope_id uuid NOT NULL,
    id uuid NOT NULL,
    project_id uuid NOT NULL,
    parent_id uuid,
    title text NOT NULL,
    description text NOT NULL,
    status text NOT NULL CHECK (status IN ('needs_action', 'in_process', 'completed', 'cancelled')),
    priority text NOT NULL CHECK (priority IN ('none', 'low', 'medium', 'high', 'urgent')),
    due_local text,
    due_zone text,
    due_at timestamptz,
    labels jsonb NOT NULL,
    rank text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    created_by uuid NOT NULL,
    updated_at timestamptz NOT NULL,
    completed_at timestamptz,
    -- Tasks completed by one act share it, so that reopening one reopens all.
    completion_id uuid,
    trashed_at timestamptz,
    -- What was deleted by one act shares it: the id of what was deleted.
    trash_id uuid,
    PRIMARY KEY (scope_id, id)
) WITH (fillfactor = 80);
CREATE INDEX tasks_rank ON tasks (scope_id, project_id, rank, id);
CREATE INDEX tasks_parent ON tasks (scope_id, parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX tasks_due ON tasks (scope_id, due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX tasks_trashed ON tasks (trashed_at) WHERE trashed_at IS NOT NULL;
CREATE INDEX projects_trashed ON projects (trashed_at) WHERE trashed_at IS NOT NULL;
CREATE INDEX tasks_trash ON tasks (scope_id, trash_id) WHERE trash_id IS NOT NULL;

CREATE TABLE task_labels (
    scope_id uuid NOT NULL,
    -- Folded to lower case.
    label text NOT NULL,
    task_id uuid NOT NULL,
    PRIMARY KEY (scope_id, label, task_id)
);
CREATE INDEX task_labels_task ON task_labels (scope_id, task_id);

CREATE TABLE journal (
    scope_id uuid NOT NULL,
    sequence bigint NOT NULL,
    at timestamptz NOT NULL,
    actor_id uuid NOT NULL,
    session_id uuid NOT NULL,
    request_id text NOT NULL,
    trace_id text NOT NULL,
    object_type text NOT NULL CHECK (object_type IN ('task', 'project')),
    object_id uuid NOT NULL,
    object_version bigint NOT NULL,
    operation text NOT NULL,
    changes jsonb NOT NULL,
    PRIMARY KEY (scope_id, sequence)
);
CREATE INDEX journal_at ON journal USING brin (at);

CREATE TABLE idempotency_keys (
    scope_id uuid NOT NULL,
    user_id uuid NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    reply bytea NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (scope_id, user_id, key)
);
CREATE INDEX idempotency_keys_age ON idempotency_keys USING brin (created_at);
