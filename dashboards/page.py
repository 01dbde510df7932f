"""A page: what every screen has, whether it is served or stands in a notebook cell.

A page keeps no session and no ORM object. Each gesture is one `Work` in a worker thread, for which
the employee is looked up anew: somebody deactivated a second ago is refused a second later.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, TypeVar

import panel as pn

from dashboards.parts.toasts import Toasts
from ecrm_core.crm import Crm, Work
from ecrm_core.errors import EcrmError, UnknownEmployee
from ecrm_core.queries.home import Me, who_am_i
from ecrm_core.texts import Texts

logger = logging.getLogger(__name__)

TEXTS = Path(__file__).parent / "texts"

Answer = TypeVar("Answer")


def texts_in(language: str) -> Texts:
    """The words of the core and the screens, in one language."""
    return Texts(language, TEXTS)


@dataclass(frozen=True)
class Visit:
    """Who asks for which page."""

    crm: Crm
    username: str
    path: str = "home"
    query: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


class Refused(Exception):
    """A gesture was refused: `sentence` says it to the user, `field` names the input it speaks of."""

    def __init__(self, sentence: str, field: str | None = None, *, gone: bool = False) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.field = field
        self.gone = gone


class Page(pn.viewable.Viewer):
    """Base of every screen.

    A subclass says what it `read`s in one `Work`, and how it `present`s that. Both are called again
    whenever something changed, so parts are made once and only ever given new data.
    """

    title_key: ClassVar[str]
    """Key of the page's name in the catalogue."""

    keys: ClassVar[tuple[tuple[str, str], ...]] = ()
    """The page's own keys and what they do, as keys of the catalogue, for the list under `?`."""

    def __init__(
        self,
        visit: Visit,
        *,
        toasts: Toasts | None = None,
        on_change: Callable[[], Awaitable[None]] | None = None,
        on_move: Callable[[bool], None] | None = None,
        **params: Any,
    ) -> None:
        super().__init__(**params)  # type: ignore[no-untyped-call]
        self.visit = visit
        # On its own, as in a notebook, a page brings the messages that the frame has otherwise.
        self.alone = toasts is None
        self.toasts = toasts or Toasts()
        self._on_change = on_change
        self._on_move = on_move
        self.me: Me
        self.texts: Texts
        self._opened = False
        self.build()

    def open_now(self) -> None:
        """Fill the parts before they are mounted; where nobody else waits, or in a notebook."""
        if self.prepares:
            with self.visit.crm.work(self.visit.username) as work:
                self.prepare(work)
        with self.visit.crm.work(self.visit.username) as work:
            self._open(self._read_first(work))

    async def open(self, texts: Texts) -> None:
        """The same off the event loop.

        Raises:
            Refused: the page cannot be read.
        """
        if self.prepares:
            await in_work(self.visit, texts, self.prepare)
        self._open(await in_work(self.visit, texts, self._read_first))

    def _read_first(self, work: Work) -> tuple[Me, Any]:
        return who_am_i(work), self.read(work)

    def _open(self, found: tuple[Me, Any]) -> None:
        self.me, data = found
        self.texts = texts_in(self.me.language)
        self._opened = True
        self.present(data)

    def __panel__(self) -> pn.viewable.Viewable:
        if not self._opened:
            self.open_now()
        return pn.Column(self.view(), self.toasts, sizing_mode="stretch_width") if self.alone else self.view()

    @property
    def title(self) -> str:
        """The page's name, as in the browser's title; a page of one record names it."""
        return self.texts(self.title_key)

    def build(self) -> None:
        """Make the parts, empty."""
        raise NotImplementedError

    def view(self) -> pn.viewable.Viewable:
        """The parts, laid out."""
        raise NotImplementedError

    def prepare(self, work: Work) -> None:
        """What must be done before the page is opened, in a transaction of its own."""

    @property
    def prepares(self) -> bool:
        """Whether opening it may change what the frame counts."""
        return type(self).prepare is not Page.prepare

    def read(self, work: Work) -> Any:
        """Everything the page shows, as plain values."""
        raise NotImplementedError

    def present(self, data: Any) -> None:
        """Hand the parts what `read` found."""
        raise NotImplementedError

    @property
    def lasting_query(self) -> Mapping[str, str]:
        """What of the query belongs in the address, so that a reload or a bookmark comes back here."""
        return {}

    async def arrive(self, query: Mapping[str, str]) -> None:
        """Follow a link to this page, which was made earlier; the query says which record."""
        self.visit = replace(self.visit, query=query)
        if self.prepares:
            await self.run(self.prepare)
        await self.refresh()

    def moved(self, *, again: bool = False) -> None:
        """Let the address follow `lasting_query`; `again` where the back button need not come here."""
        if self._on_move is not None:
            self._on_move(again)

    async def refresh(self) -> None:
        """Read and show again."""
        self.present(await self.run(self.read))

    def greet(self, me: Me) -> None:
        """Take who is here, and the language they chose by now."""
        self.me = me
        self.texts = texts_in(me.language)

    async def change_language(self, me: Me) -> None:
        """Say everything in the language just chosen; what is typed stays."""
        self.greet(me)
        await self.refresh()

    async def changed(self) -> None:
        """Read again, and let the frame count anew."""
        await self.refresh()
        if self._on_change is not None:
            await self._on_change()

    async def run(self, function: Callable[..., Answer], /, *args: Any, **named: Any) -> Answer:
        """One gesture: `function(work, …)` in a transaction of its own, off the event loop.

        Raises:
            Refused: with a sentence in the user's language; also for what nobody foresaw, which
                is logged under the number that the sentence tells.
        """
        return await in_work(self.visit, self.texts, function, *args, **named)

    def refuse(self, refused: Refused) -> None:
        """Say a refusal that belongs to no field."""
        self.toasts.say(refused.sentence, tone="danger")
        if refused.gone:
            self.toasts.leave()


async def in_work(visit: Visit, texts: Texts, function: Callable[..., Answer], /, *args: Any, **named: Any) -> Answer:
    """Call `function(work, …)` in a worker thread, in one transaction of the visiting employee.

    Raises:
        Refused: whatever went wrong, in words.
    """

    def gesture() -> Answer:
        with visit.crm.work(visit.username) as work:
            return function(work, *args, **named)

    try:
        return await asyncio.to_thread(gesture)
    except UnknownEmployee as error:
        raise Refused(texts("shell.signed_out"), gone=True) from error
    except EcrmError as error:
        raise Refused(texts.error(error), getattr(error, "field", None)) from error
    except Exception as error:
        number = secrets.token_hex(3)
        logger.exception("gesture %s of %s failed", number, visit.username)
        raise Refused(texts("shell.unexpected", number=number)) from error
