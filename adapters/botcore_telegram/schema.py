"""The adapter's own tables. Moments are INTEGER milliseconds since the epoch."""

from __future__ import annotations

from sqlite_utils import Database, Migrations

telegram = Migrations("telegram")

TABLES = (
    # what Telegram told, committed before that is confirmed to it
    """CREATE TABLE telegram_updates (
        id INTEGER PRIMARY KEY,             -- Telegram's update_id
        body TEXT,                          -- as it came; NULL once it is handled
        came_at INTEGER NOT NULL,
        handled_at INTEGER
    ) STRICT""",
    "CREATE INDEX telegram_updates_open ON telegram_updates (id) WHERE handled_at IS NULL",
    "CREATE INDEX telegram_updates_old ON telegram_updates (handled_at) WHERE handled_at IS NOT NULL",
    # cards, and where each of them is
    """CREATE TABLE telegram_cards (
        id INTEGER PRIMARY KEY,
        key TEXT UNIQUE,                    -- of the delivery; NULL for answers to one person
        channel TEXT NOT NULL,              -- of the config; '' for answers to one person
        chat INTEGER NOT NULL,
        thread INTEGER,                     -- the topic
        private INTEGER NOT NULL,
        message INTEGER,                    -- the one with the buttons; NULL until it is known
        before TEXT NOT NULL DEFAULT '{}',  -- messages sent ahead of it: what was in them -> message
        media TEXT NOT NULL DEFAULT '',     -- what the message is made of: '' a text, 'photo' or 'document'
        shown TEXT NOT NULL DEFAULT '',     -- the key of the picture in it
        picture INTEGER NOT NULL DEFAULT 0, -- which one is shown where they are turned, from 0
        card TEXT NOT NULL,                 -- ui.Card as JSON, as last shown
        drawn TEXT NOT NULL DEFAULT '',     -- a hash of what the message shows
        doubtful INTEGER NOT NULL,          -- 1 while it may have been sent already
        updated_at INTEGER NOT NULL
    ) STRICT""",
    "CREATE INDEX telegram_cards_place ON telegram_cards (chat, message)",
    "CREATE INDEX telegram_cards_old ON telegram_cards (updated_at)",
    # what was written to groups within the last minute: a restart does not empty Telegram's windows
    """CREATE TABLE telegram_written (
        chat INTEGER NOT NULL,
        at INTEGER NOT NULL,
        messages INTEGER NOT NULL
    ) STRICT""",
    # groups that became supergroups, by their ids from before
    """CREATE TABLE telegram_moves (
        chat INTEGER PRIMARY KEY,
        now INTEGER NOT NULL,
        moved_at INTEGER NOT NULL
    ) STRICT""",
    # pictures that Telegram has already: named, they need no upload
    """CREATE TABLE telegram_files (
        bot INTEGER NOT NULL,
        key TEXT NOT NULL,
        kind TEXT NOT NULL,                 -- 'photo' or 'document'
        file_id TEXT NOT NULL,
        used_at INTEGER NOT NULL,
        PRIMARY KEY (bot, key, kind)
    ) STRICT, WITHOUT ROWID""",
    # what was told to Telegram and need not be told again: the webhook's secret, the hash of each list of commands
    """CREATE TABLE telegram_notes (
        name TEXT PRIMARY KEY,
        value TEXT NOT NULL
    ) STRICT, WITHOUT ROWID""",
)


@telegram()
def first(db: Database) -> None:
    for statement in TABLES:
        db.execute(statement)


@telegram()
def dialogs(db: Database) -> None:
    """Questions asked step by step. An id is never given twice: old buttons name what is no more."""
    db.execute(
        """CREATE TABLE telegram_dialogs (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            chat INTEGER NOT NULL,
            user TEXT NOT NULL,
            name TEXT NOT NULL,
            kind TEXT NOT NULL,
            about TEXT NOT NULL,                -- the form's id, or the command's name
            dialog TEXT NOT NULL,               -- forms.Dialog as JSON
            panel INTEGER,                      -- the message with the question and its buttons
            box INTEGER,                        -- the one that opened the answer box
            last TEXT NOT NULL DEFAULT '',      -- the act that brought it where it is
            is_over INTEGER NOT NULL,
            updated_at INTEGER NOT NULL
        ) STRICT"""
    )
    db.execute("CREATE INDEX telegram_dialogs_whose ON telegram_dialogs (chat, user)")
    db.execute("CREATE INDEX telegram_dialogs_old ON telegram_dialogs (updated_at)")
