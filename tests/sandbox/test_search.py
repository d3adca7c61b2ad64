from collections.abc import Callable

import pytest

from sms_sandbox.errors import NoCode, UnknownMessage
from sms_sandbox.inbox import Inbox
from sms_sandbox.message import Message
from sms_sandbox.storage import Filter, words
from sms_sandbox.storage import text as text_index

Put = Callable[..., Message]


@pytest.fixture(params=["indexed", "behind", "plain"])
def inbox_both(
    request: pytest.FixtureRequest, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> Inbox:
    """All ways of searching; an SQLite without trigrams, or with some yet to come, must find the
    same."""
    if request.param == "indexed":
        monkeypatch.setattr(text_index, "BEHIND", 1)
    if request.param == "plain":
        with inbox._parts.database.write() as connection:
            text_index.give_up(connection)
    return inbox


@pytest.mark.parametrize(
    "text",
    [
        "482913",
        "8291",
        "48",
        "+9901234567",
        "9901234",
        "+990 ",
        "YOUR CODE",
        '"code is"',
        "notes",
        "code 4829",
        "+990-123-45-67",
    ],
)
def test_search_finds_parts_of_codes_numbers_and_words(
    inbox_both: Inbox, put: Put, text: str
) -> None:
    put("hello there", recipient="+12015550123", sender="Shop")
    wanted = put("Your code is 482913")
    assert [message.id for message in inbox_both.find(Filter(text=text), 10)] == [wanted.id]


@pytest.mark.parametrize(
    "text", ["%", "_", "\\", '"', "'", "*", "NEAR(", "a AND", "code OR hello", "^x", "-", "\u202e"]
)
def test_search_takes_signs_of_the_query_language_as_text(
    inbox_both: Inbox, put: Put, text: str
) -> None:
    put("hello there")
    assert inbox_both.find(Filter(text=text), 10) == []


@pytest.mark.parametrize(
    "body",
    [
        "Straße 12",
        "STRASSE 12",
        "\u212aelvin",
        "50% off_now",
        "a\\b",
        "ﬁsh",
        "\u0130stanbul",
        "it's 5-6",
        "ΣΊΣΥΦΟΣ",
        "\N{GRINNING FACE} hi",
    ],
)
def test_a_word_is_found_wherever_a_letter_may_be_written_otherwise(
    inbox: Inbox, put: Put, body: str
) -> None:
    put(body)
    parts = {body[at : at + size] for at in range(len(body)) for size in (1, 2, 3, 5)}
    tried = {turn(part) for part in parts for turn in (str, str.upper, str.lower, str.casefold)}
    with inbox._parts.database.read() as connection:
        for word in tried | {"kelvin", "strasse", "fish", "0% o", "5_6"}:
            condition, values = words.condition(word)
            row = connection.execute(f"SELECT {condition} FROM messages", values).fetchone()
            holds = word.casefold() in body.casefold() or word in "+9901234567"
            assert bool(row[0]) == holds, word


def test_a_search_for_a_nul_finds_nothing(inbox_both: Inbox, put: Put) -> None:
    put("one two")
    for text in ("one\x00two", "\x00", "one x\x00y", '"one\x00'):
        assert inbox_both.find(Filter(text=text), 10) == []


def test_search_text_beyond_the_word_limit_is_cut(inbox: Inbox) -> None:
    assert len(words.split_words("a " * 1000)) == 20


def test_pages_hold_every_message_once_while_new_ones_arrive(inbox: Inbox, put: Put) -> None:
    ids = [put(f"code {1000 + n}").id for n in range(25)]
    seen: list[str] = []
    before = None
    while True:
        page = inbox.page(Filter(before=before), 10)
        seen += [message.id for message in page.messages]
        put("a newcomer")
        if page.older is None:
            break
        before = page.older
    assert seen == ids[::-1]


def test_total_counts_the_list_and_not_the_rest_of_it(inbox: Inbox, put: Put) -> None:
    messages = [put() for _ in range(5)]
    page = inbox.page(Filter(before=messages[3].seq), 2)
    assert (page.total, len(page.messages)) == (5, 2)


def test_filters_combine(inbox: Inbox, put: Put) -> None:
    wanted = put(account="a", provider="twilio", sender="+12015550100")
    put(account="b", provider="twilio", sender="+12015550100")
    put("no digits", account="a", provider="twilio", sender="+12015550100")
    found = inbox.find(
        Filter(
            account="a",
            provider="twilio",
            sender="12015550100",
            has_code=True,
            direction="outbound",
            status="queued",
            recipient="9901234567",
        ),
        10,
    )
    assert [message.id for message in found] == [wanted.id]


def test_newest_code_ignores_later_texts_without_one(inbox: Inbox, put: Put) -> None:
    put("code 111111")
    put("code 222222")
    put("thank you")
    assert inbox.newest_code("+9901234567", None).code == "222222"
    with pytest.raises(NoCode):
        inbox.newest_code("+9901234567", "other")


def test_unknown_message_is_said(inbox: Inbox) -> None:
    for verb in (inbox.get, inbox.raw, inbox.timeline, inbox.delete):
        with pytest.raises(UnknownMessage):
            verb("msg_none")


def test_accounts_are_counted(inbox: Inbox, put: Put) -> None:
    put(account="b")
    put(account="a")
    put(account="b")
    assert [(name, number) for name, number, _ in inbox.account_summaries()] == [("a", 1), ("b", 2)]
