"""Who may do what: bearer tokens with scopes, and how often one may ask.

Tokens come as `Authorization: Bearer TOKEN`; clients that know only Basic send one as the password. One
`Guard` for each application, kept in its state.
"""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Callable, Mapping, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from fastapi import HTTPException, Request

from analysis.contract import Parameter
from api.rates import Rates
from twin import tokens
from twin.errors import Forbidden, NotAuthorized, TooMany

READ = "sta:read"
WRITE = "sta:write"
RUN = "run"
_PROXIED = {"forwarded", "x-forwarded-for", "x-real-ip", "via"}
_MOST_SEEN = 10_000
_SEEN_SECONDS = 0.25


class Access(Protocol):
    """The settings that this module reads."""

    city: Path
    public_read: bool
    rate_limit: float


class Guard:
    """Checks each request against tokens and rates. Several threads may ask."""

    def __init__(self, access: Access) -> None:
        self.access = access
        self.folder = access.city.absolute()
        self.rates = Rates(access.rate_limit)
        self.seen: dict[str, tuple[float, tokens.Token | None]] = {}

    def check(
        self, token: str | None, scope: str, address: str = "", public: bool = False
    ) -> tokens.Token | None:
        """Who asks, None for who needs no token. Raises NotAuthorized, Forbidden or TooMany."""
        known = self._known(token) if token else None
        if self.rates.take(f"token {known.id}" if known else f"address {address}"):
            raise TooMany(f"more than {self.rates.rate:g} requests a second; wait a little")
        if token and known is None:
            raise NotAuthorized("the token is unknown, expired or revoked")
        if public or (scope == READ and self.access.public_read):
            return known
        if known is None:
            raise NotAuthorized(f"this needs a token with the scope {scope} (Authorization: Bearer …)")
        if not (known.allows(scope) or (scope == READ and known.allows(WRITE))):
            raise Forbidden(f"the token {known.name!r} lacks the scope {scope}")
        return known

    def _known(self, text: str) -> tokens.Token | None:
        """The token of a text, looked at anew some times a second: `tokens` reads the database."""
        now = time.monotonic()
        since, token = self.seen.get(text, (-_SEEN_SECONDS, None))
        if now - since >= _SEEN_SECONDS:
            token = tokens.verify(self.folder, text)
            if len(self.seen) >= _MOST_SEEN:
                self.seen.clear()
            self.seen[text] = (now, token)
        return token


def guard_of(state: Any) -> Guard:
    """The guard of an application, made at its first use from `state.settings`."""
    if not hasattr(state, "guard"):
        state.guard = Guard(state.settings)
    guard: Guard = state.guard
    return guard


def authorize(
    state: Any, token: str | None, scope: str, address: str = "", public: bool = False
) -> tokens.Token | None:
    """The check for doors other than HTTP routes, such as MQTT. Raises as `Guard.check` does."""
    return guard_of(state).check(token, scope, address, public)


def token_of(authorization: str | None) -> str | None:
    """The token in an Authorization header, if there is one."""
    kind, _, text = (authorization or "").partition(" ")
    if kind.lower() == "bearer":
        return text.strip() or None
    if kind.lower() == "basic":
        try:
            return base64.b64decode(text, validate=True).decode().partition(":")[2] or None
        except (binascii.Error, UnicodeDecodeError):
            return None
    return None


def challenge(error: NotAuthorized | Forbidden | TooMany) -> dict[str, str]:
    """The header that goes with a refusal."""
    if isinstance(error, TooMany):
        return {"Retry-After": "1"}
    if isinstance(error, Forbidden):
        return {"WWW-Authenticate": 'Bearer realm="citytwin", error="insufficient_scope"'}
    return {"WWW-Authenticate": 'Bearer realm="citytwin"'}


def require(scope: str) -> Callable[[Request], tokens.Token | None]:
    """A FastAPI dependency: `Depends(require("alerts:write"))`."""

    def check(request: Request) -> tokens.Token | None:
        return _check(request, scope)

    return check


def require_run(request: Request) -> str:
    """A FastAPI dependency: who starts or stops a run. Without a token, as the setting `public_run` says."""
    settings = request.app.state.settings
    public = settings.public_run
    if public is None:
        public = settings.root_url is None and from_this_machine(request)
    token = _check(request, RUN, public)
    return token.name if token is not None else "anonymous"


def require_inputs(request: Request, parameters: Sequence[Parameter], given: Mapping[str, object]) -> None:
    """Whoever starts a run also has the rights that its inputs need. Raises HTTPException."""
    for parameter in parameters:
        if parameter.scope and given.get(parameter.name, parameter.default) != parameter.default:
            _check(request, parameter.scope)


def from_this_machine(request: Request) -> bool:
    """Whether a program on this machine asks, of itself: not through a proxy, and not for a page of another
    site that a browser here has open."""
    headers = request.headers
    if request.client is None or not _is_loopback(request.client.host) or _PROXIED & set(headers.keys()):
        return False
    host = urlsplit(f"//{headers.get('host', '')}")
    if host.hostname != "localhost" and not _is_loopback(host.hostname or ""):
        return False
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == host.netloc


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _check(request: Request, scope: str, public: bool = False) -> tokens.Token | None:
    address = request.client.host if request.client else ""
    token = token_of(request.headers.get("authorization"))
    try:
        return authorize(request.app.state, token, scope, address, public)
    except NotAuthorized as error:
        raise HTTPException(401, str(error), challenge(error)) from None
    except Forbidden as error:
        raise HTTPException(403, str(error), challenge(error)) from None
    except TooMany as error:
        raise HTTPException(429, str(error), challenge(error)) from None
