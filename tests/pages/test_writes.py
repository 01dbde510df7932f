"""What is said to a browser while it is being written to arrives as well."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from bokeh.document import Document
from panel.io import document as panel_document

from dashboards import writes


class Connection:
    """One whose writing takes until it is let go."""

    def __init__(self) -> None:
        self._socket = object()
        self.protocol = SimpleNamespace(create=lambda _kind, events: events)
        self.written: list[Any] = []
        self.open = asyncio.Event()

    def write(self, _conn: Any, *, msg: Any) -> list[Any]:
        async def slowly() -> None:
            await self.open.wait()
            self.written.append(msg)

        return [slowly()]


async def said_while_writing(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    document, connection = Document(), Connection()
    monkeypatch.setitem(panel_document.extra_socket_handlers, object, connection.write)
    panel_document.schedule_write_events(document, [connection], ["first"])  # type: ignore[list-item]
    await asyncio.sleep(0)
    # The first is under way; what is said now is written by a task that begins once the first is done.
    connection.open.set()
    panel_document.schedule_write_events(document, [connection], ["second"])  # type: ignore[list-item]
    for _ in range(50):
        await asyncio.sleep(0)
    return connection.written


@pytest.fixture
def mended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(panel_document, "_dispatch_msgs", writes._written_once)
    writes.leave_no_message_behind()


@pytest.mark.usefixtures("mended")
def test_nothing_said_meanwhile_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    assert asyncio.run(said_while_writing(monkeypatch)) == [["first"], ["second"]]
