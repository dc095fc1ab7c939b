-- Who there is.
CREATE TABLE accounts (
    id              uuid        PRIMARY KEY,
    email           text        NOT NULL UNIQUE,
    name            text        NOT NULL,
    time_zone       text        NOT NULL,
    -- A PHC string: Argon2id.
    password_hash   text        NOT NULL,
    -- When the password was last set; a new hash of the same one leaves it.
    password_set_at timestamptz NOT NULL,
    version         bigint      NOT NULL,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    last_login_at   timestamptz,
    -- SHA-256 of the last write's method and Idempotency-Key: what is sent again is not done again.
    last_write      bytea
);

-- A login and all that came of it: the family of its refresh tokens.
CREATE TABLE sessions (
    account_id   uuid        NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    id           uuid        NOT NULL,
    address      text        NOT NULL,
    user_agent   text        NOT NULL,
    created_at   timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    ended_at     timestamptz,
    PRIMARY KEY (account_id, id)
);
CREATE INDEX sessions_expires_at ON sessions (expires_at);

-- Refresh tokens by their SHA-256; a used one stays until it would have expired, so that its reuse is told.
CREATE TABLE refresh_tokens (
    hash       bytea       PRIMARY KEY,
    account_id uuid        NOT NULL,
    session_id uuid        NOT NULL,
    issued_at  timestamptz NOT NULL,
    used_at    timestamptz,
    FOREIGN KEY (account_id, session_id) REFERENCES sessions (account_id, id) ON DELETE CASCADE
);
CREATE INDEX refresh_tokens_session ON refresh_tokens (account_id, session_id);
CREATE INDEX refresh_tokens_issued_at ON refresh_tokens (issued_at);

-- Sessions that ended while their access tokens may still be alive.
CREATE TABLE revocations (
    session_id uuid        PRIMARY KEY,
    created_at timestamptz NOT NULL,
    until      timestamptz NOT NULL
);
CREATE INDEX revocations_created_at ON revocations (created_at);

-- Attempts to sign in, by account, address or device; the key is a keyed hash.
CREATE TABLE attempts (
    key      bytea       PRIMARY KEY,
    failures integer     NOT NULL,
    -- No attempt before.
    open_at  timestamptz NOT NULL,
    seen_at  timestamptz NOT NULL
);
CREATE INDEX attempts_seen_at ON attempts (seen_at);

-- The keys that sign access tokens; private halves are encrypted under the KEK.
CREATE TABLE signing_keys (
    generation  integer     PRIMARY KEY,
    id          text        NOT NULL UNIQUE,
    public_key  bytea       NOT NULL,
    private_key bytea       NOT NULL,
    created_at  timestamptz NOT NULL,
    signs_from  timestamptz NOT NULL
);
