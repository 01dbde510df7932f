"""A file from the user's computer: chosen or dropped, and which of its columns holds what."""

from __future__ import annotations

from dashboards.parts.part import Part


class FileChoice(Part):
    """`draw(visit=…, label=…, hint=…, types=".csv,.xlsx", most=bytes, too_large=…, wrong=…, file=name|"",
    columns=[{key, label, value}], headings=[…], none=…, columns_label=…, run=label|"", busy=label|"")`

    Reports `{do: "file", name, content}` (base64), `{do: "column", key, value}` and `{do: "run"}`.
    """

    _styles = ("file_choice.css",)
