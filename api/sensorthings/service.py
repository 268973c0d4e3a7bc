"""One request to one answer: who may, what is meant, done by the store, and errors as problems."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

from api.auth import READ, WRITE, Guard
from api.sensorthings import batch, writing
from api.sensorthings.exchange import READS, Answer, MethodNotAllowed, Request, json_answer
from api.sensorthings.kinds import Kinds
from api.sensorthings.options import parse_options
from api.sensorthings.paths import Form, Resource, parse_path
from api.sensorthings.problems import problem_answer
from api.sensorthings.reading import read
from api.sensorthings.render import render
from api.sensorthings.root import root_document
from api.sensorthings.submitting import Submitter
from twin.errors import EntityNotFound, QueryError
from twin.observations.changes import Change, Create, Created, Delete, SetLinks
from twin.observations.model import OBSERVATION
from twin.observations.query import Route
from twin.observations.store import Observations

T = TypeVar("T")
_THREADS = 8


class Live(Protocol):
    """What of the running server this service needs."""

    @property
    def observations(self) -> Observations: ...


class Service:
    """The SensorThings service of one city; used from one event loop.

    live: gives what runs, from the moment the server has started. mqtt: the broker's address for the root
    document, if there is one.
    """

    def __init__(self, live: Callable[[], Live], guard: Guard, mqtt: str | None = None) -> None:
        self.live = live
        self.guard = guard
        self.mqtt = mqtt
        self.threads = ThreadPoolExecutor(_THREADS, "sensorthings")
        self.submit = Submitter(lambda: self.observations)
        self.kinds = Kinds(lambda: self.observations, self.in_thread)

    @property
    def observations(self) -> Observations:
        return self.live().observations

    def in_thread(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """Work that reads the database, beside the event loop."""
        return asyncio.get_running_loop().run_in_executor(self.threads, work)

    async def answer(self, request: Request) -> Answer:
        """Never raises: a fault in the service is logged and answered with 500."""
        try:
            return await self._answer(request)
        except Exception as error:
            return problem_answer(error, f"{request.method} {request.path[:200]}")

    def authorize(self, request: Request) -> None:
        """Raises NotAuthorized, Forbidden or TooMany."""
        self.guard.check(request.token, READ if request.method in READS else WRITE, request.address)

    async def _answer(self, request: Request) -> Answer:
        self.authorize(request)
        method = request.method
        resource = parse_path(request.path)
        allowed = writing.METHODS[resource.form]
        if method == "OPTIONS":
            return Answer(204, headers={"Allow": f"{allowed}, OPTIONS"})
        if method not in allowed.split(", "):
            raise MethodNotAllowed(method, allowed)
        if method in READS:
            if resource.form is Form.root:
                return self._root(request)
            return await self.in_thread(lambda: read(self.observations, resource, request))
        if request.query:
            raise QueryError(f"{method} takes no query options here")
        if resource.form is Form.batch:
            return await batch.run(self, request)
        if resource.form is Form.create_observations:
            return await writing.create_observations(self.submit, self.kinds, request)
        return await self._write(resource, request)

    def _root(self, request: Request) -> Answer:
        if request.query:
            raise QueryError("the root takes no query options")
        return json_answer(root_document(request.root, self.mqtt))

    async def _write(self, resource: Resource, request: Request) -> Answer:
        route = resource.route
        assert route is not None
        if request.method == "POST" and resource.type is OBSERVATION and resource.form is Form.collection:
            quick = await writing.create_observation(self.submit, self.kinds, route, request)
            if quick is not None:
                return quick
        change = writing.change_of(resource, route, request)
        return await self.done(change, await self.submit(change), request.root)

    async def done(self, change: Change, made: Any, root: str) -> Answer:
        """The answer to a change that was made."""
        if isinstance(change, (Delete, SetLinks)):
            self.kinds.forget()
            return Answer(200)
        assert isinstance(made, Created)
        location = f"{root}{made.type.set_name}({made.id})"
        status = 201 if isinstance(change, Create) and not made.existing else 200
        options = parse_options("", made.type, frozenset())
        try:
            entity = await self.in_thread(
                lambda: self.observations.entity(Route(made.type, made.id), options.query)
            )
        except EntityNotFound:  # deleted since
            return Answer(status, headers={"Location": location})
        return json_answer(render(entity, root, options), status, {"Location": location})
