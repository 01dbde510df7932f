"""A list of records: sorted, paged and chosen from, on a wide screen a table, on a narrow one cards."""

from __future__ import annotations

from dashboards.parts.part import Part


class Grid(Part):
    """Rows to look through with mouse or keys; `words` are the catalogue's `grid`.

    `draw(caption=…, columns=[{key, label, align: "start"|"end", sort: bool, rank: int, width?: "140px",
    named?: bool, short?: str}], rows=[{id, url?, cells: {key: text | {text, title?, tone?, quiet?, sub?, url?}},
    actions?: [{do, label, tip?, key?}]}], sort={key, down}|None, page={from, to, total, first, last}|None,
    loading=False, empty=…, empty_action={label, url|do}|None, selectable=False, selected=[ids],
    bar={text, actions: [{do, label, danger?}]}|None, words=…)`

    The first column is the row's link (without a `url`, a button that reports `open`). Columns of
    `rank` 0 stay longest as the screen narrows; `width` is the least a text column needs; in a card
    a `named` column is said with its label, or its `short` one. `tone` is
    `green`, `teal`, `amber`, `grey`, `blue` or `danger`.

    Reports `{do: "sort", key}`, `{do: "page", step: 1 | -1}`, `{do: "open", id}`, `{do: "select", ids}`,
    a row's action as `{do, id}` and one of the bar as `{do, ids}`.
    """

    _styles = ("grid.css",)
