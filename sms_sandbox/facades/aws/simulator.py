"""The numbers that AWS itself keeps for tests: of each pair the first receives, the second not.

Source: https://docs.aws.amazon.com/sms-voice/latest/userguide/test-phone-numbers.html.
"""

from sms_sandbox.numbers import MagicNumber

FAILURE = "Phone is currently unreachable/unavailable"

_PAIRS = (
    ("Australia", "+61455944038", "+61455944039"),
    ("Austria", "+43676800442031", "+43676800442032"),
    ("Belgium", "+32460213922", "+32460213923"),
    ("Chile", "+56229140630", "+56229140631"),
    ("Czech Republic", "+420790542286", "+420790542287"),
    ("Denmark", "+4525919410", "+4525919215"),
    ("Estonia", "+37282720792", "+37282720793"),
    ("Finland", "+3584573979110", "+3584573979111"),
    ("France", "+33755512501", "+33755512502"),
    ("Hong Kong", "+85257048426", "+85257048854"),
    ("United States", "+14254147755", "+14254147167"),
)

FAILING = frozenset(second for _, _, second in _PAIRS)
"""The numbers whose messages are never delivered."""

MAGIC = tuple(
    MagicNumber(number, "sns", means)
    for country, first, second in _PAIRS
    for number, means in (
        (first, f"AWS's simulator, {country}: delivered."),
        (second, f"AWS's simulator, {country}: not delivered."),
    )
)
"""All of them, for the table of numbers."""
