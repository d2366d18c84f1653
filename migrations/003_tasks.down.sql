-- Takes the job list away again.

DROP TABLE tasks;
