"""How Panel writes to browsers, mended where a message could be left behind.

Panel collects messages while a connection is being written to, and a task writes what was collected.
When that task is done it lifts the block, also where more has come in meanwhile; the task of those
then finds no block and leaves. They would wait until something else is written to the same page: the
last answer to somebody who types fast could wait for ever.
"""

from __future__ import annotations

from bokeh.document import Document
from panel.io import document as panel_document

_written_once = panel_document._dispatch_msgs


async def _written(doc: Document) -> None:
    await _written_once(doc)  # type: ignore[no-untyped-call]
    if doc in panel_document._WRITE_MSGS and doc not in panel_document._WRITE_BLOCK:
        panel_document._WRITE_BLOCK[doc] = True
        panel_document._dispatch_write_task(doc, _written, doc)  # type: ignore[no-untyped-call]


def leave_no_message_behind() -> None:
    """Write whatever comes in while a page is being written to."""
    panel_document._dispatch_msgs = _written
