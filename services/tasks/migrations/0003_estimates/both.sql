-- How long a task is thought to take. A release that does not know the column leaves it as it is.
ALTER TABLE tasks ADD COLUMN estimate_minutes INTEGER;
