-- Who there is.
CREATE TABLE accounts (
    id              BLOB NOT NULL PRIMARY KEY,
    email           TEXT NOT NULL UNIQUE,
    name            TEXT NOT NULL,
    time_zone       TEXT NOT NULL,
    -- A PHC string: Argon2id.
    password_hash   TEXT NOT NULL,
    -- When the password was last set; a new hash of the same one leaves it.
    password_set_at INTEGER NOT NULL,
    version         INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    last_login_at   INTEGER,
    -- SHA-256 of the last write's method and Idempotency-Key: what is sent again is not done again.
    last_write      BLOB
) STRICT;

-- A login and all that came of it: the family of its refresh tokens.
CREATE TABLE sessions (
    account_id   BLOB NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    id           BLOB NOT NULL,
    address      TEXT NOT NULL,
    user_agent   TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    ended_at     INTEGER,
    PRIMARY KEY (account_id, id)
) STRICT;
CREATE INDEX sessions_expires_at ON sessions (expires_at);

-- Refresh tokens by their SHA-256; a used one stays until it would have expired, so that its reuse is told.
CREATE TABLE refresh_tokens (
    hash       BLOB NOT NULL PRIMARY KEY,
    account_id BLOB NOT NULL,
    session_id BLOB NOT NULL,
    issued_at  INTEGER NOT NULL,
    used_at    INTEGER,
    FOREIGN KEY (account_id, session_id) REFERENCES sessions (account_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX refresh_tokens_session ON refresh_tokens (account_id, session_id);
CREATE INDEX refresh_tokens_issued_at ON refresh_tokens (issued_at);

-- Sessions that ended while their access tokens may still be alive.
CREATE TABLE revocations (
    session_id BLOB NOT NULL PRIMARY KEY,
    created_at INTEGER NOT NULL,
    until      INTEGER NOT NULL
) STRICT;
CREATE INDEX revocations_created_at ON revocations (created_at);

-- Attempts to sign in, by account, address or device; the key is a keyed hash.
CREATE TABLE attempts (
    key      BLOB NOT NULL PRIMARY KEY,
    failures INTEGER NOT NULL,
    -- No attempt before.
    open_at  INTEGER NOT NULL,
    seen_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX attempts_seen_at ON attempts (seen_at);

-- The keys that sign access tokens; private halves are encrypted under the KEK.
CREATE TABLE signing_keys (
    generation  INTEGER PRIMARY KEY,
    id          TEXT NOT NULL UNIQUE,
    public_key  BLOB NOT NULL,
    private_key BLOB NOT NULL,
    created_at  INTEGER NOT NULL,
    signs_from  INTEGER NOT NULL
) STRICT;
