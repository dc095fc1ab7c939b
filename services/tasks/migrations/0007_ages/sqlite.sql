-- They are trees already: the names become those of PostgreSQL.
DROP INDEX IF EXISTS journal_at;
DROP INDEX IF EXISTS idempotency_keys_age;
