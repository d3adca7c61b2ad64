"""The tables. ``seq`` is one growing sequence over messages and all later changes."""

SCHEMA_VERSION = 4

_MESSAGES = """
CREATE TABLE sequence (value INTEGER NOT NULL);
CREATE TABLE messages (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL,
    provider TEXT NOT NULL,
    direction TEXT NOT NULL,
    sender TEXT NOT NULL,
    sender_key TEXT NOT NULL,
    recipient TEXT NOT NULL,
    recipient_key TEXT NOT NULL,
    body TEXT NOT NULL,
    status TEXT NOT NULL,
    error_code TEXT,
    segments INTEGER NOT NULL,
    encoding TEXT NOT NULL,
    code TEXT,
    claimed INTEGER NOT NULL DEFAULT 0,
    raw TEXT NOT NULL,
    created_at REAL NOT NULL,
    updated_at REAL NOT NULL
);
CREATE INDEX messages_by_recipient ON messages (recipient_key, seq);
CREATE INDEX messages_by_sender ON messages (sender_key, seq);
CREATE INDEX messages_by_account ON messages (account, seq);
CREATE TABLE moves (
    message_seq INTEGER NOT NULL REFERENCES messages (seq) ON DELETE CASCADE,
    status TEXT NOT NULL,
    at REAL NOT NULL,
    error_code TEXT
);
CREATE INDEX moves_by_message ON moves (message_seq);
CREATE TABLE due (
    message_seq INTEGER NOT NULL REFERENCES messages (seq) ON DELETE CASCADE,
    at REAL NOT NULL,
    status TEXT NOT NULL
);
CREATE INDEX due_by_time ON due (at);
CREATE INDEX due_by_message ON due (message_seq);
CREATE TABLE retention (account TEXT PRIMARY KEY, messages INTEGER NOT NULL);
"""

# Since version 2: what vendors keep, and the callbacks to the application.
_VENDORS = """
CREATE TABLE submissions (
    message_seq INTEGER PRIMARY KEY REFERENCES messages (seq) ON DELETE CASCADE,
    provider TEXT NOT NULL,
    account TEXT NOT NULL,
    vendor_id TEXT NOT NULL,
    callback_url TEXT,
    facts TEXT NOT NULL,
    UNIQUE (provider, vendor_id)
);
CREATE INDEX submissions_by_account ON submissions (provider, account, message_seq);
CREATE TABLE credentials (
    provider TEXT NOT NULL,
    name TEXT NOT NULL,
    account TEXT NOT NULL,
    salt BLOB NOT NULL,
    digest BLOB NOT NULL,
    signing_key TEXT,
    PRIMARY KEY (provider, name)
);
CREATE TABLE callbacks (
    id TEXT PRIMARY KEY,
    message_seq INTEGER NOT NULL REFERENCES messages (seq) ON DELETE CASCADE,
    attempt INTEGER NOT NULL,
    due_at REAL NOT NULL,
    origin TEXT NOT NULL,
    request TEXT NOT NULL
);
CREATE INDEX callbacks_by_time ON callbacks (due_at);
CREATE INDEX callbacks_by_message ON callbacks (message_seq);
CREATE TABLE attempts (
    id TEXT PRIMARY KEY,
    message_seq INTEGER NOT NULL REFERENCES messages (seq) ON DELETE CASCADE,
    attempt INTEGER NOT NULL,
    at REAL NOT NULL,
    milliseconds INTEGER NOT NULL,
    status INTEGER,
    answer TEXT,
    error TEXT,
    next_attempt_at REAL,
    request TEXT NOT NULL
);
CREATE INDEX attempts_by_message ON attempts (message_seq);
"""

# Since version 3: what vendors keep beside messages, and clocks, faults, handsets and settings of
# accounts. ``clock`` in a plan is the account whose own clock it obeys; '' is the sandbox's.
_ENGINE = """
CREATE TABLE records (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    provider TEXT NOT NULL,
    account TEXT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    parent TEXT NOT NULL,
    key TEXT NOT NULL,
    created_at REAL NOT NULL,
    updated_at REAL NOT NULL,
    data TEXT NOT NULL,
    UNIQUE (provider, account, kind, id)
);
CREATE INDEX records_by_kind ON records (provider, account, kind, place);
CREATE INDEX records_by_parent ON records (provider, account, kind, parent, place);
CREATE INDEX records_by_key ON records (provider, account, kind, key, place);
CREATE INDEX records_by_account ON records (account);
ALTER TABLE due ADD COLUMN clock TEXT NOT NULL DEFAULT '';
ALTER TABLE due ADD COLUMN error_code TEXT;
ALTER TABLE due ADD COLUMN until REAL;
DROP INDEX due_by_time;
CREATE INDEX due_by_time ON due (clock, at);
ALTER TABLE callbacks ADD COLUMN clock TEXT NOT NULL DEFAULT '';
ALTER TABLE callbacks ADD COLUMN held INTEGER NOT NULL DEFAULT 0;
DROP INDEX callbacks_by_time;
CREATE INDEX callbacks_by_time ON callbacks (clock, origin, due_at);
CREATE TABLE clocks (account TEXT PRIMARY KEY, moment REAL NOT NULL, ahead REAL);
CREATE TABLE faults (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    place INTEGER NOT NULL,
    rule TEXT NOT NULL,
    state TEXT NOT NULL,
    hits INTEGER NOT NULL,
    created_at REAL NOT NULL
);
CREATE TABLE handsets (
    account TEXT NOT NULL,
    number TEXT NOT NULL,
    state TEXT NOT NULL,
    opted_out TEXT NOT NULL,
    sim_swapped_at REAL,
    nickname TEXT,
    PRIMARY KEY (account, number)
);
CREATE TABLE account_settings (account TEXT PRIMARY KEY, settings TEXT NOT NULL);
INSERT INTO account_settings
    SELECT account, '{"retention": {"messages": ' || messages || '}}' FROM retention;
DROP TABLE retention;
CREATE TABLE ids (
    account TEXT NOT NULL, kind TEXT NOT NULL, given INTEGER NOT NULL, PRIMARY KEY (account, kind)
);
CREATE TABLE aliases (alias TEXT PRIMARY KEY, account TEXT NOT NULL);
"""

# Since version 3 too: what keeps reading cheap however many messages there are.
_SCALE = """
DROP TRIGGER IF EXISTS message_text_insert;
DROP TRIGGER IF EXISTS message_text_delete;
DROP TABLE IF EXISTS message_text;
ALTER TABLE messages ADD COLUMN size INTEGER NOT NULL DEFAULT 0;
UPDATE messages SET size = length(CAST(body AS BLOB)) + length(CAST(raw AS BLOB));
CREATE TABLE counts (
    account TEXT PRIMARY KEY, messages INTEGER NOT NULL, bytes INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
INSERT INTO counts SELECT account, count(*), sum(size) FROM messages GROUP BY account;
INSERT INTO counts SELECT '', count(*), coalesce(sum(size), 0) FROM messages;
CREATE TABLE text_shards (
    number INTEGER PRIMARY KEY,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    messages INTEGER NOT NULL
);
CREATE INDEX messages_by_status ON messages (status);
CREATE INDEX messages_by_provider ON messages (provider);
CREATE INDEX messages_by_direction ON messages (direction);
CREATE INDEX messages_by_code ON messages ((code IS NULL));
CREATE INDEX messages_unclaimed ON messages (recipient_key, seq) WHERE claimed = 0;
"""

SCHEMA = _MESSAGES + _VENDORS + _ENGINE + _SCALE
# Since version 4 a new shard of the text index does not keep where a word stands. Older shards are
# read as they are; what older programs ask of a shard, a new one could not answer.
UPGRADES = {1: _VENDORS, 2: _ENGINE + _SCALE, 3: ""}
"""What brings a file of an older version to the next one."""
