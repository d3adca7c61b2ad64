"""Sends through Amazon SNS with AWS's own SDK, over connections of ours."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Self
from urllib.parse import urlsplit

import boto3
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoRegionError
from botocore.httpsession import get_cert_path
from botocore.parsers import ResponseParserError
from botocore.utils import get_environ_proxies
from urllib3.exceptions import HTTPError

from flask_phoneauth.errors import AccountRefused, NumberRefused, SendFailed, SendUncertain
from flask_phoneauth.providers import refusing
from flask_phoneauth.providers.base import question, way_of
from flask_phoneauth.providers.wire import (
    READ_TIMEOUT,
    VENDOR_CONNECT_TIMEOUT,
    failure,
    open_pool,
    read_body,
)
from flask_phoneauth.records import Accepted, Outbound
from flask_phoneauth.settings import SettingError, Settings

# https://docs.aws.amazon.com/sns/latest/api/API_Publish.html and .../CommonErrors.html
_BY_CODE: Mapping[str, refusing.Meaning] = {
    "AccessDenied": refusing.NOT_ALLOWED,
    "AuthorizationError": refusing.NOT_ALLOWED,
    "ExpiredToken": refusing.CREDENTIALS,
    "IncompleteSignature": refusing.CREDENTIALS,
    "InvalidClientTokenId": refusing.CREDENTIALS,
    "MissingAuthenticationToken": refusing.CREDENTIALS,
    "RequestExpired": refusing.CREDENTIALS,
    "SignatureDoesNotMatch": refusing.CREDENTIALS,
    "OptedOut": refusing.NUMBER,
    "RequestLimitExceeded": refusing.THROTTLED,
    "Throttled": refusing.THROTTLED,
    "Throttling": refusing.THROTTLED,
    "ThrottlingException": refusing.THROTTLED,
}
_BY_STATUS: Mapping[int, refusing.Meaning] = {
    401: refusing.CREDENTIALS,
    403: refusing.CREDENTIALS,
    408: refusing.THROTTLED,
    429: refusing.THROTTLED,
}

_AN_ERROR = re.compile(rb"\s*(<\?xml[^>]*>)?\s*<ErrorResponse\b")
_OTHER_XML = (AttributeError, LookupError, TypeError, ValueError)
"""What the SDK raises for XML that is not its own."""
_A_CODE = re.compile(r"[A-Za-z]{1,64}")
_OF_A_PARAMETER = ("InvalidParameter", "InvalidParameterValue", "ParameterValueInvalid")

_SANDBOX_REGION = "us-east-1"
_SANDBOX_KEY = "sandbox"


class SnsProvider:
    """Publishes one text a send; safe for many threads and across a fork.

    SNS reports what became of a message in its own log only: there are no receipts.
    """

    name: str = "sns"
    receipts: None = None

    def __init__(
        self,
        *,
        region: str = "",
        access_key_id: str = "",
        secret_access_key: str = "",
        sender_id: str = "",
        origination_number: str = "",
        base_url: str = "",
        connections: int = 4,
        read_timeout: float = READ_TIMEOUT,
    ) -> None:
        """Without region or key boto3 looks for them; `base_url` leads to a sandbox's façade."""
        self._connections, self._read_timeout = connections, read_timeout
        self._base_url = base_url
        self._attributes = _attributes(sender_id, origination_number)
        self._client = boto3.session.Session().client(
            "sns",
            region_name=region or None,
            aws_access_key_id=access_key_id or None,
            aws_secret_access_key=secret_access_key or None,
            endpoint_url=base_url or None,
            config=Config(retries={"total_max_attempts": 1, "mode": "standard"}),
        )
        self._client.meta.events.register("before-send.sns", self._carry)
        for loud in ("botocore.endpoint", "botocore.parsers"):
            # at DEBUG they write what is sent and what comes back: number and code
            logging.getLogger(loud).setLevel(logging.INFO)
        self._open()

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Build it from the `SNS_...` settings, all of them optional with `SANDBOX_URL`."""
        region, key = (_SANDBOX_REGION, _SANDBOX_KEY) if settings.sandbox_url else ("", "")
        try:
            return cls(
                region=settings.sns_region or region,
                access_key_id=settings.sns_access_key_id or key,
                secret_access_key=settings.sns_secret_access_key or key,
                sender_id=settings.sns_sender_id,
                origination_number=settings.sns_origination_number,
                **way_of(settings, "aws"),
            )
        except NoRegionError:
            fault = "is missing, which the provider 'sns' needs: name a region, as 'eu-west-1'"
            raise SettingError(f"PHONEAUTH_SNS_REGION {fault}") from None
        except BotoCoreError as error:  # a profile that is not there, a file that cannot be read
            raise SettingError(
                f"The provider 'sns' finds AWS's own configuration in disorder "
                f"({type(error).__name__}): mend what AWS_PROFILE and ~/.aws say, or set "
                "PHONEAUTH_SNS_REGION, PHONEAUTH_SNS_ACCESS_KEY_ID and "
                "PHONEAUTH_SNS_SECRET_ACCESS_KEY"
            ) from None

    def send(self, outbound: Outbound) -> Accepted:
        """Publish the text; raises the `SendFailed` tree, the reason a short machine word."""
        answer = self._call(
            lambda client: client.publish(
                PhoneNumber=outbound.to, Message=outbound.body, MessageAttributes=self._attributes
            )
        )
        message_id = answer.get("MessageId")
        if not isinstance(message_id, str) or not message_id:
            raise SendUncertain("unreadable_answer")
        return Accepted(self.name, message_id)

    def check(self) -> None:
        """Ask for one SMS attribute; raises `AccountRefused` or `ProviderDown`.

        An account that may publish and nothing else passes: AWS has recognized its key.
        """
        try:
            with question():
                self._call(lambda client: client.get_sms_attributes(attributes=["DefaultSMSType"]))
        except AccountRefused as failed:
            if failed.reason != "not_allowed":
                raise

    def close(self) -> None:
        """Close the kept connections; a later `send` opens new ones."""
        self._pool.clear()

    def _call(self, call: Callable[[Any], Mapping[str, Any]]) -> Mapping[str, Any]:
        if self._owner != os.getpid():
            self._open()  # two processes must not talk over one connection
        try:
            return call(self._client)
        except ClientError as refused:
            failed = _refused(refused.response)
        except (ResponseParserError, *_OTHER_XML):
            failed = SendUncertain("unreadable_answer")
        except BotoCoreError:  # nothing to sign with: the SDK has sent nothing
            failed = AccountRefused("credentials_missing")
        raise failed  # outside of the handlers: their errors repeat what was sent

    def _open(self) -> None:
        self._owner = os.getpid()
        url = self._client.meta.endpoint_url
        proxies = {} if self._base_url else get_environ_proxies(url)
        self._pool = open_pool(
            connections=self._connections,
            connect_timeout=VENDOR_CONNECT_TIMEOUT,
            read_timeout=self._read_timeout,
            proxy=proxies.get(urlsplit(url).scheme, ""),
            ca_certs=os.environ.get("AWS_CA_BUNDLE") or get_cert_path(True),
        )

    def _carry(self, request: Any, **_: Any) -> AWSResponse:
        """What the SDK calls in place of its own connections: sends once, within seconds."""
        try:
            response = self._pool.request(
                request.method,
                request.url,
                body=request.body,
                headers=dict(request.headers),
                redirect=False,
                preload_content=False,
                decode_content=False,
            )
        except HTTPError as exc:
            raise failure(exc) from None
        try:
            answer = read_body(response, self._read_timeout, decode=True)
        finally:
            response.close()
        if response.status >= 300 and not _AN_ERROR.match(answer or b""):
            raise _meaning("", response.status)  # the SDK would not tell the status
        return AWSResponse(request.url, response.status, response.headers, _Body(answer or b""))


class _Body:
    """The bytes of an answer, as the SDK reads them."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_: Any) -> Iterator[bytes]:
        """All of it at once."""
        yield self._content


def _attributes(sender_id: str, origination_number: str) -> Mapping[str, Mapping[str, str]]:
    """What a message carries beside its text; a code is never promotion."""
    values = {
        "AWS.SNS.SMS.SMSType": "Transactional",
        "AWS.SNS.SMS.SenderID": sender_id,
        "AWS.MM.SMS.OriginationNumber": origination_number,
    }
    return {
        name: {"DataType": "String", "StringValue": value}
        for name, value in values.items()
        if value
    }


def _refused(answer: Mapping[str, Any]) -> SendFailed:
    """AWS's own code goes to the log; its sentence may hold the number, so it does not."""
    error = answer.get("Error", {})
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    code = str(error.get("Code", ""))
    if code in _OF_A_PARAMETER and "PhoneNumber" in str(error.get("Message", "")):
        return NumberRefused("number_refused", f"status {status}, error code {code}")
    return _meaning(code, status)


def _meaning(code: str, status: int) -> SendFailed:
    shown = code if _A_CODE.fullmatch(code) else refusing.NO_CODE
    meaning = _BY_CODE.get(code) or refusing.by_status(status, _BY_STATUS)
    return refusing.refusal("provider sns", meaning, status, shown)
