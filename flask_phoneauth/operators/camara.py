"""Operators who answer as CAMARA has it, and Vonage, who lets applications in in its own way.

Sources: CAMARA NumberVerification 2.1.0 and SimSwap 2.1.0, OpenID Connect, RFC 7523; for Vonage
https://developer.vonage.com/en/getting-started-network and its SDKs.
"""

from __future__ import annotations

import base64
import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import quote, urlencode

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from flask_phoneauth.operators.asking import Asking
from flask_phoneauth.operators.base import Unsure
from flask_phoneauth.settings import SettingError, Settings

JWT_LIFE = 300
"""Seconds for which what we sign is good."""
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_CIBA = "urn:openid:params:grant-type:ciba"
_SANDBOX_ID = "00000000-0000-4000-8000-000000000001"
_VONAGE = "https://api-eu.vonage.com"
_PURPOSE = "dpv:FraudPreventionAndDetection"
_VERIFY, _SIM = "number-verification:verify", "sim-swap:check"
_VONAGE_VERIFY = f"{_PURPOSE}#number-verification-verify-read"
_VONAGE_SIM = f"{_PURPOSE}#check-sim-swap"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """Where an operator's services are; `api` is what CAMARA's paths follow.

    `console` is a sandbox's control API, which is told the redirect URI; "" for an operator.
    """

    authorize: str
    token: str
    backchannel: str
    api: str
    console: str = ""
    password: str = field(default="", repr=False)


class CamaraOperator:
    """Any operator by OpenID Connect and CAMARA; signs itself in by `private_key_jwt`."""

    _numbers = "number-verification/v2/verify"
    _sims = "sim-swap/v2/check"
    _verify_scope = f"openid {_PURPOSE} {_VERIFY}"
    _sim_scope = f"openid {_PURPOSE} {_SIM}"
    # CAMARA refuses a number that the token speaks for already; Vonage wants it
    _names_number = False
    # network enablement takes no challenge
    _compares_proof = True

    def __init__(
        self,
        endpoints: Endpoints,
        application_id: str,
        private_key: str = "",
        *,
        asking: Asking | None = None,
    ) -> None:
        """`private_key` is PEM; without one (for a sandbox) a key is made at the first use."""
        self._at = endpoints
        self._application = application_id
        self._key = _read_key(private_key) if private_key else None
        self._lock = threading.Lock()
        self._asking = asking or Asking()

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Build it from `OPERATOR_*`, or from `SANDBOX_URL`; raises `SettingError`."""
        for name in () if settings.sandbox_url else _NEEDED:
            if not getattr(settings, name):
                raise SettingError(
                    f"PHONEAUTH_{name.upper()} is missing, which the operator "
                    f"{settings.operator!r} needs"
                )
        application = settings.operator_application_id or _SANDBOX_ID
        return cls(cls._endpoints(settings), application, settings.operator_private_key)

    @classmethod
    def _endpoints(cls, settings: Settings) -> Endpoints:
        if settings.sandbox_url:  # whatever else is set: nobody but the sandbox is to be asked
            root = settings.sandbox_url.rstrip("/")
            console = {"console": f"{root}/api/v1", "password": settings.sandbox_password}
            return Endpoints(**_below(f"{root}/vonage"), **console)
        base = (settings.operator_url or cls._default_url()).rstrip("/")
        given = {
            name: address
            for name in ("authorize", "token", "backchannel", "api")
            if (address := getattr(settings, f"operator_{name}_url"))
        }
        if not base and len(given) < len(_below("")):
            raise SettingError(
                "PHONEAUTH_OPERATOR_URL is missing, which the operator 'camara' needs: the address "
                "that its paths follow, as 'https://api.example.com'"
            )
        return Endpoints(**{**_below(base), **given})

    @staticmethod
    def _default_url() -> str:
        return ""

    def begin(self, phone: str, state: str, redirect_uri: str, *, proof: str = "") -> str:
        """The operator's authorization endpoint, which is asked without a prompt."""
        self._announce(redirect_uri)
        asked = {
            "client_id": self._application,
            "redirect_uri": redirect_uri,
            "response_type": "code",
            "scope": self._verify_scope,
            "state": state,
            "prompt": "none",
            "login_hint": f"tel:{phone}",
        }
        if proof:  # CAMARA's security profile: a stolen code is good for nobody else
            asked |= {"code_challenge": proof, "code_challenge_method": "S256"}
        return f"{self._at.authorize}?{urlencode(asked)}"

    def verify(self, phone: str, code: str, redirect_uri: str, *, verifier: str = "") -> bool:
        """Exchange the code, then ask; raises `Unsure`."""
        brought = {"code": code, "redirect_uri": redirect_uri}
        if verifier and self._compares_proof:
            brought["code_verifier"] = verifier
        token = self._token({"grant_type": "authorization_code", **brought})
        url = f"{self._at.api}/{self._numbers}"
        answer = self._asking.json(url, {"phoneNumber": phone}, token=token)
        return _truth(answer, "devicePhoneNumberVerified")

    def sim_changed(self, phone: str, hours: int) -> bool:
        """Get a token for the number, then ask; raises `Unsure`."""
        asked = {"login_hint": f"tel:{phone}", "scope": self._sim_scope}
        began = self._signed(self._at.backchannel, asked)
        request_id = _text(began, "auth_req_id")
        token = self._token({"grant_type": _CIBA, "auth_req_id": request_id})
        url = f"{self._at.api}/{self._sims}"
        named = {"phoneNumber": phone} if self._names_number else {}
        answer = self._asking.json(url, {**named, "maxAge": hours}, token=token)
        return _truth(answer, "swapped")

    def close(self) -> None:
        """Let connections go."""
        self._asking.close()

    def _token(self, values: dict[str, str]) -> str:
        return _text(self._signed(self._at.token, values), "access_token")

    def _signed(self, url: str, values: dict[str, str]) -> dict[str, Any]:
        """Ask by a form, and show who asks."""
        claims = {"iss": self._application, "sub": self._application, "aud": self._at.token}
        assertion = {
            "client_assertion_type": _ASSERTION,
            "client_assertion": self._jwt(claims),
        }
        return self._asking.form(url, {**values, **assertion})

    def _jwt(self, claims: dict[str, Any]) -> str:
        now = int(time.time())
        times = {"iat": now, "exp": now + JWT_LIFE, "jti": str(uuid.uuid4())}
        return jwt.encode({**claims, **times}, self._private_key(), algorithm="RS256")

    def _private_key(self) -> RSAPrivateKey:
        with self._lock:
            if self._key is None:
                self._key = rsa.generate_private_key(65537, 2048)
            return self._key

    def _announce(self, redirect_uri: str) -> None:
        """What is set by hand in an operator's own console, a sandbox is told here."""
        if not self._at.console:
            return
        url = f"{self._at.console}/settings?account={quote(self._application, safe='')}"
        word = base64.b64encode(f"flask-phoneauth:{self._at.password}".encode()).decode("ascii")
        headers = {"Authorization": f"Basic {word}"} if self._at.password else {}
        self._asking.put(url, {"redirect_uri": redirect_uri}, headers)


class VonageOperator(CamaraOperator):
    """Vonage's network APIs: network enablement, and a JWT of the application as Bearer."""

    _numbers = "number-verification/v031/verify"
    _sims = "sim-swap/v040/check"
    _sim_scope = _VONAGE_SIM
    _names_number = True
    _compares_proof = False

    @staticmethod
    def _default_url() -> str:
        return _VONAGE

    def begin(self, phone: str, state: str, redirect_uri: str, **_: str) -> str:
        """The address that network enablement gives out; raises `Unsure`."""
        self._announce(redirect_uri)
        asked = {"phone_number": phone, "scopes": [_VONAGE_VERIFY], "state": state}
        url = f"{self._at.api.removesuffix('/camara')}/v0.1/network-enablement"
        answer = self._asking.json(url, asked, token=self._own_token())
        scopes = answer.get("scopes")
        offer = scopes.get(_VONAGE_VERIFY) if isinstance(scopes, dict) else None
        if not isinstance(offer, dict) or "auth_url" not in offer:
            raise Unsure("not_supported")
        return _address(offer)

    def _signed(self, url: str, values: dict[str, str]) -> dict[str, Any]:
        return self._asking.form(url, values, token=self._own_token())

    def _own_token(self) -> str:
        return self._jwt({"application_id": self._application})


def _below(base: str) -> dict[str, str]:
    return {
        "authorize": f"{base}/oauth2/auth",
        "token": f"{base}/oauth2/token",
        "backchannel": f"{base}/oauth2/bc-authorize",
        "api": f"{base}/camara",
    }


_NEEDED = ("operator_application_id", "operator_private_key")


def _read_key(pem: str) -> RSAPrivateKey:
    try:
        key = load_pem_private_key(pem.replace("\\n", "\n").encode(), None)
    except (ValueError, TypeError):
        key = None  # the reason repeats nothing of it
    if not isinstance(key, RSAPrivateKey):
        raise SettingError(
            "PHONEAUTH_OPERATOR_PRIVATE_KEY must be an RSA key in PEM without a password: the "
            "whole text, '-----BEGIN PRIVATE KEY-----' included"
        )
    return key


def _text(answer: dict[str, Any], name: str) -> str:
    value = answer.get(name)
    if not isinstance(value, str) or not value:
        raise Unsure("unreadable")
    return value


def _address(offer: dict[str, Any]) -> str:
    url = _text(offer, "auth_url")
    if not url.startswith(("https://", "http://")) or not url.isprintable() or " " in url:
        raise Unsure("unreadable")
    return url


def _truth(answer: dict[str, Any], name: str) -> bool:
    value = answer.get(name)
    if not isinstance(value, bool):
        raise Unsure("unreadable")
    return value
