"""A panel beside a list, in which one record is written or read."""

from __future__ import annotations

from collections.abc import Mapping

from dashboards.parts.part import Part


class Editor(Part):
    """One record at a time; `words` are the catalogue's `editor`.

    `draw(name=…, form={token, id, kind, seen, title, line?, fields, save?, wide?: bool, actions?: [{do, label,
    danger?}]}|None, locale="id-ID", can_new=False, words=…)`. A form without `save` is only read. While the `token`
    stays the same, what is typed stays; `name` keeps the drafts of two lists apart; `seen` comes back unread with what
    is saved.

    Fields are `{key, kind, label, value, hint?, half?, rows?, limit?, options?}`. Kinds: `text`, `lines`, `date`
    (ISO), `clock`, `money`, `number`, `select`, `check`, `suggest` (any text, offered from `options`), `people`
    (none for everybody, or the chosen of `options`), `filled` (lines with `blanks: [{text, label}]` to put in, and a
    sample below, see `tell`); and to be read only, `told` (a text) and `list`
    (`items: [{text, sub?, quiet?}]`).

    Reports `{do: "save", token, id, kind, seen, values}`, `{do: "close", token}`, `{do: "newest", id, kind}`,
    `{do: "new"}` for the key `n`, `{do: "typed", token, id, kind, values}` while a form with `filled` fields is
    written, and the form's actions as `{do, id, kind}`.
    """

    _styles = ("editor.css",)

    def answer(self, token: str, wrong: dict[str, str], message: str = "", *, newest: bool = False) -> None:
        """Say why nothing was saved.

        Args:
            token: of the form that was to be saved.
            wrong: a sentence for each field that is to blame.
            message: what no field is to blame for.
            newest: offer to open what somebody else has saved meanwhile.
        """
        self._send_msg({"do": "answer", "token": token, "wrong": wrong, "message": message, "newest": newest})

    def tell(self, token: str, told: Mapping[str, Mapping[str, str]]) -> None:
        """Say how `filled` fields will read: for each `text`, or `wrong` with a sentence."""
        self._send_msg({"do": "told", "token": token, "told": {key: dict(how) for key, how in told.items()}})
