const CARDS = 640; // narrower than this, each row is a card
const LEAST = 104; // what a column of texts needs, where nothing is said
const SHORT = 150; // up to here such a column is never cut
const MOST = 340;
const SKELETON_ROWS = 8;

export function render({ model, el: root }) {
  const tools = el("div", { class: "tools" });
  const table = el("table", { role: "grid" });
  const frame = el("div", { class: "frame" }, table);
  const note = el("div", { class: "empty", role: "status" });
  const foot = el("nav", { class: "foot" });
  const bar = el("div", { class: "bar", role: "region", hidden: true });
  const grid = el("div", { class: "grid" }, tools, frame, note, foot, bar);
  root.append(grid);

  let current = null; // the row that keys act on
  let chosen = new Set();
  let natural = []; // how wide each column would like to be
  let headed = []; // and its heading alone
  let known = null; // {columns, longest}: what these were measured with
  let room = 0; // how wide the list is
  let cards = null;
  let drawn = "";
  let toFirst = false;

  const words = () => model.state.words;
  const rows = () => model.state.rows;
  const columns = () => model.state.columns;
  const cellOf = (row, column) => {
    const cell = row.cells[column.key];
    return cell === null || cell === undefined ? { text: "" } : typeof cell === "object" ? cell : { text: String(cell) };
  };
  const find = (id) => rows().find((row) => String(row.id) === String(id));
  const lineOf = (id) => table.querySelector(`tr[data-id="${CSS.escape(String(id))}"]`);

  // ---- Gestures

  const ask = (message) => {
    grid.classList.add("waiting");
    table.setAttribute("aria-busy", "true");
    model.send_msg(message);
  };

  const sortBy = (key) => ask({ do: "sort", key });

  const turn = (step) => {
    const { page } = model.state;
    if (!page || (step > 0 ? page.last : page.first)) return false;
    toFirst = current !== null;
    ask({ do: "page", step });
    return true;
  };

  const choose = (ids) => {
    chosen = new Set(ids);
    mark();
    model.send_msg({ do: "select", ids: [...chosen] });
  };

  const toggle = (id) => choose(chosen.has(id) ? [...chosen].filter((each) => each !== id) : [...chosen, id]);

  /** Put the keyboard on a row. */
  const goOn = (id) => {
    current = id;
    mark();
    const line = lineOf(id);
    line?.querySelector(".open")?.focus({ preventScroll: true });
    line?.scrollIntoView({ block: "nearest" });
  };

  const move = (step) => {
    const all = rows();
    if (!all.length) return false;
    const at = all.findIndex((row) => row.id === current);
    const next = at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + step));
    goOn(all[next].id);
    return true;
  };

  /** A click anywhere on a row is a click on its link, with the same keys held. */
  const openRow = (event, line) => {
    if (event.button || event.target.closest("a, button, input, label")) return;
    if (getSelection()?.toString()) return;
    const { ctrlKey, metaKey, shiftKey } = event;
    line.querySelector(".open")?.dispatchEvent(new MouseEvent("click", { bubbles: true, composed: true, cancelable: true, ctrlKey, metaKey, shiftKey }));
  };

  // ---- Drawing

  const toned = (cell) => {
    const parts = [cell.tone ? el("span", { class: `tone ${cell.tone}` }, cell.text) : cell.text];
    if (cell.sub) parts.push(el("span", { class: "sub" }, cell.sub));
    return parts;
  };

  const opener = (row, ...children) => {
    const attributes = { class: "open", "data-key": `row-${row.id}`, tabindex: "-1" };
    return row.url
      ? pageLink(row.url, attributes, ...children)
      : el("button", { ...attributes, type: "button", onclick: () => model.send_msg({ do: "open", id: row.id }) }, ...children);
  };

  const content = (row, column, first) => {
    const cell = cellOf(row, column);
    if (first) return [opener(row, ...toned(cell))];
    if (cell.url) return [pageLink(cell.url, { class: "other", tabindex: "-1", "data-key": `cell-${column.key}-${row.id}` }, ...toned(cell))];
    return toned(cell);
  };

  const box = (row) =>
    el(
      "label",
      { class: "hit" },
      el("input", {
        type: "checkbox",
        tabindex: "-1",
        "aria-label": words().select.replace("{name}", cellOf(row, columns()[0]).text),
        title: "x",
        "data-key": `select-${row.id}`,
        onchange: () => toggle(row.id),
      }),
    );

  const actionsOf = (row) =>
    (row.actions ?? []).map((action) =>
      el(
        "button",
        {
          type: "button",
          class: "button act",
          tabindex: "-1",
          title: action.tip,
          "data-key": `${action.do}-${row.id}`,
          onclick: () => model.send_msg({ do: action.do, id: row.id }),
        },
        action.label,
      ),
    );

  const hasActions = () => rows().some((row) => row.actions?.length);

  const lineAttributes = (row) => ({
    role: "row",
    "data-id": row.id,
    onclick: (event) => openRow(event, event.currentTarget),
    onfocusin: () => {
      if (current === row.id) return;
      current = row.id;
      mark();
    },
  });

  const tableRow = (row) =>
    el(
      "tr",
      lineAttributes(row),
      model.state.selectable ? el("td", { role: "gridcell", class: "choice" }, box(row)) : null,
      columns().map((column, index) => {
        const cell = cellOf(row, column);
        return el(
          index ? "td" : "th",
          {
            role: index ? "gridcell" : "rowheader",
            scope: index ? null : "row",
            class: `${column.align === "end" ? "end" : "start"}${cell.quiet ? " quiet" : ""}`,
            title: cell.title,
          },
          content(row, column, index === 0),
        );
      }),
      hasActions() ? el("td", { role: "gridcell", class: "acts" }, actionsOf(row)) : null,
    );

  const card = (row) => {
    const told = columns().map((column, index) => ({ column, cell: cellOf(row, column), index }));
    const piece = ({ column, cell, index }) =>
      el(
        "span",
        { class: `piece${cell.quiet ? " quiet" : ""}${column.align === "end" ? " whole" : ""}`, title: cell.title },
        el("span", { class: column.named ? "name" : "unseen" }, `${column.named ? (column.short ?? column.label) : column.label}${column.named ? " " : ": "}`),
        content(row, column, index === 0),
      );
    const there = told.filter(({ cell, index }) => index === 0 || cell.text);
    const lead = there.filter(({ column, index }) => index === 0 || column.rank === 0);
    const side = there.filter(({ column, index }) => index > 0 && column.rank === 1);
    const rest = there.filter(({ column, index }) => index > 0 && column.rank > 1);
    return el(
      "tr",
      { ...lineAttributes(row), class: "card" },
      model.state.selectable ? el("td", { role: "gridcell", class: "choice" }, box(row)) : null,
      el(
        "td",
        { role: "gridcell", class: "both" },
        el("div", { class: "line" }, el("div", { class: "lead" }, lead.map(piece)), side.length ? el("div", { class: "side" }, side.map(piece)) : null),
        rest.length || row.actions?.length
          ? el("div", { class: "line second" }, el("div", { class: "rest" }, rest.map(piece)), row.actions?.length ? el("div", { class: "acts" }, actionsOf(row)) : null)
          : null,
      ),
    );
  };

  const heading = (column) => {
    const { sort } = model.state;
    const sorted = sort?.key === column.key;
    const arrow = icon("down");
    arrow.classList.add("arrow");
    return el(
      "th",
      {
        role: "columnheader",
        scope: "col",
        class: column.align === "end" ? "end" : "start",
        "aria-sort": column.sort ? (sorted ? (sort.down ? "descending" : "ascending") : "none") : null,
      },
      column.sort
        ? el(
            "button",
            { type: "button", class: `sorter${sorted ? (sort.down ? " down" : " up") : ""}`, "data-key": `sort-${column.key}`, onclick: () => sortBy(column.key) },
            el("span", {}, column.label),
            arrow,
          )
        : el("span", {}, column.label),
    );
  };

  const chooseAll = () =>
    el(
      "label",
      { class: "hit" },
      el("input", {
        type: "checkbox",
        class: "all",
        "aria-label": words().select_all,
        "data-key": "select-all",
        onchange: (event) => {
          const here = rows().map((row) => row.id);
          const others = [...chosen].filter((id) => !here.includes(id));
          choose(event.target.checked ? [...others, ...here] : others);
        },
      }),
    );

  const skeleton = () =>
    Array.from({ length: SKELETON_ROWS }, () =>
      el(
        "tr",
        { class: "ghost", "aria-hidden": "true" },
        (cards ? [null] : [...(model.state.selectable ? [null] : []), ...columns()]).map(() => el("td", {}, el("i", {}))),
      ),
    );

  /** On a narrow screen there is no head to press: how the list is sorted is chosen beside it. */
  const drawTools = () => {
    const { sort, selectable } = model.state;
    const sortable = columns().filter((column) => column.sort);
    const shown = cards && rows().length > 0 && (sortable.length > 0 || selectable);
    tools.hidden = !shown;
    if (!shown) return tools.replaceChildren();
    const arrow = icon("down");
    arrow.classList.add("arrow");
    tools.replaceChildren(
      ...(selectable ? [chooseAll()] : []),
      ...(sortable.length
        ? [
            el("label", { class: "quiet", for: "sort" }, words().sort),
            el(
              "select",
              { id: "sort", "data-key": "sort", onchange: (event) => sortBy(event.target.value) },
              sort ? null : el("option", { value: "", selected: true }, ""),
              sortable.map((column) => el("option", { value: column.key, selected: sort?.key === column.key }, column.label)),
            ),
            sort
              ? el(
                  "button",
                  {
                    type: "button",
                    class: `button square ${sort.down ? "down" : "up"}`,
                    "aria-label": sort.down ? words().descending : words().ascending,
                    title: sort.down ? words().descending : words().ascending,
                    "data-key": "sort-way",
                    onclick: () => sortBy(sort.key),
                  },
                  arrow,
                )
              : null,
          ].filter(Boolean)
        : []),
    );
  };

  const drawFoot = () => {
    const { page } = model.state;
    const shown = Boolean(page) && rows().length > 0;
    foot.hidden = !shown;
    if (!shown) return foot.replaceChildren();
    const texts = words();
    foot.setAttribute("aria-label", texts.pages);
    const one = page.first && page.last;
    const button = (key, step, label, tip, off) =>
      el(
        "button",
        { type: "button", class: "button outline", title: tip, "data-key": key, "aria-disabled": off ? "true" : null, onclick: () => turn(step) },
        label,
      );
    foot.replaceChildren(
      el("span", { class: "quiet range" }, texts.range.replace("{since}", page.from).replace("{until}", page.to).replace("{total}", page.total)),
      ...(one ? [] : [button("previous", -1, texts.previous, "PageUp", page.first), button("next", 1, texts.next, "PageDown", page.last)]),
    );
  };

  const drawBar = () => {
    const wanted = model.state.bar;
    const shown = model.state.selectable && chosen.size > 0 && Boolean(wanted);
    bar.hidden = !shown;
    if (!shown) return bar.replaceChildren();
    bar.setAttribute("aria-label", words().bar);
    bar.replaceChildren(
      el("span", { role: "status" }, wanted.text),
      el(
        "div",
        { class: "deeds" },
        (wanted.actions ?? []).map((action) =>
          el(
            "button",
            {
              type: "button",
              class: `button outline${action.danger ? " danger" : ""}`,
              "data-key": `bar-${action.do}`,
              onclick: () => model.send_msg({ do: action.do, ids: [...chosen] }),
            },
            action.label,
          ),
        ),
        el("button", { type: "button", class: "button", title: "Esc", "data-key": "bar-none", onclick: () => choose([]) }, words().select_none),
      ),
    );
  };

  /** What changes with every step of the keyboard: the row at hand, and what is chosen. */
  const mark = () => {
    const all = rows();
    const stop = all.some((row) => row.id === current) ? current : all[0]?.id;
    const named = new Map(all.map((row) => [String(row.id), row]));
    for (const line of table.querySelectorAll("tr[data-id]")) {
      const row = named.get(line.dataset.id);
      if (!row) continue;
      const here = row.id === current;
      line.classList.toggle("current", here);
      line.classList.toggle("chosen", chosen.has(row.id));
      if (model.state.selectable) line.setAttribute("aria-selected", String(chosen.has(row.id)));
      for (const each of line.querySelectorAll("a, button, input")) each.tabIndex = row.id === stop ? 0 : -1;
      const input = line.querySelector("input");
      if (input) input.checked = chosen.has(row.id);
    }
    const every = grid.querySelector("input.all");
    if (every) {
      const here = all.filter((row) => chosen.has(row.id)).length;
      every.checked = here > 0 && here === all.length;
      every.indeterminate = here > 0 && here < all.length;
    }
    drawBar();
  };

  const pen = document.createElement("canvas").getContext("2d");

  /** About how long the longest text of each column is; near enough to compare one page of rows with another. */
  const longest = () =>
    columns().map((column) =>
      rows().reduce((most, row) => {
        const { text, sub, tone } = cellOf(row, column);
        return Math.max(most, pen.measureText(sub ? `${text} ${sub}` : text).width + (tone ? 24 : 0));
      }, 0),
    );

  /** Measure how wide each column would like to be, all in one row and nothing cut: only where texts are longer than any before. */
  const measure = (again = false) => {
    if (cards || !rows().length || !table.tHead || !room) return;
    const style = getComputedStyle(table);
    pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
    const told = JSON.stringify([columns(), model.state.selectable, hasActions(), rows()[0].actions?.map(({ label }) => label)]);
    const lengths = longest();
    const same = !again && natural.length > 0 && known?.columns === told;
    if (same && lengths.every((length, at) => length <= known.longest[at])) return;
    table.classList.add("measuring");
    const heads = [...table.tHead.rows[0].cells];
    const wide = heads.map((cell) => Math.ceil(cell.getBoundingClientRect().width) + 1);
    headed = heads.map((cell) => Math.ceil(cell.firstElementChild.getBoundingClientRect().width) + 13);
    table.classList.remove("measuring");
    // Columns only grow: nothing moves from page to page.
    natural = same ? wide.map((width, at) => Math.max(width, natural[at])) : wide;
    known = { columns: told, longest: same ? lengths.map((length, at) => Math.max(length, known.longest[at])) : lengths };
  };

  /** Show as many columns as fit, the least important going first, and share out the rest of the room. */
  const fit = () => {
    const head = table.tHead?.rows[0];
    if (cards || !head || !rows().length) return;
    const places = [...head.cells].map((cell, at) => {
      const column = columns()[at - (model.state.selectable ? 1 : 0)];
      const wide = natural[at] ?? LEAST;
      if (!column || column.align === "end") return { at, rank: column ? (column.rank ?? 9) : -1, least: wide, wish: wide, fixed: !column };
      const wish = Math.min(wide, MOST);
      // Codes, phones and days are of use as a whole only.
      const whole = rows().some((row) => cellOf(row, column).tone) || (!column.width && wide <= SHORT);
      if (whole) return { at, rank: column.rank ?? 9, least: wide, wish: wide };
      return { at, rank: column === columns()[0] ? -1 : (column.rank ?? 9), least: Math.max(headed[at] ?? 0, Math.min(wish, parseInt(column.width ?? LEAST, 10))), wish: Math.max(headed[at] ?? 0, wish) };
    });
    let shown = [...places].sort((one, other) => one.rank - other.rank || one.at - other.at);
    const sum = (name) => shown.reduce((total, place) => total + place[name], 0);
    while (shown.length > 1 && sum("least") > room && shown.at(-1).rank > 0) shown = shown.slice(0, -1);
    // First towards what each would like, then evenly: numbers should not stand far from their names.
    let spare = room - sum("least");
    const lack = sum("wish") - sum("least");
    const share = lack > 0 ? Math.min(1, Math.max(0, spare) / lack) : 0;
    for (const place of shown) place.width = place.least + (place.wish - place.least) * share;
    spare = room - sum("width");
    const open = shown.filter((place) => !place.fixed);
    if (spare > 0) for (const place of open) place.width += spare / open.length;
    const kept = new Map(shown.map((place) => [place.at, place.width]));
    const group = table.querySelector("colgroup");
    group.replaceChildren(...[...kept].sort((one, other) => one[0] - other[0]).map(([, width]) => {
      const col = el("col");
      col.style.width = `${width}px`;
      return col;
    }));
    for (const line of table.rows) for (const [at, cell] of [...line.cells].entries()) cell.hidden = !kept.has(at);
  };

  const draw = (again = false) => {
    const { caption, loading, empty, empty_action: next, selectable } = model.state;
    const all = rows();
    // The count of a list comes after its rows: these need not be drawn anew for it.
    const { page: _, revision: __, selected: ___, bar: ____, ...shown } = model.state;
    const told = JSON.stringify(shown);
    if (!again && told === drawn && room) {
      grid.classList.remove("waiting");
      table.setAttribute("aria-busy", String(Boolean(loading)));
      drawFoot();
      mark();
      if (toFirst && !loading && all.length) goOn(all[0].id);
      if (!loading) toFirst = false;
      return;
    }
    drawn = told;
    const before = focused();
    const held = root.contains(before) && before.closest?.("tr[data-id]");
    const place = held ? [...table.querySelectorAll("tr[data-id]")].indexOf(held) : -1;
    keepFocus(root, () => {
      // Asked for once only: afterwards every reading would have the browser lay out what is about to change.
      room ||= grid.clientWidth;
      cards = room > 0 ? room < CARDS : (cards ?? false);
      grid.classList.toggle("cards", cards);
      grid.classList.toggle("waiting", Boolean(loading));
      table.setAttribute("aria-busy", String(Boolean(loading)));
      table.setAttribute("aria-multiselectable", selectable ? "true" : "false");
      drawTools();
      const ghosts = loading && !all.length;
      frame.hidden = !all.length && !ghosts;
      table.replaceChildren(
        el("caption", { class: "unseen" }, caption),
        el("colgroup"),
        ...(cards
          ? []
          : [
              el(
                "thead",
                { role: "rowgroup" },
                el(
                  "tr",
                  { role: "row" },
                  selectable ? el("td", { role: "columnheader", class: "choice" }, chooseAll()) : null,
                  columns().map(heading),
                  hasActions() ? el("td", { role: "columnheader", class: "acts" }, el("span", { class: "unseen" }, words().actions)) : null,
                ),
              ),
            ]),
        el("tbody", { role: "rowgroup" }, ghosts ? skeleton() : all.map(cards ? card : tableRow)),
      );
      note.hidden = Boolean(all.length || loading);
      note.replaceChildren(
        ...(note.hidden
          ? []
          : [
              el("p", {}, empty),
              next ? (next.url ? pageLink(next.url, { class: "button outline" }, next.label) : el("button", { type: "button", class: "button outline", "data-key": "empty", onclick: () => model.send_msg({ do: next.do }) }, next.label)) : null,
            ].filter(Boolean)),
      );
      drawFoot();
      measure();
      fit();
      if (!all.some((row) => row.id === current)) current = null;
      mark();
    });
    // The row that had the keyboard may be gone: the one now in its place takes over.
    if (toFirst && !loading && all.length) goOn(all[0].id);
    else if (place >= 0 && !root.contains(focused()) && all.length) goOn(all[Math.min(place, all.length - 1)].id);
    if (!loading) toFirst = false;
  };

  /** What is cut shows itself in full under the mouse. */
  table.addEventListener("mouseover", (event) => {
    const cell = event.target.closest?.("td.start, th.start");
    if (!cell || cell.title) return;
    const inner = cell.querySelector(".open, .other") ?? cell;
    if (inner.scrollWidth > inner.clientWidth || cell.scrollWidth > cell.clientWidth) cell.title = cell.textContent;
  });

  new ResizeObserver(() => {
    const wide = grid.clientWidth;
    if (!wide) return; // a page that is left is hidden, not gone
    const first = !room;
    if (wide === room && natural.length) return;
    room = wide;
    if (first || cards !== wide < CARDS) draw(true);
    else {
      measure();
      fit();
    }
  }).observe(grid);

  model.on("state", () => {
    chosen = new Set(model.state.selected ?? []);
    draw();
  });

  onKey(model, root, (key) => {
    if (key === "j" || key === "ArrowDown") return move(1);
    if (key === "k" || key === "ArrowUp") return move(-1);
    if (key === "PageDown") return turn(1);
    if (key === "PageUp") return turn(-1);
    const own = current === null ? null : find(current)?.actions?.find((action) => action.key === key);
    if (own) model.send_msg({ do: own.do, id: current });
    else if (key === "x" && model.state.selectable && current !== null) toggle(current);
    else if (key === "Enter" && current !== null) lineOf(current)?.querySelector(".open")?.click();
    else if (key === "Escape" && chosen.size) choose([]);
    else if (key === "Escape" && current !== null) {
      focused()?.blur();
      current = null;
      mark();
    } else return false;
    return true;
  });

  chosen = new Set(model.state.selected ?? []);
  draw();
  document.fonts?.ready.then(() => {
    measure(true);
    fit();
  });
}
