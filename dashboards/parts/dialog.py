"""A dialog for one short decision: a few fields, save or cancel."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from dashboards.parts.part import Gesture, Part

REMEMBERED = 20


class Dialog(Part):
    """Asks for a few values, keeps what is typed, and says beside a field what is wrong with it.

    Reports `{do: "save", token, values}`, `{do: "cancel", token}`, and from a `suggest` field
    `{do: "suggest", token, key, text}`. A save that was answered as done is not reported again,
    however often the button was pressed or the message was sent.

    Args:
        draft: what the typing is kept under while the connection is cut; one name per dialog.
    """

    _styles = ("dialog.css",)

    def __init__(self, gesture: Gesture | None = None, *, draft: str = "dialog", **params: Any) -> None:
        super().__init__(gesture, **params)
        self._draft = draft
        self._running: set[str] = set()
        self._done: deque[str] = deque(maxlen=REMEMBERED)
        self.draw(open=False, draft=draft)

    def open(
        self,
        title: str,
        fields: Sequence[Mapping[str, Any]],
        *,
        save: str,
        cancel: str,
        token: str | None = None,
        text: str = "",
        danger: bool = False,
    ) -> str:
        """Open it; the token that its messages will carry.

        Args:
            title: what is decided.
            fields: `{key, kind, label, value}` and where wanted `options` (`{value, label, hint}`),
                `required`, `hint`, `placeholder`, `limit`, `rows`, `empty` (what a `suggest` says that found
                nothing), `locale` (of a `date` in words). Kinds: `text`, `lines`, `number`,
                `select`, `rating`, `date`, `suggest`. A `suggest` reports the value of the option
                chosen under its key, and what is typed under `<key>_text`; its own value is
                `{value, label}`.
            save, cancel: the words on the buttons.
            token: names this decision; what is saved twice under it is saved once.
            text: a sentence under the title.
            danger: the button takes something away.
        """
        token = token or secrets.token_hex(8)
        self.draw(
            open=True,
            draft=self._draft,
            token=token,
            title=title,
            text=text,
            fields=[dict(field) for field in fields],
            save=save,
            cancel=cancel,
            danger=danger,
        )
        return token

    def answer(self, token: str, wrong: Mapping[str, str] | None = None) -> None:
        """Say how a save ended: what is wrong with which field, or done, and then it closes.

        Args:
            wrong: field to sentence; one under `""` belongs to no field. Empty: nothing is wrong
                with the fields, but nothing was saved either; it stays open.
        """
        self._running.discard(token)
        if wrong is None:
            self._done.append(token)
        self._send_msg({"do": "answer", "token": token, "wrong": None if wrong is None else dict(wrong)})
        if wrong is None:
            self._forget(token)

    def suggest(self, token: str, key: str, text: str, options: Sequence[Mapping[str, Any]]) -> None:
        """Answer what was typed into a `suggest` field with options to choose from."""
        self._send_msg(
            {"do": "options", "token": token, "key": key, "text": text, "options": [dict(each) for each in options]}
        )

    async def _handle_msg(self, data: Any) -> None:  # type: ignore[override]  # Panel awaits it
        if not isinstance(data, dict) or not isinstance(data.get("token"), str):
            return
        token = data["token"]
        if data.get("do") == "cancel":
            self._forget(token)
        elif data.get("do") == "save":
            if token in self._done:
                self.answer(token)
                return
            if token in self._running:
                return
            self._running.add(token)
        try:
            await super()._handle_msg(data)
        finally:
            # Whoever failed to answer must not lock the button for good.
            if data.get("do") == "save":
                self._running.discard(token)

    def _forget(self, token: str) -> None:
        """What is over must not open again when the connection comes back."""
        if self.state.get("token") == token:
            self.draw(open=False, draft=self._draft)
