"""Posting a job: what can be said of it, what must hold, what it costs, and how it is sent and read back."""
