-- What a scope keeps, counted. A release that does not count leaves it behind the scope's sequence, and it is counted anew.
ALTER TABLE scopes ADD COLUMN usage TEXT;
