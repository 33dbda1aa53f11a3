"""The adapter's own tables. Moments are INTEGER milliseconds since the epoch; Discord's ids are TEXT."""

from __future__ import annotations

from sqlite_utils import Database, Migrations

discord = Migrations("discord")

TABLES = (
    """CREATE TABLE discord_meta (
        key TEXT PRIMARY KEY,               -- 'salt': what makes this database's nonces its own
        value TEXT NOT NULL
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE discord_sends (
        key TEXT PRIMARY KEY,               -- of the delivery
        channel TEXT NOT NULL,              -- the id at Discord
        first_at INTEGER NOT NULL,          -- committed before the first request leaves
        last_at INTEGER NOT NULL,
        tries INTEGER NOT NULL,
        message TEXT                        -- NULL until Discord has said its id
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX discord_sends_message ON discord_sends (message) WHERE message IS NOT NULL",
    "CREATE INDEX discord_sends_old ON discord_sends (last_at)",
    """CREATE TABLE discord_messages (
        id TEXT PRIMARY KEY,
        subject TEXT NOT NULL,              -- of the card that it shows, '' where that is about nothing
        files TEXT NOT NULL,                -- JSON: the media types of its pictures, by key
        private INTEGER NOT NULL,           -- 1: an answer that one person sees
        at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX discord_messages_old ON discord_messages (private, at)",
    """CREATE TABLE discord_interactions (
        id TEXT PRIMARY KEY,                -- handled, or being handled
        at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX discord_interactions_old ON discord_interactions (at)",
)


@discord()
def first(db: Database) -> None:
    for statement in TABLES:
        db.execute(statement)


@discord()
def forms(db: Database) -> None:
    """What somebody is filling in, where it takes more than one modal or has to be corrected."""
    db.execute(
        """CREATE TABLE discord_forms (
            token TEXT PRIMARY KEY,             -- in the custom ids of its modals and buttons
            user_id TEXT NOT NULL,
            form TEXT NOT NULL,                 -- ui.Form as JSON
            typed TEXT NOT NULL,                -- JSON: the answers so far, by input
            at INTEGER NOT NULL                 -- of the last of them
        ) STRICT, WITHOUT ROWID"""
    )
    db.execute("CREATE INDEX discord_forms_old ON discord_forms (at)")


@discord()
def forms_taken(db: Database) -> None:
    """1: all of it was handed in, and what the core says to it is not known yet."""
    db.execute("ALTER TABLE discord_forms ADD COLUMN taken INTEGER NOT NULL DEFAULT 0")
