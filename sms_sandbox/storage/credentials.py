"""Who may use which account: the first secret that a credential shows is its secret.

Secrets are kept as salted hashes. The one that also signs callbacks has to be kept as it is; no
answer, log or page ever shows it.
"""

import hashlib
import hmac
import secrets
import sqlite3

KEPT = 100_000
"""How many credentials are known; the one that came first goes first, as after a reset."""


def check(
    connection: sqlite3.Connection, provider: str, name: str, account: str, secret: str
) -> bool | None:
    """Whether ``name`` opens ``account`` with ``secret``; ``None`` if nobody has used it yet."""
    row = connection.execute(
        "SELECT account, salt, digest FROM credentials WHERE provider = ? AND name = ?",
        (provider, name),
    ).fetchone()
    if row is None:
        return None
    right = hmac.compare_digest(_digest(row["salt"], secret), row["digest"])
    return right and row["account"] == account


def claim(
    connection: sqlite3.Connection,
    provider: str,
    name: str,
    account: str,
    secret: str,
    *,
    signs: bool,
) -> None:
    """Make ``secret`` the secret of ``name``, unless someone was faster."""
    salt = secrets.token_bytes(16)
    connection.execute(
        "INSERT OR IGNORE INTO credentials VALUES (?, ?, ?, ?, ?, ?)",
        (provider, name, account, salt, _digest(salt, secret), secret if signs else None),
    )
    connection.execute(
        "DELETE FROM credentials WHERE rowid <= (SELECT max(rowid) FROM credentials) - ?", (KEPT,)
    )


def account_of(connection: sqlite3.Connection, provider: str, name: str) -> str | None:
    """The account that a credential opens, once it has been used."""
    row = connection.execute(
        "SELECT account FROM credentials WHERE provider = ? AND name = ?", (provider, name)
    ).fetchone()
    return None if row is None else str(row[0])


def signing_key(connection: sqlite3.Connection, provider: str, account: str) -> str | None:
    """The secret that signs an account's callbacks, once it has been shown."""
    row = connection.execute(
        "SELECT signing_key FROM credentials"
        " WHERE provider = ? AND account = ? AND signing_key IS NOT NULL",
        (provider, account),
    ).fetchone()
    return None if row is None else str(row[0])


def forget(connection: sqlite3.Connection, account: str | None) -> None:
    """Forget the secrets of one account, or all of them with ``None``."""
    if account is None:
        connection.execute("DELETE FROM credentials")
    else:
        connection.execute("DELETE FROM credentials WHERE account = ?", (account,))


def _digest(salt: bytes, secret: str) -> bytes:
    return hmac.new(salt, secret.encode(), hashlib.sha256).digest()
