-- Accounts that are gone, for the services that have yet to erase what they keep of them.
CREATE TABLE deletions (
    account_id uuid        PRIMARY KEY,
    deleted_at timestamptz NOT NULL
);
CREATE INDEX deletions_deleted_at ON deletions (deleted_at, account_id);
