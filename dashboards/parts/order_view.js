export function render({ model, el: root }) {
  const page = el("article", { class: "order" });
  const paper = el("section", { class: "paper" });
  root.append(page, paper);

  // A lost connection that comes back draws every part anew: what is being typed is kept beside them.
  const local = (window.ecrmDrafts ??= {});
  let visit = null;
  let open = null; // the action being filled in: {key, token, typed, wrong, sending}

  const words = () => model.state.words;
  const button = (name, attributes, ...children) => el("button", { type: "button", class: name, ...attributes }, ...children);

  // ---- Short forms, in place

  const begin = (action) => {
    if (!action.fields.length) {
      send({ ...action, token: token(), typed: {} });
      return;
    }
    open = { key: action.key, token: token(), typed: Object.fromEntries(action.fields.map((field) => [field.name, field.value ?? ""])), wrong: {}, sending: false };
    local.order_step = { visit, ...open };
    draw();
    root.querySelector(".step-form input, .step-form textarea")?.focus();
  };

  const token = () => crypto.getRandomValues(new Uint32Array(2)).join("-");

  const send = ({ key, token: number, typed }) => model.send_msg({ do: "step", key, token: number, typed });

  const close = (refocus = true) => {
    const key = open?.key;
    open = null;
    delete local.order_step;
    draw();
    if (refocus) root.querySelector(`[data-key="act-${CSS.escape(key)}"]`)?.focus();
  };

  const submit = () => {
    if (!open || open.sending) return;
    open.sending = true;
    root.querySelector(".step-form [type=submit]")?.setAttribute("aria-disabled", "true");
    send(open);
  };

  const stepForm = (action) => {
    const form = el(
      "form",
      { class: "step-form", novalidate: true, "aria-label": action.title },
      el("h3", {}, action.title),
      action.text ? el("p", { class: "effect" }, action.text) : null,
      action.fields.map((field) => {
        const id = `step-${field.name}`;
        const input = el("input", {
          id,
          type: "text",
          inputmode: field.number ? "numeric" : null,
          class: field.number ? "short" : null,
          maxlength: field.number ? 6 : 500,
          autocomplete: "off",
          value: open.typed[field.name],
          "data-key": id,
          "aria-describedby": `wrong-${id}`,
          "aria-invalid": field.name in open.wrong ? "true" : null,
          oninput: (event) => {
            open.typed[field.name] = event.target.value;
            local.order_step = { visit, ...open };
          },
        });
        return el("div", { class: "field" }, el("label", { for: id }, field.label), input, el("span", { class: "wrong", id: `wrong-${id}`, role: "alert" }, open.wrong[field.name] ?? ""));
      }),
      el(
        "div",
        { class: "buttons" },
        el("button", { type: "submit", class: "button primary", title: "Ctrl Enter" }, action.save),
        button("button", { title: "Esc", onclick: () => close() }, words().cancel),
      ),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      submit();
    });
    form.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        event.stopPropagation();
        close();
      }
    });
    return form;
  };

  const actButton = (action, small = false) =>
    button(
      small ? "button small" : action.primary ? "button primary" : action.danger ? "button danger" : "button outline",
      { "data-key": `act-${action.key}`, "aria-label": action.tip, "aria-expanded": action.fields.length ? String(open?.key === action.key) : null, onclick: () => (open?.key === action.key ? close() : begin(action)) },
      action.label,
    );

  // ---- Drawing

  const line = (row) => [
    el(
      "tr",
      { class: row.void ? "void" : null },
      el("td", { class: "product" }, el("b", {}, row.product), el("span", { class: "code quiet" }, row.code), row.returned ? el("span", { class: "tag" }, row.returned) : null),
      el("td", { class: "number", "data-label": words().columns.quantity }, row.quantity),
      el("td", { class: "number price", "data-label": words().columns.price }, row.price),
      el("td", { class: "number discount", "data-label": words().columns.discount }, row.discount),
      el("td", { class: "number amount" }, row.amount),
      el("td", { class: "follow quiet", title: row.follow_full }, row.follow),
      el("td", { class: "do" }, row.action ? actButton(row.action, true) : null),
    ),
    row.action && open?.key === row.action.key ? el("tr", { class: "writing" }, el("td", { colspan: 7 }, stepForm(row.action))) : null,
  ];

  const table = () => {
    const texts = words();
    const heads = ["product", "quantity", "price", "discount", "amount", "follow"];
    return el(
      "table",
      { "aria-label": texts.lines },
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          heads.map((name) => el("th", { scope: "col", class: ["quantity", "price", "discount", "amount"].includes(name) ? `number ${name}` : name }, texts.columns[name])),
          el("th", { scope: "col", class: "do" }, el("span", { class: "unseen" }, texts.columns.action)),
        ),
      ),
      el("tbody", {}, model.state.lines.flatMap(line)),
    );
  };

  const sums = () => el("dl", { class: "sums" }, model.state.sums.map(([label, amount, kind]) => el("div", { class: kind }, el("dt", {}, label), el("dd", {}, amount))));

  const facts = (title, id, rows) =>
    el(
      "section",
      { "aria-labelledby": id },
      el("h2", { id }, title),
      el("dl", { class: "facts" }, rows.map(([label, value, url]) => el("div", {}, el("dt", {}, label), el("dd", {}, url ? pageLink(url, {}, value) : value)))),
    );

  const drawPage = () => {
    const { missing, status, who, facts: about, ship, history, actions, whatsapp } = model.state;
    const texts = words();
    if (missing) {
      page.replaceChildren(el("p", { class: "empty" }, missing), el("p", {}, pageLink("orders", { class: "button outline" }, texts.back)));
      return;
    }
    const shown = actions.find((action) => action.key === open?.key);
    page.replaceChildren(
      el(
        "div",
        { class: "acts" },
        el("span", { class: `mark ${status.tone}` }, status.text),
        el(
          "div",
          { class: "row" },
          actions.map((action) => actButton(action)),
          button("button outline", { "data-key": "print", onclick: () => print() }, texts.print),
          whatsapp ? el("a", { class: "button outline", href: whatsapp, target: "_blank", rel: "noopener noreferrer", "data-key": "whatsapp" }, icon("whatsapp"), texts.whatsapp) : null,
        ),
      ),
      shown ? stepForm(shown) : "",
      table(),
      sums(),
      el(
        "div",
        { class: "columns" },
        facts(texts.customer, "who", who),
        facts(texts.delivery, "ship", ship),
        facts(texts.order, "about", about),
        el(
          "section",
          { "aria-labelledby": "history" },
          el("h2", { id: "history" }, texts.history),
          el(
            "ol",
            { class: "history" },
            history.map((entry) =>
              el("li", {}, el("time", { title: entry.at_full }, entry.at), el("span", {}, el("b", {}, entry.text), entry.by ? el("span", { class: "quiet" }, ` ${entry.by}`) : null, entry.reason ? el("span", { class: "reason quiet" }, entry.reason) : null)),
            ),
          ),
        ),
      ),
    );
  };

  // What the printer gets: the confirmation, and nothing of the screen.
  const drawPaper = () => {
    const { missing, printed } = model.state;
    if (missing) {
      paper.replaceChildren();
      return;
    }
    paper.replaceChildren(
      el("header", {}, el("b", {}, printed.company), el("span", {}, printed.title)),
      el("div", { class: "two" }, printed.blocks.map((block) => el("div", {}, el("h2", {}, block.title), block.lines.map((text) => el("p", {}, text))))),
      el(
        "table",
        {},
        el("thead", {}, el("tr", {}, printed.columns.map((text, place) => el("th", { scope: "col", class: place ? "number" : null }, text)))),
        el("tbody", {}, printed.rows.map((row) => el("tr", {}, row.map((text, place) => el("td", { class: place ? "number" : null }, text))))),
      ),
      el("dl", { class: "sums" }, printed.sums.map(([label, amount, kind]) => el("div", { class: kind }, el("dt", {}, label), el("dd", {}, amount)))),
      el("p", {}, printed.foot),
    );
  };

  const draw = () =>
    keepFocus(root, () => {
      if (model.state.visit !== visit) {
        visit = model.state.visit;
        open = null;
        const left = local.order_step;
        if (left?.visit === visit) open = { ...left, sending: false };
        else delete local.order_step;
      }
      drawPage();
      drawPaper();
    });

  model.on("state", draw);
  model.on("msg:custom", (message) => {
    if (message.do !== "answer" || message.token !== open?.token) return;
    open.sending = false;
    if (!message.wrong) {
      close(false);
      return;
    }
    open.wrong = message.wrong;
    draw();
    root.querySelector(".step-form [aria-invalid=true]")?.focus();
  });

  onKey(model, root, (key) => {
    if (key !== "e" || model.state.missing || !model.state.actions.some((action) => action.key === "correct")) return false;
    model.send_msg({ do: "step", key: "correct", token: token(), typed: {} });
    return true;
  });

  if (model.state.visit) draw();
}
