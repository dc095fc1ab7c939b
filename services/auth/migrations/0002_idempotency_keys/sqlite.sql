-- Idempotency keys: what a write answered, for 24 hours. accounts.last_write is read by nobody any more, and goes a release later.
CREATE TABLE idempotency_keys (
    user_id     BLOB NOT NULL,
    key         TEXT NOT NULL,
    -- A keyed hash of the method and the message: a password in it cannot be guessed from here.
    fingerprint BLOB NOT NULL,
    -- The reply, encoded.
    reply       BLOB NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (user_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);
