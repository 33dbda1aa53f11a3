"""The core's tables. Moments are INTEGER milliseconds since the epoch; money is TEXT, a plain decimal."""

from __future__ import annotations

from .lean import Database, Migrations

core = Migrations("core")

WORK = """
CREATE TABLE work (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    key TEXT NOT NULL UNIQUE,
    part TEXT NOT NULL,
    prio INTEGER NOT NULL,
    not_before INTEGER NOT NULL,            -- while it is running: the end of time
    args TEXT NOT NULL,
    attempt INTEGER NOT NULL DEFAULT 0,
    version INTEGER NOT NULL DEFAULT 0      -- counts its puts: put again while it ran, it runs once more
) STRICT;
CREATE INDEX work_due ON work (not_before);
CREATE INDEX work_order ON work (prio, not_before, id);
"""

MARKETPLACE = """
CREATE TABLE accounts (
    name TEXT PRIMARY KEY,
    next_call_at INTEGER NOT NULL DEFAULT 0,
    polled_at INTEGER,                      -- last poll that read all it meant to
    swept_at INTEGER,                       -- last complete read of everything unrated
    spendable TEXT,
    balance_at INTEGER
) STRICT;

CREATE TABLE jobs (
    account TEXT NOT NULL,
    id TEXT NOT NULL,
    title TEXT NOT NULL,
    data TEXT NOT NULL,                     -- models.Job as JSON
    read_at INTEGER NOT NULL,
    read_done INTEGER,                      -- how much of it was done at the last complete read of its unrated work
    PRIMARY KEY (account, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE submissions (
    id INTEGER PRIMARY KEY,
    account TEXT NOT NULL,
    job_id TEXT NOT NULL,
    task_id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    worker_id TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'new' CHECK (state IN
        ('new', 'shown', 'decided', 'rated', 'elsewhere', 'lapsed', 'superseded')),
    state_note TEXT NOT NULL DEFAULT '',
    submitted_at INTEGER NOT NULL,
    deadline INTEGER,
    price TEXT,
    country TEXT NOT NULL,
    ip_address TEXT NOT NULL,
    data TEXT NOT NULL,                     -- models.Submission as JSON
    received_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,               -- last read of the marketplace that had it as unrated
    missed INTEGER NOT NULL DEFAULT 0,      -- complete reads in a row without it
    UNIQUE (account, task_id, revision)
) STRICT;
CREATE INDEX submissions_open ON submissions (account, job_id, submitted_at) WHERE state IN ('new', 'shown', 'decided');
CREATE INDEX submissions_worker ON submissions (worker_id, account);
CREATE INDEX submissions_task ON submissions (task_id);

CREATE TABLE hints (                        -- what webhooks made worth reading
    account TEXT NOT NULL,
    job_id TEXT NOT NULL,
    task_id TEXT NOT NULL,
    PRIMARY KEY (account, job_id, task_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE worker_records (
    account TEXT NOT NULL,
    worker_id TEXT NOT NULL,
    approved INTEGER NOT NULL DEFAULT 0,
    rejected INTEGER NOT NULL DEFAULT 0,
    revised INTEGER NOT NULL DEFAULT 0,
    blocked INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (account, worker_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE prints (                       -- fingerprints, for exact copies
    kind TEXT NOT NULL,                     -- text | picture | ip
    print TEXT NOT NULL,
    submission INTEGER NOT NULL REFERENCES submissions (id),
    PRIMARY KEY (kind, print, submission)
) STRICT, WITHOUT ROWID;
CREATE INDEX prints_submission ON prints (submission);

CREATE TABLE flags (
    submission INTEGER NOT NULL REFERENCES submissions (id),
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (submission, kind, text)
) STRICT, WITHOUT ROWID;

CREATE TABLE pictures (
    url TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('loading', 'ready', 'refused')),
    sha256 TEXT,
    media_type TEXT,
    width INTEGER,
    height INTEGER,
    bytes INTEGER,
    note TEXT NOT NULL DEFAULT '',
    attempts INTEGER NOT NULL DEFAULT 0,
    fetched_at INTEGER,
    used_at INTEGER
) STRICT;
CREATE INDEX pictures_sha256 ON pictures (sha256);

CREATE TABLE submission_pictures (
    submission INTEGER NOT NULL REFERENCES submissions (id),
    url TEXT NOT NULL,
    PRIMARY KEY (submission, url)
) STRICT, WITHOUT ROWID;
CREATE INDEX submission_pictures_url ON submission_pictures (url);
"""

MONEY = """
CREATE TABLE decisions (
    id INTEGER PRIMARY KEY,
    submission INTEGER NOT NULL REFERENCES submissions (id),
    verdict TEXT NOT NULL CHECK (verdict IN ('approve', 'revise', 'reject')),
    satisfaction TEXT,
    comment TEXT NOT NULL DEFAULT '',
    bonus TEXT NOT NULL DEFAULT '0',
    person TEXT NOT NULL,
    via TEXT NOT NULL,                      -- the adapter it was made in
    decided_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,                -- until then it can be undone
    state TEXT NOT NULL CHECK (state IN
        ('held', 'undone', 'overtaken', 'due', 'sending', 'confirmed', 'refused', 'in doubt')),
    sent_at INTEGER,
    settled_at INTEGER,
    message TEXT NOT NULL DEFAULT '',       -- the marketplace's words, or ours
    unverified TEXT NOT NULL DEFAULT '',
    tries INTEGER NOT NULL DEFAULT 0,       -- sends that ended in doubt
    batch INTEGER NOT NULL DEFAULT 0,       -- how many left together, last time
    reads INTEGER NOT NULL DEFAULT 0,       -- complete reads in this doubt that did not settle it
    said_no INTEGER NOT NULL DEFAULT 0,     -- the marketplace refused it; asked what happened before that counts
    asks TEXT                               -- why it waits for a person, where it does
) STRICT;
CREATE UNIQUE INDEX one_decision ON decisions (submission) WHERE state NOT IN ('undone', 'refused');
CREATE INDEX decisions_open ON decisions (state, due_at) WHERE state IN ('held', 'due', 'sending', 'in doubt');
CREATE INDEX decisions_person ON decisions (person, decided_at);
CREATE INDEX decisions_submission ON decisions (submission);

CREATE TABLE operations (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    account TEXT NOT NULL,
    args TEXT NOT NULL,
    summary TEXT NOT NULL,                  -- what it will do, in a sentence
    cost TEXT NOT NULL DEFAULT '0',
    person TEXT NOT NULL,
    via TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN
        ('quoted', 'cancelled', 'confirmed', 'sending', 'done', 'refused', 'in doubt')),
    created_at INTEGER NOT NULL,
    confirmed_by TEXT,
    confirmed_at INTEGER,
    sent_at INTEGER,
    settled_at INTEGER,
    tries INTEGER NOT NULL DEFAULT 0,
    message TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX operations_open ON operations (state) WHERE state IN ('confirmed', 'sending', 'in doubt');

CREATE TABLE spending (                     -- what counts toward the day's limit
    ref TEXT PRIMARY KEY,                   -- decision:7 | operation:3
    day TEXT NOT NULL,                      -- the date in the bot's time zone
    amount TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX spending_day ON spending (day);
"""

MESSENGERS = """
CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY,
    channel TEXT NOT NULL,
    adapter TEXT NOT NULL,
    subject TEXT NOT NULL,                  -- submission:31 | operation:3
    state TEXT NOT NULL CHECK (state IN ('due', 'sending', 'sent', 'edit due', 'editing', 'in doubt', 'gone')),
    ref TEXT,                               -- ui.MessageRef as JSON, once sent
    wanted INTEGER NOT NULL DEFAULT 1,      -- counts the changes of what it is about
    shown INTEGER NOT NULL DEFAULT 0,       -- the change that was drawn last
    created_at INTEGER NOT NULL,
    sent_at INTEGER,
    note TEXT NOT NULL DEFAULT '',
    UNIQUE (channel, subject)
) STRICT;
CREATE INDEX deliveries_subject ON deliveries (subject);
CREATE INDEX deliveries_open ON deliveries (state) WHERE state NOT IN ('sent', 'gone');

CREATE TABLE people (
    name TEXT PRIMARY KEY,
    role TEXT NOT NULL,
    added_by TEXT NOT NULL,
    added_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE identities (
    adapter TEXT NOT NULL,
    user_id TEXT NOT NULL,
    person TEXT NOT NULL REFERENCES people (name) ON DELETE CASCADE,
    PRIMARY KEY (adapter, user_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (                        -- who did what, when
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    person TEXT NOT NULL,
    via TEXT NOT NULL,
    act TEXT NOT NULL,
    subject TEXT NOT NULL DEFAULT '',
    detail TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE cache (                        -- catalogues and the like, with their age
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
"""


QUEUES = """
CREATE TABLE queues (
    id INTEGER PRIMARY KEY,
    channel TEXT NOT NULL,                  -- '' for one person's own
    person TEXT NOT NULL,                   -- '' for a channel's
    accounts TEXT,                          -- whose submissions, as JSON; NULL: everybody's
    submission INTEGER REFERENCES submissions (id),  -- in hand
    held_until INTEGER NOT NULL DEFAULT 0,  -- so long a person's claim on it holds
    opened_at INTEGER NOT NULL,
    moved_at INTEGER NOT NULL,              -- when it last went on to another submission
    closed_at INTEGER
) STRICT;
CREATE UNIQUE INDEX queues_open ON queues (channel, person) WHERE closed_at IS NULL;
CREATE INDEX queues_submission ON queues (submission) WHERE closed_at IS NULL;
CREATE UNIQUE INDEX one_claim ON queues (submission) WHERE closed_at IS NULL AND person != '';

CREATE TABLE queue_skips (                  -- put behind all others, in the order of `at`
    queue INTEGER NOT NULL REFERENCES queues (id),
    submission INTEGER NOT NULL REFERENCES submissions (id),
    at INTEGER NOT NULL,
    PRIMARY KEY (queue, submission)
) STRICT, WITHOUT ROWID;

CREATE INDEX submissions_waiting
    ON submissions (ifnull(deadline, 9223372036854775807), id, account, submitted_at) WHERE state IN ('new', 'shown');
"""

BULKS = """
CREATE TABLE bulks (                        -- all that waited of a job, decided at once
    id INTEGER PRIMARY KEY,
    account TEXT NOT NULL,
    job_id TEXT NOT NULL,
    verdict TEXT NOT NULL CHECK (verdict IN ('approve', 'reject')),
    satisfaction TEXT,
    comment TEXT NOT NULL,
    worker TEXT NOT NULL,                   -- '' for all workers
    without_flags INTEGER NOT NULL,
    person TEXT NOT NULL,
    via TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('quoted', 'second', 'confirmed', 'done', 'cancelled')),
    count INTEGER NOT NULL DEFAULT 0,
    money TEXT NOT NULL DEFAULT '0',        -- the sum of the prices that are known
    unpriced INTEGER NOT NULL DEFAULT 0,    -- how many have none
    left_out TEXT NOT NULL DEFAULT '',      -- what of the job it is not about, in words
    typed_by TEXT NOT NULL DEFAULT '',      -- who typed the number when they asked
    brake TEXT NOT NULL DEFAULT '',         -- why it takes a second person
    first_by TEXT NOT NULL DEFAULT '',
    confirmed_by TEXT NOT NULL DEFAULT '',  -- or cancelled it
    confirmed_via TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL,
    confirmed_at INTEGER,
    hold_ms INTEGER NOT NULL DEFAULT 0,
    due_at INTEGER NOT NULL DEFAULT 0,      -- until then all of it can be undone
    told TEXT NOT NULL DEFAULT ''           -- the results that its card was last drawn for
) STRICT;

CREATE TABLE bulk_items (
    bulk INTEGER NOT NULL REFERENCES bulks (id),
    submission INTEGER NOT NULL REFERENCES submissions (id),
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'decided', 'late', 'stopped')),
    note TEXT NOT NULL DEFAULT '',          -- why it was not decided
    decision INTEGER REFERENCES decisions (id),
    PRIMARY KEY (bulk, submission)
) STRICT, WITHOUT ROWID;
CREATE INDEX bulk_items_state ON bulk_items (bulk, state);

CREATE INDEX submissions_closed ON submissions (account, job_id, state)
    WHERE state IN ('rated', 'elsewhere', 'lapsed', 'superseded');
CREATE INDEX decisions_rejected ON decisions (decided_at) WHERE verdict = 'reject';
"""

RULES = """
CREATE TABLE rule_findings (
    submission INTEGER NOT NULL REFERENCES submissions (id),
    rule TEXT NOT NULL,
    outcome TEXT NOT NULL,                  -- rules.findings.Outcome
    at INTEGER NOT NULL,
    PRIMARY KEY (submission, rule)
) STRICT, WITHOUT ROWID;
CREATE INDEX rule_findings_rule ON rule_findings (rule, at);

CREATE TABLE rule_days (                    -- what counts toward a rule's limits
    rule TEXT NOT NULL,
    day TEXT NOT NULL,                      -- the date in the bot's time zone
    approvals INTEGER NOT NULL,
    dollars TEXT NOT NULL,
    PRIMARY KEY (rule, day)
) STRICT, WITHOUT ROWID;
"""


AT_SCALE = """
DROP INDEX work_order;
CREATE INDEX work_lanes ON work (kind, part, prio, not_before);

-- what the marketplace said waits, when a read last agreed with it
ALTER TABLE jobs ADD COLUMN read_count INTEGER;
-- how many more it counts than there are to be read
ALTER TABLE jobs ADD COLUMN drift INTEGER NOT NULL DEFAULT 0;
-- how many of its count the last complete read did not show, when that was, and how many in a row came to the same
ALTER TABLE jobs ADD COLUMN short INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN whole_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN agreed INTEGER NOT NULL DEFAULT 0;
-- ratings of ours that were confirmed, and how many those were at the poll before
ALTER TABLE jobs ADD COLUMN rated INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN rated_then INTEGER NOT NULL DEFAULT 0;

-- what the last look in this doubt came to
ALTER TABLE decisions ADD COLUMN read_as TEXT;
"""

LIKENESS = """
ALTER TABLE flags ADD COLUMN other INTEGER REFERENCES submissions (id);
ALTER TABLE submission_pictures ADD COLUMN compared INTEGER NOT NULL DEFAULT 0;

CREATE TABLE text_bands (                   -- likeness.text_bands
    band INTEGER NOT NULL,
    submission INTEGER NOT NULL,
    PRIMARY KEY (band, submission)
) STRICT, WITHOUT ROWID;

CREATE TABLE looks (                        -- likeness.Look, of each picture by its content
    id INTEGER PRIMARY KEY,
    sha256 TEXT NOT NULL UNIQUE,
    hash BLOB,                              -- NULL: cannot be compared
    thumb BLOB,
    note TEXT NOT NULL DEFAULT ''           -- why not
) STRICT;

CREATE TABLE look_bands (                   -- likeness.picture_bands
    band INTEGER NOT NULL,
    look INTEGER NOT NULL,
    PRIMARY KEY (band, look)
) STRICT, WITHOUT ROWID;

CREATE TABLE tallies (                      -- submissions of a job by country, in spans of habits.SPAN_MS
    account TEXT NOT NULL,
    job_id TEXT NOT NULL,
    span INTEGER NOT NULL,
    country TEXT NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (account, job_id, span, country)
) STRICT, WITHOUT ROWID;
"""


OPERATION_DETAILS = """
ALTER TABLE operations ADD COLUMN estimate INTEGER NOT NULL DEFAULT 0;
ALTER TABLE operations ADD COLUMN repeatable INTEGER NOT NULL DEFAULT 0;
-- what it changes (job:J1): operations about one thing never overlap
ALTER TABLE operations ADD COLUMN about TEXT NOT NULL DEFAULT '';
ALTER TABLE operations ADD COLUMN facts TEXT NOT NULL DEFAULT '[]';
-- how things stood afterwards, in a sentence
ALTER TABLE operations ADD COLUMN found TEXT;
ALTER TABLE operations ADD COLUMN found_at INTEGER;
UPDATE operations SET repeatable = 1 WHERE kind IN ('block', 'unblock', 'add to list');
"""

MEMORIES = """
CREATE TABLE memories (                     -- what a provider must not forget
    account TEXT NOT NULL,
    key TEXT NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (account, key)
) STRICT, WITHOUT ROWID;
"""

BLOCKING = """
ALTER TABLE decisions ADD COLUMN block INTEGER NOT NULL DEFAULT 0;
"""

GUESTS = """
CREATE TABLE guests (
    adapter TEXT NOT NULL,
    user_id TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (adapter, user_id)
) STRICT, WITHOUT ROWID;
"""

MEMORIES_AT = """
ALTER TABLE memories ADD COLUMN at INTEGER NOT NULL DEFAULT 0;
UPDATE memories SET at = 1000 * CAST(strftime('%s', 'now') AS INTEGER);
"""

SENT_BEFORE = """
-- an earlier send may have arrived
ALTER TABLE operations ADD COLUMN sent_before INTEGER NOT NULL DEFAULT 0;
UPDATE operations SET sent_before = 1 WHERE tries > 0;
"""

HINTS_TRIED = """
-- looked for together with others: what is left is followed by itself
ALTER TABLE hints ADD COLUMN tried INTEGER NOT NULL DEFAULT 0;
"""

BULK_OF_DECISION = """
CREATE INDEX bulk_items_decision ON bulk_items (decision) WHERE decision IS NOT NULL;
"""


POSTING = """
CREATE TABLE drafts (                       -- jobs that are being written
    id INTEGER PRIMARY KEY,
    account TEXT NOT NULL,
    answers TEXT NOT NULL,                  -- by field, as they are typed, as JSON
    preview TEXT NOT NULL,                  -- posting.preview.Preview as JSON: what its card shows
    version INTEGER NOT NULL DEFAULT 1,     -- counts the changes
    turns INTEGER NOT NULL DEFAULT 0,       -- and how often somebody else made them
    state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'posted', 'discarded')),
    person TEXT NOT NULL,
    via TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    changed_at INTEGER NOT NULL,
    operation INTEGER REFERENCES operations (id),  -- the last that would post it
    job_id TEXT NOT NULL DEFAULT ''         -- once it is posted
) STRICT;
CREATE INDEX drafts_open ON drafts (changed_at) WHERE state = 'open';
CREATE INDEX drafts_job ON drafts (account, job_id) WHERE job_id != '';
CREATE INDEX drafts_operation ON drafts (operation) WHERE operation IS NOT NULL;

CREATE TABLE templates (
    name TEXT PRIMARY KEY,
    provider TEXT NOT NULL,                 -- whose fields it has
    answers TEXT NOT NULL,
    person TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE job_names (                    -- how buttons and cards name a job
    id INTEGER PRIMARY KEY,
    account TEXT NOT NULL,
    job_id TEXT NOT NULL,
    UNIQUE (account, job_id)
) STRICT;

-- who confirmed what takes two people
ALTER TABLE operations ADD COLUMN first_by TEXT NOT NULL DEFAULT '';
-- the id of the job that it made
ALTER TABLE operations ADD COLUMN made TEXT NOT NULL DEFAULT '';
-- complete looks for it, in this doubt
ALTER TABLE operations ADD COLUMN looks INTEGER NOT NULL DEFAULT 0;
-- jobs that may be it, as JSON, for a person to say which
ALTER TABLE operations ADD COLUMN likely TEXT NOT NULL DEFAULT '[]';
CREATE INDEX operations_made ON operations (account, made) WHERE made != '';
CREATE INDEX operations_about ON operations (about) WHERE state IN ('confirmed', 'sending', 'in doubt') AND about != '';

-- for which job, as spending.job_key names it
ALTER TABLE spending ADD COLUMN job TEXT NOT NULL DEFAULT '';
CREATE INDEX spending_job ON spending (job) WHERE job != '';
"""

NOTICES = """
CREATE TABLE notices (                      -- what happened, each once
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    event TEXT NOT NULL,                    -- notices.kinds.Event
    level TEXT NOT NULL,
    account TEXT NOT NULL,                  -- '' where it is about none
    job_id TEXT NOT NULL,
    data TEXT NOT NULL,                     -- its numbers and names, as JSON
    at INTEGER NOT NULL,
    routed INTEGER NOT NULL DEFAULT 0       -- 1: every channel that hears of it has it
) STRICT;
CREATE INDEX notices_new ON notices (id) WHERE routed = 0;
CREATE INDEX notices_event ON notices (event, at);

CREATE TABLE bulletins (                    -- one message to one channel: its deliveries are of notice:ID
    id INTEGER PRIMARY KEY,
    channel TEXT NOT NULL,
    alike TEXT NOT NULL,                    -- what is alike joins it until it is sent
    event TEXT NOT NULL,
    level TEXT NOT NULL,
    accounts TEXT,                          -- the channel's, as JSON; NULL: all
    jobs TEXT,
    zone TEXT NOT NULL,                     -- where its times are told
    due_at INTEGER NOT NULL,
    opened_at INTEGER NOT NULL
) STRICT;
CREATE INDEX bulletins_alike ON bulletins (channel, alike, id);

CREATE TABLE bulletin_items (
    bulletin INTEGER NOT NULL REFERENCES bulletins (id),
    notice INTEGER NOT NULL REFERENCES notices (id),
    PRIMARY KEY (bulletin, notice)
) STRICT, WITHOUT ROWID;
CREATE INDEX bulletin_items_notice ON bulletin_items (notice);

CREATE TABLE conditions (                   -- what is wrong just now
    name TEXT PRIMARY KEY,                  -- account main | channel team | balance main
    why TEXT NOT NULL,
    since INTEGER NOT NULL,
    told INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE subscriptions (                -- what was said in a chat of what a channel hears
    channel TEXT NOT NULL,
    event TEXT NOT NULL,                    -- '*' for all
    muted INTEGER NOT NULL,                 -- 0: heard, whatever the settings say
    until INTEGER,                          -- NULL: until somebody says otherwise
    person TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (channel, event)
) STRICT, WITHOUT ROWID;

-- when all jobs of it were looked at first
ALTER TABLE accounts ADD COLUMN watched_at INTEGER;
-- of the reminders before its deadline, the last that went, in seconds before it
ALTER TABLE submissions ADD COLUMN reminded INTEGER;
CREATE INDEX submissions_received ON submissions (received_at, account, job_id);
CREATE INDEX decisions_settled ON decisions (settled_at) WHERE state = 'confirmed';
"""


BULKS_FLAGGED = """
ALTER TABLE bulks ADD COLUMN flagged INTEGER NOT NULL DEFAULT 0
"""  # how many were, when somebody last looked


def run_statements(db: Database, script: str) -> None:
    """Runs a script statement by statement (`executescript` would commit the migration's transaction)."""
    for statement in script.split(";\n"):
        if statement.strip():
            db.execute(statement)


@core()
def first(db: Database) -> None:
    for script in (WORK, MARKETPLACE, MONEY, MESSENGERS):
        run_statements(db, script)


@core()
def queues(db: Database) -> None:
    run_statements(db, QUEUES)


@core()
def bulks(db: Database) -> None:
    run_statements(db, BULKS)


@core()
def rules(db: Database) -> None:
    run_statements(db, RULES)


@core()
def at_scale(db: Database) -> None:
    run_statements(db, AT_SCALE)


@core()
def likeness(db: Database) -> None:
    run_statements(db, LIKENESS)


@core()
def operation_details(db: Database) -> None:
    run_statements(db, OPERATION_DETAILS)


@core()
def memories(db: Database) -> None:
    run_statements(db, MEMORIES)


@core()
def blocking(db: Database) -> None:
    run_statements(db, BLOCKING)


@core()
def guests(db: Database) -> None:
    run_statements(db, GUESTS)


@core()
def bulk_of_decision(db: Database) -> None:
    run_statements(db, BULK_OF_DECISION)


@core()
def hints_tried(db: Database) -> None:
    run_statements(db, HINTS_TRIED)


@core()
def sent_before(db: Database) -> None:
    run_statements(db, SENT_BEFORE)


@core()
def memories_at(db: Database) -> None:
    run_statements(db, MEMORIES_AT)


@core()
def posting(db: Database) -> None:
    run_statements(db, POSTING)


@core()
def notices(db: Database) -> None:
    run_statements(db, NOTICES)


@core()
def bulks_flagged(db: Database) -> None:
    run_statements(db, BULKS_FLAGGED)
