-- Whose address it is, in the form that all its spellings share. They refer to no account, since that would lock the table of
-- accounts against writes while this runs.
CREATE TABLE addresses (
    key        text PRIMARY KEY,
    account_id uuid NOT NULL UNIQUE
);
