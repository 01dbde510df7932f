"""The ground of our own components: native elements, one dict down, messages up.

Each is a `.py` and a `.js` of one name. The script draws `model.state` and reports gestures with
`model.send_msg`; wording, rules and arithmetic stay in Python. The state travels as one text: of a dict,
Bokeh would look for models in every value, compare it whole and copy it, for each gesture anew.
"""

from __future__ import annotations

import inspect
import itertools
import json
from collections.abc import Awaitable, Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

import param
from bokeh.models import InlineStyleSheet
from panel.custom import JSComponent
from panel.io.state import state as session

HERE = Path(__file__).parent

Gesture = Callable[[dict[str, Any]], Awaitable[None]]


@lru_cache
def _source(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


def _shared_styles() -> InlineStyleSheet:
    """One style sheet for all parts of a page: sent once, and there before the first part is drawn."""
    # Panel drops this cache together with the page's document.
    known: dict[str, Any] = session._stylesheets.setdefault(session.curdoc, {}) if session.curdoc else {}
    sheet: InlineStyleSheet = known.setdefault("ecrm-parts", InlineStyleSheet(css=_source("parts.css")))
    return sheet


class Part(JSComponent):
    """A component of ours.

    Args:
        gesture: called with each message of the script, a dict with `do` and what it needs.
    """

    sent = param.String(default="{}", doc="All that the script draws, as JSON; replaced as a whole.")

    _styles: ClassVar[tuple[str, ...]] = ()
    """Style sheets of this component alone, files beside it."""

    __abstract = True

    def __init__(self, gesture: Gesture | None = None, **params: Any) -> None:
        # Equal data must still arrive: what a script has drawn ahead is only put right by a new state.
        self._revisions = itertools.count(1)
        super().__init__(**params)  # type: ignore[no-untyped-call]
        self._gesture = gesture
        self.state: dict[str, Any] = {}

    def draw(self, **state: Any) -> None:
        """Give the script new data."""
        self.state = {"revision": next(self._revisions), **state}
        self.sent = json.dumps(self.state, ensure_ascii=False, separators=(",", ":"))

    async def _handle_msg(self, data: Any) -> None:  # type: ignore[override]  # Panel awaits it
        if self._gesture is not None and isinstance(data, dict):
            await self._gesture(data)

    @classmethod
    def _render_esm(cls, compiled: Any = True, server: bool = False) -> str:
        # Joined rather than imported: the same text runs from a server and in a notebook.
        script = _source(Path(inspect.getfile(cls)).with_suffix(".js").name)
        return _source("dom.js") + script.replace("export function render(", "function part(", 1) + _source("part.js")

    def _process_param_change(self, params: dict[str, Any]) -> dict[str, Any]:
        properties: dict[str, Any] = super()._process_param_change(params)  # type: ignore[no-untyped-call]
        if "stylesheets" in properties:
            properties["stylesheets"] = [_shared_styles(), *(_source(name) for name in self._styles)]
        return properties
