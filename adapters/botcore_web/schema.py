"""The adapter's own tables. Moments are INTEGER milliseconds since the epoch; tokens are kept only as hashes."""

from __future__ import annotations

from sqlite_utils import Database, Migrations

web = Migrations("web")

TABLES = (
    """CREATE TABLE web_messages (
        id INTEGER PRIMARY KEY,
        channel TEXT NOT NULL,
        key TEXT NOT NULL UNIQUE,
        card TEXT NOT NULL,                 -- ui.Card as JSON
        waiting INTEGER NOT NULL,           -- 1 while it asks somebody to decide
        sent_at INTEGER NOT NULL,
        updated_at INTEGER NOT NULL,
        version INTEGER NOT NULL UNIQUE     -- counts the changes of all messages; the newest row is never deleted
    ) STRICT""",
    "CREATE INDEX web_messages_waiting ON web_messages (id, channel) WHERE waiting = 1",
    "CREATE INDEX web_messages_settled ON web_messages (version) WHERE waiting = 0",
    """CREATE TABLE web_links (
        token TEXT PRIMARY KEY,             -- SHA-256, hexadecimal
        user_id TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        used_at INTEGER
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE web_sessions (
        token TEXT PRIMARY KEY,             -- SHA-256, hexadecimal
        user_id TEXT NOT NULL,
        csrf TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        seen_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
)


@web()
def first(db: Database) -> None:
    for statement in TABLES:
        db.execute(statement)


@web()
def queues(db: Database) -> None:
    """`waiting` counts from now on how many wait on a card; 0 once it is settled."""
    db.execute("ALTER TABLE web_messages ADD COLUMN queue INTEGER NOT NULL DEFAULT 0")  # 1: it stands for many
    db.execute("DROP INDEX web_messages_waiting")
    db.execute("CREATE INDEX web_messages_open ON web_messages (queue DESC, id, channel, waiting) WHERE waiting > 0")


@web()
def news(db: Database) -> None:
    """What only tells something has a list of its own."""
    db.execute("ALTER TABLE web_messages ADD COLUMN news INTEGER NOT NULL DEFAULT 0")
    db.execute("CREATE INDEX web_messages_news ON web_messages (version) WHERE waiting = 0 AND news = 1")


@web()
def owners(db: Database) -> None:
    """Links and sessions are of one person, and not of who has the same id after them."""
    for table in ("web_links", "web_sessions"):
        db.execute(f"ALTER TABLE {table} ADD COLUMN person_since INTEGER")
