"""The durable record: a port, and SQLite behind it."""
