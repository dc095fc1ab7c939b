-- Who does for all replicas what is to be done once, and until when nobody else does.
CREATE TABLE leases (
    name   TEXT    PRIMARY KEY NOT NULL,
    holder BLOB    NOT NULL,
    ends   INTEGER NOT NULL
) STRICT;
