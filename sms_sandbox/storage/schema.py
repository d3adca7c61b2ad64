"""The tables. ``seq`` is one growing sequence over messages and all later changes."""

SCHEMA_VERSION = 2

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

SCHEMA = _MESSAGES + _VENDORS
UPGRADES = {1: _VENDORS}
"""What brings a file of an older version to the next one."""

# Trigrams find any three characters in a row, so part of a number or of a code is found too.
TEXT_INDEX = """
BEGIN;
CREATE VIRTUAL TABLE message_text USING fts5(
    body, recipient, sender, code, content='messages', content_rowid='seq', tokenize='trigram'
);
CREATE TRIGGER message_text_insert AFTER INSERT ON messages BEGIN
    INSERT INTO message_text (rowid, body, recipient, sender, code)
    VALUES (new.seq, new.body, new.recipient, new.sender, new.code);
END;
CREATE TRIGGER message_text_delete AFTER DELETE ON messages BEGIN
    INSERT INTO message_text (message_text, rowid, body, recipient, sender, code)
    VALUES ('delete', old.seq, old.body, old.recipient, old.sender, old.code);
END;
COMMIT;
"""
