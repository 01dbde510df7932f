export function render({ model, el: root }) {
  const input = el("input", {
    type: "search",
    id: "search",
    role: "combobox",
    "aria-haspopup": "grid",
    "aria-controls": "found",
    "aria-expanded": "false",
    "aria-autocomplete": "list",
    "aria-describedby": "line",
    autocomplete: "off",
    spellcheck: "false",
    enterkeyhint: "search",
    maxlength: 200,
    "data-key": "search",
  });
  const label = el("label", { for: "search" });
  const line = el("p", { id: "line", class: "quiet line", role: "status" });
  const drafts = el("ul", { class: "drafts" });
  const head = el("thead");
  const body = el("tbody");
  const table = el("table", { id: "found", role: "grid", hidden: true }, head, body);
  root.append(
    drafts,
    el("div", { class: "typed", role: "search" }, label, el("div", { class: "box" }, icon("search"), input)),
    line,
    table,
  );

  let asked = 0; // the newest question
  let heard = 0; // the newest answer
  let rows = []; // what the table shows, the row of the empty form last
  let at = -1; // the marked row
  let opening = false; // Enter was pressed before the answer came
  let shownFor = null; // the address this was drawn for
  let frame = 0;

  // ---- Asking

  const ask = () => {
    frame = 0;
    asked += 1;
    model.send_msg({ do: "search", text: input.value, number: asked });
    showWaiting();
  };

  input.addEventListener("input", () => {
    opening = false;
    // Keys of one frame are one question.
    if (!frame) frame = requestAnimationFrame(ask);
    showWaiting();
  });

  const waiting = () => frame !== 0 || heard < asked;

  const showWaiting = () => table.setAttribute("aria-busy", String(waiting()));

  const hear = ({ number, rows: found, line: told, new: empty, wrong }) => {
    if (number < heard) return;
    heard = number;
    showWaiting();
    const marked = rows[at]?.key;
    rows = found.map((row) => ({ ...row, key: row.code }));
    if (empty) rows.push({ key: "", url: empty.url, label: empty.label });
    line.textContent = told;
    line.classList.toggle("wrong", Boolean(wrong));
    drawRows();
    mark(Math.max(-1, marked === undefined ? -1 : rows.findIndex((row) => row.key === marked)));
    if (opening && number === asked) {
      opening = false;
      open(found.length ? 0 : -1);
    }
  };

  // ---- Choosing

  const mark = (index) => {
    at = index;
    for (const [place, row] of [...body.rows].entries()) {
      row.setAttribute("aria-selected", String(place === at));
      if (place === at) row.scrollIntoView({ block: "nearest" });
    }
    if (at < 0) input.removeAttribute("aria-activedescendant");
    else input.setAttribute("aria-activedescendant", `row-${at}`);
  };

  const open = (index) => {
    const row = rows[index];
    if (row) goTo(row.url);
  };

  const claim = (row) => model.send_msg({ do: "claim", id: row.id });

  input.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (opening && event.key.length === 1 && !event.ctrlKey && !event.metaKey) {
      // Meant for the form that is about to open: it must not change what is being looked for.
    } else if (step && rows.length) {
      mark(Math.min(rows.length - 1, Math.max(-1, at + step)));
    } else if (event.key === "Enter") {
      // The answer to what stands there now, never to what stood there before.
      if (waiting()) opening = true;
      else open(at >= 0 ? at : 0);
    } else if (event.key === "Escape") {
      if (input.value) {
        input.value = "";
        ask();
      } else input.blur();
    } else return;
    event.preventDefault();
  });

  // ---- Drawing

  const words = () => model.state.words;

  const row = (found, place) => {
    if (!found.code) {
      const link = pageLink(found.url, { "data-key": "new-row" }, icon("plus"), found.label);
      const cell = el("td", { role: "gridcell", class: "new", colspan: 7 }, link);
      return el("tr", { id: `row-${place}`, role: "row", onpointermove: () => at !== place && mark(place) }, cell);
    }
    const texts = words();
    const name = pageLink(found.url, { class: "name", "data-key": `open-${found.code}` }, found.name);
    const button = found.claim
      ? el(
          "button",
          { type: "button", class: "button outline small", title: found.claim, "data-key": `claim-${found.code}`, onclick: () => claim(found) },
          texts.claim,
        )
      : null;
    const cell = (kind, ...children) => el("td", { role: "gridcell", class: kind }, ...children);
    return el(
      "tr",
      { id: `row-${place}`, role: "row", class: found.reduced ? "reduced" : null, onpointermove: () => at !== place && mark(place), onclick: (event) => clicked(event, place) },
      cell("who", name),
      cell("code", found.code),
      cell("city", found.city),
      cell("phone", found.phone),
      cell("last", found.status ? el("span", { class: `mark ${found.tone}` }, found.status) : null, found.last ? el("span", { title: found.last_full }, found.last) : null),
      cell("owner", found.owner),
      cell("do", button),
    );
  };

  // A click anywhere on the row opens it; links and buttons know for themselves.
  const clicked = (event, place) => {
    if (event.target.closest("a, button")) return;
    if (!getSelection().toString()) open(place);
  };

  const drawRows = () =>
    keepFocus(root, () => {
      body.replaceChildren(...rows.map(row));
      table.hidden = !rows.length;
      head.hidden = rows.length < 2;
      input.setAttribute("aria-expanded", String(rows.length > 0));
    });

  const drawDrafts = () => {
    const texts = words();
    drafts.setAttribute("aria-label", texts.drafts);
    drafts.replaceChildren(
      ...model.state.drafts.map((draft) =>
        el(
          "li",
          {},
          pageLink(draft.url, { class: "draft", "data-key": `draft-${draft.intention}` }, icon("edit"), el("span", {}, draft.text)),
          el("span", { class: "quiet" }, draft.line),
          el(
            "button",
            {
              type: "button",
              class: "button square",
              "aria-label": draft.discard,
              title: draft.discard,
              "data-key": `discard-${draft.intention}`,
              onclick: () => model.send_msg({ do: "discard", intention: draft.intention }),
            },
            icon("trash"),
          ),
        ),
      ),
    );
    drafts.hidden = !model.state.drafts.length;
  };

  const draw = () =>
    keepFocus(root, () => {
      const texts = words();
      label.textContent = texts.search;
      input.placeholder = texts.placeholder;
      table.setAttribute("aria-label", texts.found);
      head.replaceChildren(
        el("tr", {}, ["name", "code", "city", "phone", "last", "owner", "action"].map((name) =>
          el("th", { scope: "col", class: { name: "who", action: "do" }[name] ?? name }, name === "action" ? el("span", { class: "unseen" }, texts.action) : texts.columns[name]),
        )),
      );
      drawDrafts();
      if (model.state.visit !== shownFor) {
        shownFor = model.state.visit;
        input.value = model.state.q;
        rows = [];
        heard = asked;
        showWaiting();
        at = -1;
        line.textContent = model.state.line;
        line.classList.remove("wrong");
        drawRows();
        if (input.value.trim()) ask();
        setTimeout(() => root.checkVisibility() && input.focus());
      } else if (input.value.trim() && model.state.again) ask();
      else if (!input.value.trim()) line.textContent = model.state.line;
    });

  onKey(model, root, (key) => {
    if (key === "/") {
      input.focus();
      input.select();
    } else if (key === "n") goTo(model.state.new_url);
    else if (["ArrowDown", "j"].includes(key) && rows.length) {
      input.focus();
      mark(Math.min(rows.length - 1, at + 1));
    } else if (["ArrowUp", "k"].includes(key) && rows.length) {
      input.focus();
      mark(Math.max(-1, at - 1));
    } else return false;
    return true;
  });

  model.on("state", draw);
  model.on("msg:custom", (message) => message.do === "found" && hear(message));
  // Where the form is opened first, the search has nothing to say yet.
  if (model.state.words) draw();
}
