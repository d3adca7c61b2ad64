"""X-Twilio-Signature: HMAC-SHA1 over the URL and the sorted parameters.

Source: https://www.twilio.com/docs/usage/webhooks/webhooks-security, and what the validators of
twilio-python 9.13 and twilio-node 6.2 accept.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable


def sign(token: str, url: str, parameters: Iterable[tuple[str, str]] = ()) -> str:
    """The signature of a request to ``url`` (as configured, port and query included).

    Of a name that comes more than once, each different value counts once, sorted. A JSON body is
    signed through ``bodySHA256`` in the URL, so it has no parameters.
    """
    pairs = sorted(set(parameters))
    text = url + "".join(name + value for name, value in pairs)
    digest = hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()
