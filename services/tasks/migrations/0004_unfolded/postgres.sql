-- Tasks whose words and labels have to be taken anew: a release that does not know how wrote them, which the versions tell.
CREATE TABLE unfolded (
    scope_id uuid NOT NULL,
    task_id uuid NOT NULL,
    PRIMARY KEY (scope_id, task_id)
);
-- Whatever was written before: the row of no task stands for all of them.
INSERT INTO unfolded VALUES ('00000000-0000-0000-0000-000000000000', '00000000-0000-0000-0000-000000000000');

CREATE FUNCTION note_unfolded() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO unfolded VALUES (NEW.scope_id, NEW.id) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER note_unfolded AFTER INSERT OR UPDATE ON tasks FOR EACH ROW
    WHEN (NEW.version <> NEW.folded_version) EXECUTE FUNCTION note_unfolded();
