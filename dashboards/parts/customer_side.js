Object.assign(ICONS, { star: ["m12 4.500 2.300 4.800 5.200.7-3.800 3.600.9 5.200-4.600-2.500-4.600 2.500.9-5.200L4.500 10l5.200-.7z"] });

export function render({ model, el: root }) {
  const open = el("section", { class: "open" });
  const purchases = el("section", { class: "purchases" });
  const interests = el("section", { class: "interests" });
  const spend = el("section", { class: "spend" });
  const value = el("section", { class: "value" });
  root.append(open, value, purchases, interests, spend);

  const send = (message) => model.send_msg(message);
  const titled = (section, id, text) => {
    section.setAttribute("aria-labelledby", id);
    return el("h2", { id }, text);
  };

  // ---- What is open

  const drawOpen = () => {
    const { open: state } = model.state;
    open.hidden = !state.rows.length;
    open.replaceChildren(
      titled(open, "open-title", state.heading),
      el(
        "ul",
        {},
        state.rows.map((row) =>
          el(
            "li",
            { class: row.tone },
            el("div", { class: "text" }, el("b", {}, row.head), el("span", { class: "quiet", title: row.due_full }, row.due), row.text ? el("span", { class: "told" }, row.text) : null),
            el(
              "div",
              { class: "buttons" },
              row.buttons.map((button) =>
                el("button", { type: "button", class: "button", "aria-label": button.label, "data-key": `${button.do}-${row.id}`, onclick: () => send({ do: button.do, id: row.id }) }, button.word),
              ),
            ),
          ),
        ),
      ),
    );
  };

  // ---- What they bought

  const purchaseRow = (row) =>
    el(
      "tr",
      {},
      el(
        "td",
        { class: "product", title: row.code },
        el("span", {}, row.name),
        el("span", { class: "quiet", title: row.last_full }, row.last),
        row.answer ? el("span", { class: "said" }, row.answer) : null,
      ),
      [row.times, row.pieces, row.amount].map((number, place) =>
        el("td", { class: place === 2 ? "number money" : "number", "data-label": model.state.purchases.columns[place + 1] }, number),
      ),
      el(
        "td",
        { class: "ask" },
        row.line
          ? el(
              "button",
              { type: "button", class: `button rate ${row.tone}`, "aria-label": row.label, title: row.tip, "data-key": `line-${row.line}`, onclick: () => send({ do: "answer", id: row.line }) },
              icon("star"),
              el("span", {}, row.rating),
            )
          : null,
      ),
    );

  const drawPurchases = () => {
    const { purchases: state } = model.state;
    purchases.replaceChildren(
      titled(purchases, "purchases-title", state.heading),
      ...(state.rows.length
        ? [
            el(
              "table",
              { "aria-labelledby": "purchases-title" },
              el("thead", {}, el("tr", {}, state.columns.map((column, place) => el("th", { scope: "col", class: place ? "number" : null }, column)), el("th", { scope: "col" }, el("span", { class: "unseen" }, state.answers)))),
              el("tbody", {}, state.rows.map(purchaseRow)),
            ),
            state.more ? el("button", { type: "button", class: "button", "data-key": "all", onclick: () => send({ do: "all_purchases" }) }, state.more) : null,
          ].filter(Boolean)
        : [el("p", { class: "empty" }, state.empty)]),
    );
  };

  // ---- What they care about

  const drawInterests = () => {
    const { interests: state } = model.state;
    const group = (label, rows, empty) =>
      el(
        "div",
        { class: "group" },
        el("h3", {}, label),
        rows.length
          ? el(
              "ul",
              { class: "tags" },
              rows.map((row) =>
                el(
                  "li",
                  { class: "tag", title: row.title },
                  el("span", {}, row.text),
                  row.id ? el("button", { type: "button", "aria-label": row.label, title: row.label, "data-key": `interest-${row.id}`, onclick: () => send({ do: "withdraw", id: row.id }) }, icon("close")) : el("span", { class: "quiet" }, row.more),
                ),
              ),
            )
          : el("p", { class: "quiet" }, empty),
      );
    interests.replaceChildren(
      el(
        "div",
        { class: "top" },
        titled(interests, "interests-title", state.heading),
        el("button", { type: "button", class: "button", "data-key": "interest", onclick: () => send({ do: "interest" }) }, icon("plus"), state.add),
      ),
      group(state.stated_label, state.stated, state.stated_empty),
      ...(state.derived.length ? [group(state.derived_label, state.derived, "")] : []),
    );
  };

  // ---- What they spend

  const WIDTH = 360;
  const HEIGHT = 96;
  const shape = (name, attributes, ...children) => {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  };

  const drawSpend = () => {
    const { spend: state } = model.state;
    spend.hidden = !state;
    if (!state) return;
    const step = WIDTH / state.bars.length;
    const bars = state.bars.map((bar, place) => {
      const height = bar.share > 0 ? Math.max(2, bar.share * HEIGHT) : 0;
      const title = shape("title", {});
      title.textContent = bar.title;
      // The whole column answers to the mouse: short bars are hard to hit.
      return shape(
        "g",
        {},
        shape("rect", { x: place * step, y: 0, width: step, height: HEIGHT, class: "hit" }),
        shape("rect", { x: place * step + 1.5, y: HEIGHT - height, width: step - 3, height, rx: 1.5, class: bar.now ? "bar now" : "bar" }),
        title,
      );
    });
    const labels = state.bars.flatMap((bar, place) => {
      if (!bar.label) return [];
      const text = shape("text", { x: place * step + 1, y: HEIGHT + 15 });
      text.textContent = bar.label;
      return [text];
    });
    spend.replaceChildren(
      titled(spend, "spend-title", state.heading),
      el("p", { class: "quiet" }, state.line),
      shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT + 20}`, role: "img", "aria-label": state.summary, class: "chart" }, shape("line", { x1: 0, x2: WIDTH, y1: HEIGHT + 0.5, y2: HEIGHT + 0.5, class: "axis" }), ...bars, ...labels),
      el(
        "details",
        {},
        el("summary", {}, state.as_table),
        el(
          "table",
          { "aria-labelledby": "spend-title" },
          el("thead", {}, el("tr", {}, el("th", { scope: "col" }, state.month), el("th", { scope: "col", class: "number" }, state.amount))),
          el("tbody", {}, state.rows.map((row) => el("tr", {}, el("td", {}, row.month), el("td", { class: "number money" }, row.amount)))),
        ),
      ),
    );
  };

  const drawValue = () => {
    const { value: state } = model.state;
    value.replaceChildren(titled(value, "value-title", state.heading), ...state.lines.map((line) => el("p", {}, line)));
  };

  const draw = () =>
    keepFocus(root, () => {
      const { missing } = model.state;
      for (const section of root.querySelectorAll("section")) section.hidden = Boolean(missing);
      if (missing) return;
      const unfolded = spend.querySelector("details")?.open;
      drawOpen();
      drawPurchases();
      drawInterests();
      drawSpend();
      drawValue();
      if (unfolded && spend.querySelector("details")) spend.querySelector("details").open = true;
    });

  draw();
  model.on("state", draw);
}
