-- Accounts that are gone, for the services that have yet to erase what they keep of them.
CREATE TABLE deletions (
    account_id BLOB NOT NULL PRIMARY KEY,
    deleted_at INTEGER NOT NULL
) STRICT;
CREATE INDEX deletions_deleted_at ON deletions (deleted_at, account_id);
