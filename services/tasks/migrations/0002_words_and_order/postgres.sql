-- Sets that grow are checked by the services, not by the database.
ALTER TABLE memberships DROP CONSTRAINT memberships_role_check;
ALTER TABLE tasks DROP CONSTRAINT tasks_status_check;
ALTER TABLE tasks DROP CONSTRAINT tasks_priority_check;
ALTER TABLE journal DROP CONSTRAINT journal_object_type_check;

-- Title and description as they are searched, and the version of the task that they were taken from: where that is not the task's
-- own, a release that does not know these columns has written since.
ALTER TABLE tasks ADD COLUMN folded text NOT NULL DEFAULT '';
ALTER TABLE tasks ADD COLUMN folded_version bigint NOT NULL DEFAULT 0;
