-- Since when a scope is being erased: a mark that nothing may be written there any more, kept longer than any access token lives.
ALTER TABLE scopes ADD COLUMN erased_at INTEGER;
