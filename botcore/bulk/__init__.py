"""All that waits of a job, decided at once."""
