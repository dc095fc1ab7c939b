-- Idempotency keys: what a write answered, for 24 hours. They refer to no account, since that would lock the table of accounts
-- against writes while this runs. accounts.last_write is read by nobody any more, and goes a release later.
CREATE TABLE idempotency_keys (
    user_id     uuid        NOT NULL,
    key         text        NOT NULL,
    -- A keyed hash of the method and the message: a password in it cannot be guessed from here.
    fingerprint bytea       NOT NULL,
    -- The reply, encoded.
    reply       bytea       NOT NULL,
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (user_id, key)
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);
