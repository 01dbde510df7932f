"""A page of records kept by hand: a list, and a panel beside it in which one of them is written.

What such pages share lives here: sorting, paging, ticking, opening, saving once, telling whoever saves
second, and taking back from the toast. A page says what its records are.
"""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar

import panel as pn

from dashboards.page import Page, Refused
from dashboards.parts.editor import Editor
from dashboards.parts.filters import Filters
from dashboards.parts.grid import Grid
from dashboards.parts.page_head import PageHead
from ecrm_core.crm import Work
from ecrm_core.errors import ChangedMeanwhile
from ecrm_core.models.people import Role

COLUMNS = """
:host { display: grid !important; grid-template-columns: minmax(0, 1fr) auto; gap: 0; align-items: start; }
@media (max-width: 1079px) { :host { grid-template-columns: minmax(0, 1fr); } }
"""
REMEMBERED_FORMS = 50

Answer = TypeVar("Answer")


class Wrong(Exception):
    """What was typed cannot be read; a sentence for each field."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__(fields)
        self.fields = dict(fields)


class Changed:
    """Somebody else was faster."""


CHANGED = Changed()


def unless_changed(work: Work, function: Callable[..., Answer], *args: Any, **named: Any) -> Answer | Changed:
    """Call a service that refuses to write over what somebody else has saved meanwhile."""
    try:
        return function(work, *args, **named)
    except ChangedMeanwhile:
        return CHANGED


@dataclass(frozen=True)
class Form:
    """A record in the panel. Its words are made whenever it is drawn, so that it follows the language."""

    kind: str
    id: int | None
    record: Any
    token: str = field(default_factory=lambda: secrets.token_hex(8))


@dataclass
class Place:
    """Where somebody is in a list."""

    sort: str
    down: bool = False
    first: int = 0


class RecordsPage(Page):
    """Base of the pages of events, products and order sources."""

    keys: ClassVar[tuple[tuple[str, str], ...]] = (
        ("n", "shell.help.new"),
        ("j / k", "shell.help.move"),
        ("x", "editor.help.tick"),
        ("Enter", "shell.help.open"),
        ("Ctrl Enter", "shell.help.save"),
        ("Esc", "shell.help.back"),
    )
    start: ClassVar[Place]
    """How the list is sorted at first."""
    page_rows: ClassVar[int] = 50

    def build(self) -> None:
        self.head = PageHead(gesture=self._on_gesture, sizing_mode="stretch_width")
        self.filters = Filters(gesture=self._on_gesture, sizing_mode="stretch_width")
        self.grid = Grid(gesture=self._on_gesture, sizing_mode="stretch_width")
        self.editor = Editor(gesture=self._on_gesture)
        self.place = Place(self.start.sort, self.start.down)
        self.selected: list[int] = []
        self.data: Any = None
        self.form: Form | None = None
        self._turn = 0
        # A form is saved once, however often its button was pressed or its message was sent.
        self._saved: deque[str] = deque(maxlen=REMEMBERED_FORMS)

    def view(self) -> pn.viewable.Viewable:
        return pn.Column(
            self.head,
            pn.Column(
                pn.Column(*self.above(), self.grid, *self.beneath(), sizing_mode="stretch_width", margin=0),
                self.editor,
                stylesheets=[COLUMNS],
                sizing_mode="stretch_width",
            ),
            sizing_mode="stretch_width",
        )

    @property
    def writes(self) -> bool:
        """Whether the panel writes; for everybody else it only tells."""
        return self.me.role is Role.ADMIN

    # What a page says of its records

    def above(self) -> Sequence[pn.viewable.Viewable]:
        """Parts over the list."""
        return (self.filters,)

    def beneath(self) -> Sequence[pn.viewable.Viewable]:
        """Parts under the list."""
        return ()

    def find(self, work: Work, kind: str, number: int) -> Any:
        """A record, to be opened."""
        raise NotImplementedError

    def kind(self) -> str:
        """Which kind of record the list holds and `n` makes."""
        raise NotImplementedError

    def form_of(self, form: Form) -> dict[str, Any]:
        """What the panel draws for a record: `title`, `fields`, `save` and the rest."""
        raise NotImplementedError

    async def save(self, kind: str, number: int | None, seen: Any, typed: Mapping[str, Any]) -> Changed | str:
        """Write what was typed, and what to say of it.

        Raises:
            Wrong, Refused: nothing was written.
        """
        raise NotImplementedError

    async def do(self, message: Mapping[str, Any]) -> None:
        """A gesture of the page's own."""

    async def opened(self, form: Form) -> None:
        """A record has been opened."""

    # Reading and showing

    async def refresh(self) -> None:
        self._turn = turn = self._turn + 1
        data = await self.run(self.read)
        if turn == self._turn:  # else somebody in a hurry has asked for more
            self.present(data)

    def present(self, data: Any) -> None:
        self.data = data
        self.draw_list(data)
        self.draw_editor()

    def draw_list(self, data: Any) -> None:
        """Hand head, filters and list what `read` found."""
        raise NotImplementedError

    def draw_editor(self) -> None:
        """Give the panel its record, or take it away."""
        spec: dict[str, Any] | None = None
        if self.form is not None:
            form = self.form
            spec = {"token": form.token, "id": form.id, "kind": form.kind, **self.form_of(form)}
            if not self.writes:
                spec["save"], spec["actions"] = "", []
        self.editor.draw(
            name=self.visit.path,
            form=spec,
            locale={"id": "id-ID", "en": "en-GB"}[self.texts.language],
            can_new=self.writes,
            words=nested(self.texts.starting_with("editor")),
        )

    def page_state(self, shown: int, count: int, first: int) -> dict[str, Any] | None:
        """What the pager says of a page of the list."""
        self.place.first = first
        say = self.texts.number
        return {
            "from": say(first + 1),
            "to": say(first + shown),
            "total": say(count),
            "first": first == 0,
            "last": first + shown >= count,
        }

    def sort_state(self) -> dict[str, Any]:
        return {"key": self.place.sort, "down": self.place.down}

    # Gestures

    async def _on_gesture(self, message: dict[str, Any]) -> None:
        try:
            await self._follow(message)
        except Refused as refused:
            self.refuse(refused)
            self.present(self.data)  # puts right what a script has drawn ahead

    async def _follow(self, message: dict[str, Any]) -> None:
        match message:
            case {"do": "new"} if self.writes:
                self._open_form(Form(self.kind(), None, None))
            case {"do": "open", "id": int(number)}:
                await self.open_record(self.kind(), number)
            case {"do": "newest", "id": int(number), "kind": str(kind)}:
                await self.open_record(kind, number)
            case {"do": "close"}:
                self.form = None
                self.draw_editor()
            case {"do": "save", "token": str(token), "kind": str(kind), "values": dict(typed)}:
                of = message.get("id")
                await self._save(token, kind, of if isinstance(of, int) else None, message.get("seen"), typed)
            case {"do": "select", "ids": list(ids)}:
                self.selected = [number for number in ids if isinstance(number, int)]
                self.present(self.data)
            case {"do": "edit", "ids": [int(number)]}:
                await self.open_record(self.kind(), number)
            case {"do": "edit", "ids": list()}:
                self.toasts.say(self.texts("editor.one_only"))
            case {"do": "sort", "key": str(key)}:
                down = not self.place.down if self.place.sort == key else False
                self.place = Place(key, down)
                await self.refresh()
            case {"do": "page", "step": int(step)}:
                self.place.first = max(0, self.place.first + step * self.page_rows)
                await self.refresh()
            case _:
                await self.do(message)

    async def open_record(self, kind: str, number: int) -> None:
        """Show a record in the panel as it is now."""
        form = Form(kind, number, await self.run(self.find, kind, number))
        self._open_form(form)
        await self.opened(form)

    def _open_form(self, form: Form) -> None:
        self.form = form
        self.draw_editor()

    async def _save(self, token: str, kind: str, number: int | None, seen: Any, typed: Mapping[str, Any]) -> None:
        if token in self._saved:
            return
        self._saved.append(token)
        try:
            said = await self.save(kind, number, seen, typed)
        except Wrong as wrong:
            self._saved.remove(token)
            self.editor.answer(token, wrong.fields)
        except Refused as refused:
            self._saved.remove(token)
            self.editor.answer(
                token,
                {refused.field: refused.sentence} if refused.field else {},
                "" if refused.field else refused.sentence,
            )
            if refused.gone:
                self.refuse(refused)
        else:
            if isinstance(said, Changed):
                self._saved.remove(token)
                self.editor.answer(token, {}, self.texts("error.changed_meanwhile"), newest=True)
                return
            # Drawn even where the form is not this page's any more, as after a restart of the server.
            self.form = None
            self.draw_editor()
            self.toasts.say(said)
            await self.changed()

    async def take_away(
        self,
        away: Callable[..., Sequence[Any]],
        back: Callable[..., Any],
        ids: Sequence[int],
        said: Callable[[Sequence[Any]], str],
    ) -> None:
        """Do something to several records that the toast can take back.

        Args:
            away: service that takes numbers and answers what it did.
            back: service that undoes it, given the numbers of those.
            ids: numbers of the records.
            said: what to say of what was done.
        """
        done = await self.run(away, ids)
        # Only what this gesture did is taken back, not what was so already.
        changed = [card.id for card in done]
        self.selected = []
        if self.form is not None and self.form.id in ids:
            self.form = None
            self.draw_editor()
        await self.changed()
        if not done:
            return

        async def undo() -> None:
            try:
                await self.run(back, changed)
                await self.changed()
            except Refused as refused:
                self.refuse(refused)

        self.toasts.say(said(done), undo=undo, undo_label=self.texts("shell.undo"))


def nested(words: Mapping[str, str]) -> dict[str, Any]:
    """Words by the parts of their keys, as scripts ask for them."""
    found: dict[str, Any] = {}
    for key, text in words.items():
        *groups, name = key.split(".")
        place = found
        for group in groups:
            place = place.setdefault(group, {})
        place[name] = text
    return found
