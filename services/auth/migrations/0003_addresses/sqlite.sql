-- Whose address it is, in the form that all its spellings share.
CREATE TABLE addresses (
    key        TEXT NOT NULL PRIMARY KEY,
    account_id BLOB NOT NULL UNIQUE
) STRICT, WITHOUT ROWID;
