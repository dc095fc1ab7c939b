-- Tasks whose words and labels have to be taken anew: a release that does not know how wrote them, which the versions tell.
CREATE TABLE unfolded (
    scope_id BLOB NOT NULL,
    task_id BLOB NOT NULL,
    PRIMARY KEY (scope_id, task_id)
) STRICT, WITHOUT ROWID;
-- Whatever was written before: the row of no task stands for all of them.
INSERT INTO unfolded VALUES (zeroblob(16), zeroblob(16));

CREATE TRIGGER note_unfolded_insert AFTER INSERT ON tasks WHEN NEW.version <> NEW.folded_version
BEGIN
    INSERT OR IGNORE INTO unfolded VALUES (NEW.scope_id, NEW.id);
END;
CREATE TRIGGER note_unfolded_update AFTER UPDATE ON tasks WHEN NEW.version <> NEW.folded_version
BEGIN
    INSERT OR IGNORE INTO unfolded VALUES (NEW.scope_id, NEW.id);
END;
