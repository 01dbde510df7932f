export function render({ model, el: root }) {
  const panel = el("section", { class: "panel", hidden: true, "aria-labelledby": "editor-title" });
  root.append(panel);

  let form = null; // {spec, element, read: Map of key → () => value, inputs, saving}
  let before = null; // what had the keyboard
  // A lost connection that comes back draws every part anew: what is being typed is kept beside them.
  const drafts = (window.ecrmDrafts ??= {});
  const draft = () => `editor ${model.state.name}`;
  const words = () => model.state.words;

  // ---- Fields: each answers {input(s), read}

  const sayDay = (iso) => {
    const day = new Date(`${iso}T00:00`);
    return Number.isNaN(day.getTime()) ? "" : day.toLocaleDateString(model.state.locale, { weekday: "long", day: "numeric", month: "short", year: "numeric" });
  };

  const line = (field, value, attributes = {}) =>
    el("input", { type: "text", autocomplete: "off", maxlength: field.limit ?? 200, placeholder: field.placeholder, value: value ?? "", ...attributes });

  const makers = {
    text: (field, value) => ({ input: line(field, value) }),
    clock: (field, value) => ({ input: line(field, value, { inputmode: "numeric", maxlength: 8 }) }),
    money: (field, value) => ({ input: line(field, value, { inputmode: "decimal", maxlength: 40 }) }),
    number: (field, value) => ({ input: line(field, value, { inputmode: "numeric", maxlength: 12 }) }),
    lines: (field, value) => ({ input: el("textarea", { rows: field.rows ?? 5, maxlength: field.limit ?? 4000, value: value ?? "" }) }),
    date(field, value) {
      // Browsers write a date as the machine is set up; in words it is sure to be understood.
      const inWords = el("output", { class: "quiet in-words", for: `edit-${field.key}` }, sayDay(value));
      const input = el("input", { type: "date", value: value ?? "", oninput: () => (inWords.textContent = sayDay(input.value)) });
      return { input, after: inWords };
    },
    select(field, value) {
      const input = el("select", {}, field.options.map((option) => el("option", { value: option.value }, option.label)));
      input.value = value ?? "";
      return { input };
    },
    suggest(field, value) {
      const list = el("datalist", { id: `offer-${field.key}` }, field.options.map((option) => el("option", { value: option })));
      return { input: line(field, value, { list: list.id }), after: list };
    },
    check(field, value) {
      const input = el("input", { type: "checkbox", checked: Boolean(value) });
      return { input, read: () => input.checked };
    },
    people,
    filled,
  };

  /** Lines with blanks to put in, and below them how they will read. */
  function filled(field, value) {
    const input = el("textarea", { rows: field.rows ?? 8, maxlength: field.limit ?? 4000, value: value ?? "", spellcheck: "false", lang: field.lang });
    const put = (text) => {
      input.focus();
      // Typed rather than set, so that it can be undone like anything typed.
      if (!document.execCommand("insertText", false, text)) input.setRangeText(text, input.selectionStart, input.selectionEnd, "end");
      input.dispatchEvent(new Event("input", { bubbles: true }));
    };
    const blanks = el(
      "div",
      { class: "blanks", role: "group", "aria-label": field.blanks_label },
      field.blanks.map((blank) => el("button", { type: "button", class: "blank", title: blank.label, "aria-label": `${blank.text} ${blank.label}`, "data-key": `blank-${field.key}-${blank.text}`, onclick: () => put(blank.text) }, blank.text)),
    );
    const reads = el("p", { class: "reads", lang: field.lang, "aria-live": "polite" });
    const after = [blanks, el("div", { class: "sample" }, el("span", { class: "quiet" }, field.sample_label), reads)];
    // What cannot be read leaves the sample as it was; what is wrong stands beside the field.
    const tell = ({ text }) => text !== undefined && (reads.textContent = text || "–");
    return { input, after, tell };
  }

  let asking = 0;
  /** Ask how the texts being written will read, once the typing pauses. */
  const askHow = (wait) => {
    clearTimeout(asking);
    const asked = form;
    if (!asked || ![...asked.made.values()].some(({ tell }) => tell)) return;
    asking = setTimeout(() => form === asked && model.send_msg({ do: "typed", token: form.spec.token, id: form.spec.id, kind: form.spec.kind, values: typedIn() }), wait);
  };

  /** Everybody, or those ticked in a list that can be searched. */
  function people(field, value) {
    const texts = words().people;
    const chosen = new Set(value ?? []);
    let all = value === null || value === undefined;
    const name = `edit-${field.key}`;
    const radio = (everybody, text) => {
      const input = el("input", { type: "radio", name, value: everybody ? "all" : "some", checked: all === everybody, "data-key": `${name}-${everybody ? "all" : "some"}` });
      input.addEventListener("change", () => {
        all = everybody;
        show();
        if (!all) find.focus();
      });
      return el("label", { class: "choice" }, input, text);
    };
    const find = el("input", { type: "search", autocomplete: "off", spellcheck: "false", "aria-label": texts.search, placeholder: texts.search, "data-key": `${name}-find` });
    const told = el("span", { class: "quiet", role: "status" });
    const list = el("ul", { class: "ticks" });
    const none = el("p", { class: "quiet none" }, texts.nothing);
    const some = el("div", { class: "some" }, find, list, none, told);
    const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLocaleLowerCase();
    const rows = field.options.map((option) => {
      const input = el("input", { type: "checkbox", checked: chosen.has(option.value), "data-key": `${name}-${option.value}` });
      input.addEventListener("change", () => {
        if (input.checked) chosen.add(option.value);
        else chosen.delete(option.value);
        count();
      });
      const element = el("li", {}, el("label", { class: "choice" }, input, option.label));
      list.append(element);
      return { element, input, text: plain(option.label) };
    });
    const count = () => (told.textContent = texts.chosen.replace("{count}", chosen.size).replace("{total}", field.options.length));
    const sift = () => {
      const wanted = plain(find.value.trim()).split(/\s+/);
      for (const row of rows) row.element.hidden = !wanted.every((word) => row.text.includes(word));
      none.hidden = rows.some((row) => !row.element.hidden);
    };
    find.addEventListener("input", (event) => {
      event.stopPropagation(); // searching is not writing
      sift();
    });
    find.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.ctrlKey || event.metaKey) return;
      event.preventDefault(); // the one found is ticked, not the form sent
      const shown = rows.filter((row) => !row.element.hidden);
      if (shown.length !== 1) return;
      shown[0].input.click();
      find.value = "";
      sift();
    });
    const show = () => {
      some.hidden = all;
      count();
      sift();
    };
    const group = el("div", { class: "people", role: "radiogroup", "aria-label": field.label }, radio(true, texts.all), radio(false, texts.some), some);
    show();
    return { input: group, group: true, read: () => (all ? null : [...chosen]), focus: () => group.querySelector("input:checked")?.focus() };
  }

  const shown = {
    told: (field) => el("p", { class: "told" }, field.value),
    list: (field) =>
      el(
        "ul",
        { class: "facts" },
        field.items.map((item) => el("li", { class: item.quiet ? "quiet" : null, title: item.title }, el("span", {}, item.text), item.sub ? el("span", { class: "quiet" }, item.sub) : null)),
      ),
  };

  const make = (field, typed, made) => {
    const half = field.half ? " half" : "";
    if (shown[field.kind]) {
      return el("div", { class: `field${half}` }, field.label ? el("h3", {}, field.label) : null, shown[field.kind](field));
    }
    const { input, after, read, group, focus, tell } = makers[field.kind](field, field.key in typed ? typed[field.key] : field.value);
    const id = `edit-${field.key}`;
    const wrong = el("span", { class: "wrong", id: `wrong-${field.key}`, role: "alert" });
    const hint = field.hint ? el("span", { class: "quiet hint", id: `hint-${field.key}` }, field.hint) : null;
    if (!group) {
      input.id = id;
      input.dataset.key = id;
    }
    input.setAttribute("aria-describedby", [wrong.id, hint?.id].filter(Boolean).join(" "));
    made.set(field.key, { input, wrong, tell, read: read ?? (() => input.value), focus: focus ?? (() => input.focus()) });
    if (field.kind === "check") return el("div", { class: `field tick${half}` }, el("label", { class: "choice", for: id }, input, field.label), hint, wrong);
    return el("div", { class: `field${half}` }, group ? el("span", { class: "label" }, field.label) : el("label", { for: id }, field.label), input, tell ? [wrong, ...after, hint] : [after ?? null, hint, wrong]);
  };

  // ---- Opening and closing

  const typedIn = () => Object.fromEntries([...form.made].map(([key, { read }]) => [key, read()]));

  const open = (spec, typed = {}, focus = true) => {
    const again = form?.spec.token === spec.token;
    if (!again && !form) before = focused();
    const made = new Map();
    const texts = words();
    const message = el("div", { class: "message", role: "alert", hidden: true });
    const buttons = el(
      "div",
      { class: "buttons" },
      spec.save ? el("button", { type: "submit", class: "button primary", title: "Ctrl Enter", "data-key": "save" }, spec.save) : null,
      el("button", { type: "button", class: spec.save ? "button" : "button outline", title: "Esc", "data-key": "cancel", onclick: () => close() }, spec.save ? texts.cancel : texts.close),
      (spec.actions ?? []).map((action) =>
        el(
          "button",
          { type: "button", class: `button aside${action.danger ? " danger" : ""}`, "data-key": `do-${action.do}`, onclick: () => model.send_msg({ do: action.do, id: spec.id, kind: spec.kind }) },
          action.label,
        ),
      ),
    );
    const element = el(
      "form",
      { novalidate: true, "aria-labelledby": "editor-title" },
      el(
        "div",
        { class: "top" },
        el("div", { class: "named" }, el("h2", { id: "editor-title", tabindex: "-1" }, spec.title), spec.line ? el("p", { class: "quiet" }, spec.line) : null),
        el("button", { type: "button", class: "button square", "aria-label": texts.close, title: "Esc", onclick: () => close() }, icon("close")),
      ),
      message,
      el("div", { class: "fields" }, spec.fields.map((field) => make(field, typed, made))),
      buttons,
    );
    element.addEventListener("submit", (event) => {
      event.preventDefault();
      save();
    });
    element.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      if (event.key === "Escape") {
        event.stopPropagation();
        close();
      } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        save();
      }
    });
    // A field that goes away while it has the keyboard says "change" once more.
    const keep = () => spec.save && form?.element === element && (drafts[draft()] = { spec, typed: typedIn() });
    element.addEventListener("input", keep);
    element.addEventListener("input", () => askHow(250));
    element.addEventListener("change", keep);
    form = { spec, element, made, message, saving: false };
    panel.replaceChildren(element);
    panel.classList.toggle("wide", Boolean(spec.wide));
    panel.hidden = false;
    askHow(0);
    if (!focus) return;
    const first = spec.save ? [...made.values()][0] : null;
    if (first) first.focus();
    else element.querySelector("h2").focus({ preventScroll: true });
  };

  /** Take the panel away; what is typed in it goes too. */
  const shut = (refocus) => {
    if (!form) return;
    form = null;
    panel.hidden = true;
    panel.replaceChildren();
    delete drafts[draft()];
    if (refocus && before?.isConnected) before.focus({ preventScroll: true });
    before = null;
  };

  const close = () => {
    if (!form) return;
    const { token } = form.spec;
    shut(true);
    model.send_msg({ do: "close", token });
  };

  const save = () => {
    const { spec } = form;
    if (!spec.save) return;
    if (form.saving) {
      form.again = true; // asked for while the answer to what stood here before is on its way
      return;
    }
    form.saving = true;
    form.again = false;
    form.asked = JSON.stringify(typedIn());
    form.element.classList.add("saving");
    form.element.querySelector("[type=submit]").setAttribute("aria-disabled", "true");
    model.send_msg({ do: "save", token: spec.token, id: spec.id, kind: spec.kind, seen: spec.seen, values: typedIn() });
  };

  const answer = ({ token, wrong, message, newest }) => {
    if (form?.spec.token !== token) return;
    form.saving = false;
    if (form.again && JSON.stringify(typedIn()) !== form.asked) return save();
    form.element.classList.remove("saving");
    form.element.querySelector("[type=submit]").removeAttribute("aria-disabled");
    let first = null;
    for (const [key, field] of form.made) {
      field.input.setAttribute("aria-invalid", String(key in wrong));
      field.wrong.textContent = wrong[key] ?? "";
      if (key in wrong) first ??= field;
    }
    const rest = Object.entries(wrong).filter(([key]) => !form.made.has(key)).map(([, text]) => text);
    const said = [message, ...rest].filter(Boolean).join(" ");
    const { id, kind } = form.spec;
    form.message.hidden = !said;
    form.message.replaceChildren(
      el("p", {}, said),
      ...(newest ? [el("button", { type: "button", class: "button outline", "data-key": "newest", onclick: () => model.send_msg({ do: "newest", id, kind }) }, words().newest)] : []),
    );
    if (first) first.focus();
    else if (said) form.message.scrollIntoView({ block: "nearest" });
  };

  const told = (found) => {
    for (const [key, how] of Object.entries(found)) {
      const field = form.made.get(key);
      if (!field?.tell) continue;
      field.tell(how);
      field.input.setAttribute("aria-invalid", String(Boolean(how.wrong)));
      if (field.wrong.textContent !== (how.wrong ?? "")) field.wrong.textContent = how.wrong ?? "";
    }
  };

  // ---- From outside

  model.on("state", () => {
    const spec = model.state.form;
    if (!spec) shut(true);
    else if (form?.spec.token !== spec.token) {
      const aside = drafts[draft()];
      if (aside) drafts[`${draft()} ${aside.spec.kind} ${aside.spec.id}`] = aside; // half written, and left for another
      delete drafts[draft()];
      const left = drafts[`${draft()} ${spec.kind} ${spec.id}`];
      delete drafts[`${draft()} ${spec.kind} ${spec.id}`];
      const goOn = left && spec.save && JSON.stringify(left.spec.seen) === JSON.stringify(spec.seen);
      open(spec, goOn ? left.typed : {});
      if (goOn) drafts[draft()] = { spec, typed: left.typed };
    } else if (JSON.stringify(form.spec) !== JSON.stringify(spec)) keepFocus(root, () => open(spec, typedIn(), false));
  });

  model.on("msg:custom", (message) => {
    if (message.do === "answer") answer(message);
    else if (message.do === "told" && form?.spec.token === message.token) told(message.told);
  });

  onKey(model, root, (key, event) => {
    if (event.defaultPrevented) return false;
    if (key === "Escape" && form) close();
    else if (key === "n" && model.state.can_new && !form?.spec.save) model.send_msg({ do: "new" });
    else return false;
    return true;
  });

  const kept = drafts[draft()];
  const spec = model.state.form;
  if (kept && (!spec || spec.token === kept.spec.token)) open(spec ?? kept.spec, kept.typed);
  else if (spec) open(spec);
}
