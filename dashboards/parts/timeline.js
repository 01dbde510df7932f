Object.assign(ICONS, {
  order: ["M5 7h14l-1.2 12.5H6.2z", "M9 9.5V7a3 3 0 0 1 6 0v2.5"],
  response: ["m12 4.5 2.3 4.8 5.2.7-3.8 3.6.9 5.2-4.6-2.5-4.6 2.5.9-5.2L4.500 10l5.2-.7z"],
  greeting: ["M5 11.500h14v8H5z", "M12 11.500v8M4 8.500h16v3H4zM12 8.500c-5 0-4.500-4.500-2-4.200 1.400.2 2 2.200 2 4.200 0-2 .6-4 2-4.200 2.500-.3 3 4.200-2 4.200z"],
  note: ["M6 4.500h9l3.500 3.500v11.500H6z", "M9 11h6.500M9 14.500h6.500"],
  complaint: ["M12 4.500 21 19.500H3z", "M12 10v4.500M12 17v.2"],
  owner: ["M9 5.500a3 3 0 1 0 0 6 3 3 0 0 0 0-6", "M3.500 19c0-3 2.300-5 5.500-5s5.500 2 5.500 5", "M16 8.500h5m-2-2 2 2-2 2"],
  sms: ["M4.500 5.500h15v10.500H10l-4 3.500v-3.500H4.500z"],
});

const FEW = 8;

export function render({ model, el: root }) {
  const heading = el("h2", { id: "title" });
  const tools = el("div", { class: "tools" });
  const place = el("div", {});
  const chips = el("div", { class: "chips", role: "group", "aria-labelledby": "title" });
  const list = el("ol", { class: "entries", "aria-labelledby": "title" });
  const empty = el("p", { class: "empty" });
  const more = el("div", { class: "more" });
  const section = el("section", { "aria-labelledby": "title" }, el("div", { class: "top" }, heading, tools), place, chips, list, empty, more);
  root.append(section);

  // What is typed about each customer is kept beside the parts: see `customer_card.js`.
  const drafts = (window.ecrmDrafts ??= {});
  let form = null; // {kind, code, element, token, saving}
  let at = null; // key of the entry that has the cursor
  let shown = null; // whose timeline it is
  let waiting = false; // older ones were asked for
  let whole = false; // on a narrow screen the newest come first, and what was bought soon after them
  const narrow = matchMedia("(max-width: 959px)");
  let pressed = null; // chip pressed here and not answered yet

  const fresh = () => crypto.getRandomValues(new Uint32Array(2)).join("-");
  const draftName = (kind, code) => `${kind}:${code}`;

  // ---- Forms

  const field = (name, label, input) => {
    input.id = `field-${name}`;
    input.name = name;
    input.setAttribute("aria-describedby", `wrong-${name}`);
    return el("div", { class: `field ${name}` }, el("label", { for: input.id }, label), input, el("span", { class: "wrong", id: `wrong-${name}`, role: "alert" }));
  };

  const select = (options) => el("select", {}, options.map((option) => el("option", { value: option.value }, option.label)));

  const bodies = {
    note: (texts) => [field("text", texts.label, el("textarea", { rows: 3, maxlength: 4000, placeholder: texts.hint }))],
    contact: (texts) => [
      el(
        "div",
        { class: "three" },
        field("channel", texts.channel, select(texts.channels)),
        field("direction", texts.direction, select(texts.directions)),
        field("outcome", texts.outcome, select(texts.outcomes)),
      ),
      el(
        "div",
        { class: "three back" },
        field("day", texts.day, el("input", { type: "date" })),
        field("at", texts.at, el("input", { type: "text", inputmode: "numeric", maxlength: 8, autocomplete: "off", placeholder: texts.at_hint })),
      ),
      field("text", texts.note, el("textarea", { rows: 2, maxlength: 4000 })),
    ],
  };

  const read = () => Object.fromEntries(new FormData(form.element));

  const openForm = (kind, draft = null) => {
    if (form?.kind === kind) {
      form.element.querySelector("textarea, select").focus();
      return;
    }
    if (form) hideForm();
    const texts = model.state[kind];
    const code = model.state.code;
    draft ??= drafts[draftName(kind, code)] ?? null;
    const element = el(
      "form",
      { class: "form", novalidate: true, "aria-label": texts.title },
      bodies[kind](texts),
      el("p", { class: "wrong", id: "wrong-form", role: "alert" }),
      el(
        "div",
        { class: "buttons" },
        el("button", { type: "submit", class: "button primary", title: "Ctrl Enter" }, texts.save),
        el("button", { type: "button", class: "button", title: "Esc", onclick: () => closeForm(true) }, texts.cancel),
      ),
    );
    form = { kind, code, element, token: draft?.token ?? fresh(), saving: false };
    for (const [name, value] of Object.entries(draft?.typed ?? texts.values ?? {})) element.elements[name].value = value;
    const showBack = () => {
      const back = element.querySelector(".back");
      if (back) back.hidden = element.elements.outcome.value !== "call_back";
    };
    showBack();
    element.addEventListener("submit", (event) => {
      event.preventDefault();
      save();
    });
    element.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        event.stopPropagation();
        closeForm(true);
      } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        save();
      }
    });
    element.addEventListener("input", () => {
      showBack();
      drafts[draftName(kind, code)] = { token: form.token, typed: read() };
    });
    draw();
    if (draft?.quietly) return;
    element.querySelector(kind === "note" ? "textarea" : "select").focus();
    element.scrollIntoView({ block: "nearest" });
  };

  /** Put a form away; what is typed in it stays with its customer. */
  const hideForm = () => {
    form.element.remove();
    form = null;
  };

  const closeForm = (refocus = false) => {
    if (!form) return;
    const { kind, code } = form;
    delete drafts[draftName(kind, code)];
    hideForm();
    draw();
    if (refocus) tools.querySelector(`[data-key=${kind}]`)?.focus();
  };

  const save = () => {
    if (!form || form.saving) return;
    form.saving = true;
    form.element.classList.add("saving");
    model.send_msg({ do: form.kind, code: form.code, token: form.token, typed: read() });
  };

  const answer = ({ token, wrong }) => {
    if (form?.token !== token) return;
    form.saving = false;
    form.element.classList.remove("saving");
    if (!wrong) {
      closeForm(true);
      return;
    }
    let first = null;
    for (const input of form.element.elements) {
      if (!input.name) continue;
      input.setAttribute("aria-invalid", String(input.name in wrong));
      form.element.querySelector(`#wrong-${input.name}`).textContent = wrong[input.name] ?? "";
      if (input.name in wrong) first ??= input;
    }
    form.element.querySelector("#wrong-form").textContent = wrong[""] ?? "";
    first?.focus();
  };

  // ---- Entries

  const entryRow = (entry) =>
    el(
      "li",
      { class: `entry ${entry.tone ?? ""}${entry.key === at ? " here" : ""}`, "data-entry": entry.key, tabindex: entry.key === at ? "0" : "-1", "data-key": `entry-${entry.key}` },
      el("span", { class: "sign", title: entry.kind }, icon(entry.icon)),
      el(
        "div",
        { class: "told" },
        el("span", { class: "head" }, entry.url ? pageLink(entry.url, { class: "link" }, entry.head) : el("b", {}, entry.head), entry.mark ? el("span", { class: `mark ${entry.mark_tone}` }, entry.mark) : null, entry.sum ? el("span", { class: "sum" }, entry.sum) : null),
        entry.line ? el("span", { class: "line" }, entry.line) : null,
        entry.text ? el("span", { class: "text" }, entry.text) : null,
        entry.by ? el("span", { class: "quiet by" }, entry.by) : null,
      ),
      el("time", { class: "quiet", title: entry.at_full }, entry.at, el("span", {}, entry.clock)),
    );

  const move = (step) => {
    const { entries } = model.state;
    if (!entries.length) return false;
    const now = entries.findIndex((entry) => entry.key === at);
    const next = now < 0 ? 0 : Math.min(entries.length - 1, Math.max(0, now + step));
    at = entries[next].key;
    whole ||= next >= FEW;
    draw();
    const row = list.querySelector(`[data-entry="${at}"]`);
    row.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
    return true;
  };

  const press = (key) => {
    pressed = key;
    draw();
    model.send_msg({ do: "filter", kind: key });
  };

  const tool = (kind, label, sign, tip) =>
    el("button", { type: "button", class: "button", title: tip, "data-key": kind, "aria-expanded": String(form?.kind === kind), onclick: () => (form?.kind === kind ? closeForm(true) : openForm(kind)) }, icon(sign), label);

  const draw = () =>
    keepFocus(root, () => {
      const state = model.state;
      section.hidden = Boolean(state.missing);
      if (state.missing) return;
      heading.textContent = state.heading;
      tools.replaceChildren(
        tool("note", state.note.open, "note", "n"),
        tool("contact", state.contact.open, "phone", "c"),
        el("button", { type: "button", class: "button", "data-key": "complain", onclick: () => model.send_msg({ do: "complain" }) }, icon("complaint"), state.complain),
      );
      place.replaceChildren(...(form ? [form.element] : []));
      const now = pressed ?? state.kind;
      chips.replaceChildren(
        ...state.chips.map((chip) =>
          el("button", { type: "button", class: "chip", "aria-pressed": String(chip.key === now), "data-key": `chip-${chip.key}`, onclick: () => press(chip.key) }, chip.label),
        ),
      );
      const folded = narrow.matches && !whole && state.entries.length > FEW;
      list.replaceChildren(...(folded ? state.entries.slice(0, FEW) : state.entries).map(entryRow));
      list.hidden = !state.entries.length;
      empty.textContent = state.entries.length ? "" : state.empty;
      empty.hidden = state.entries.length > 0;
      more.replaceChildren(
        ...(state.more || folded
          ? [
              el(
                "button",
                {
                  type: "button",
                  class: "button outline",
                  "data-key": "more",
                  "aria-busy": String(waiting),
                  onclick: () => {
                    if (waiting) return;
                    if (folded) whole = true;
                    else {
                      waiting = true;
                      model.send_msg({ do: "more" });
                    }
                    draw();
                  },
                },
                waiting ? state.loading : state.more_label,
              ),
            ]
          : []),
      );
    });

  const follow = () => {
    waiting = false;
    pressed = null;
    const { code, missing } = model.state;
    if (form && form.code !== code) hideForm();
    if (code !== shown) {
      whole = false;
      at = null;
    }
    shown = code;
    draw();
    if (missing || form) return;
    for (const kind of ["note", "contact"]) {
      const draft = drafts[draftName(kind, code)];
      if (draft) {
        openForm(kind, { ...draft, quietly: true });
        break;
      }
    }
  };

  listen(model, narrow, "change", () => draw());
  model.on("state", follow);
  model.on("msg:custom", (message) => message.do === "answer" && answer(message));

  onKey(model, root, (key) => {
    if (model.state.missing) return false;
    if (key === "n") openForm("note");
    else if (key === "c") openForm("contact");
    else if (key === "j" || key === "ArrowDown") return move(1);
    else if (key === "k" || key === "ArrowUp") return move(-1);
    else if (key === "Enter" && at !== null) list.querySelector(`[data-entry="${at}"] a`)?.click();
    else return false;
    return true;
  });

  follow();
}
