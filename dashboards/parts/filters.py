"""What a list is narrowed by: search and filters in a line, saved views above them, the sum in words below."""

from __future__ import annotations

from dashboards.parts.part import Part


class Filters(Part):
    """Search, filters and saved views of a list; `words` are the catalogue's `filters`.

    `draw(search={value, label, placeholder}|None, fields=[{key, kind, label, value, options?: [{value, label}],
    shown?, placeholder?}], views=[{id, name, current: bool, fixed?: bool}]|None, can_save=False, line=…,
    counting=False, actions=[{do, label, primary?, href?, tip?}], words=…)`

    Kinds: `select`, `month` (a select with a step to both sides), `date` (ISO), `toggle` (value true or
    false), `text`, and `suggest`: as one types `{do: "suggest", key, text}` is reported, and the next
    state's `options` are offered; `shown` is the chosen value in words. An empty `value` filters nothing.
    While `counting` the line of before stays a moment, then `line` says so.
    A field with `always: true` has no way to be emptied (a period, say).

    Reports `{do: "search", text}`, `{do: "filter", key, value}`, `{do: "clear"}`, `{do: "view", id}`,
    `{do: "save_view", name}` (answer with `answer_view`), `{do: "delete_view", id}` and actions as `{do}`.
    `fixed` views cannot be deleted. `/` goes to the search, and from there the arrow down into the list.
    """

    _styles = ("filters.css",)

    def answer_view(self, wrong: str | None = None) -> None:
        """Say how saving a view ended: what is wrong with its name, or nothing."""
        self._send_msg({"do": "answer_view", "wrong": wrong})
