-- Who does for all replicas what is to be done once, and until when nobody else does.
CREATE TABLE leases (
    name   text        PRIMARY KEY,
    holder uuid        NOT NULL,
    ends   timestamptz NOT NULL
);
