-- Lists are of what is not in the trash, and went past all that is: their indexes hold it no longer. They are built beside the writers, and
-- each is there before the one that it replaces goes.
SELECT 1;
