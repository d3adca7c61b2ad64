"""Plivo's two signatures: HMACs with the account's token over the address and a nonce.

Source: what the validators of plivo-python 4.63 and plivo-node 4.79 accept.
"""

import base64
import hmac
from collections.abc import Iterable
from urllib.parse import parse_qsl, urlsplit, urlunsplit

Pairs = Iterable[tuple[str, str]]


def sign_v2(token: str, url: str, nonce: str) -> str:
    """The V2 signature: over the address without its query."""
    return _hmac(token, _bare(url) + nonce)


def sign_v3(token: str, method: str, url: str, parameters: Pairs, nonce: str) -> str:
    """The V3 signature: over the query too, and over the ``parameters`` of a POST's form or of a
    GET's query that is not in ``url`` yet."""
    return _hmac(token, f"{signed_v3(method, url, parameters)}.{nonce}")


def signed_v3(method: str, url: str, parameters: Pairs) -> str:
    """What V3 signs before the nonce: names sorted, values as they are, nothing escaped."""
    query = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    pairs = sorted(parameters)
    if method == "GET":
        query, pairs = query + pairs, []
    sorted_query = "&".join(f"{name}={value}" for name, value in sorted(query))
    form = "".join(f"{name}{value}" for name, value in pairs)
    text = _bare(url)
    if sorted_query or form:
        text += f"?{sorted_query}"
    if sorted_query and form:
        text += "."
    return text + form


def _bare(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))


def _hmac(token: str, text: str) -> str:
    return base64.b64encode(hmac.digest(token.encode(), text.encode(), "sha256")).decode()
