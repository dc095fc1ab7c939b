-- Summaries of block ranges (BRIN) do not shrink when rows go, so that to find what is old is to read all that was ever there: trees by age are
-- built beside the writers. The summaries stay for a release, for to drop them here would make all writers wait.
SELECT 1;
