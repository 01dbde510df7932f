const FIELDS = ["title", "day", "at", "note"];

export function render({ model, el: root }) {
  const title = el("h2", { id: "title" });
  const tools = el("div", { class: "tools" });
  const top = el("div", {});
  const list = el("ul", { class: "items", "aria-labelledby": "title" });
  const note = el("p", { class: "empty" });
  const more = el("p", { class: "quiet more" });
  const claim = el("p", { class: "claim" });
  const bar = el("progress", { max: 1 });
  const told = el("span", { class: "quiet" });
  const progress = el("div", { class: "progress" }, told, bar);
  root.append(
    el("section", { "aria-labelledby": "title" }, el("div", { class: "top" }, title, tools), claim, top, note, list, more, progress),
  );

  let selected = null;
  let form = null; // {element, id, token, saving}
  // A lost connection that comes back draws every part anew: what is being typed is kept beside them.
  const drafts = (window.ecrmDrafts ??= {});
  let ahead = new Map(); // what was ticked or deleted here and the server has not answered yet

  const words = () => model.state.words;
  const items = () => model.state.items.filter((item) => ahead.get(item.id) !== "deleted").map((item) => (ahead.has(item.id) ? { ...item, done: ahead.get(item.id) } : item));
  const find = (id) => items().find((item) => item.id === id);

  // ---- Gestures

  const tick = (id, done) => {
    ahead.set(id, done);
    draw();
    model.send_msg({ do: "tick", id, done });
  };

  const remove = () => {
    if (selected === null) return;
    const all = items();
    const at = all.findIndex((item) => item.id === selected);
    const id = selected;
    ahead.set(id, "deleted");
    if (form?.id === id) closeForm();
    select((all[at + 1] ?? all[at - 1])?.id ?? null, true);
    model.send_msg({ do: "delete", id });
  };

  let claiming = false; // pressed, and the server has not answered yet: a second press would take a second one
  const take = () => {
    if (!model.state.claim || claiming) return;
    claiming = true;
    draw();
    model.send_msg({ do: "claim" });
  };

  const accept = () => {
    const item = find(selected);
    if (!item?.proposed || item.done) return;
    model.send_msg({ do: "accept", id: item.id });
  };

  const decide = (what) => {
    const item = find(selected);
    if (!item || item.done || (what === "dismiss" && !item.may_dismiss)) return;
    model.send_msg({ do: what, id: item.id });
  };

  const select = (id, focus = false) => {
    selected = id;
    draw();
    if (focus && id !== null) {
      const row = list.querySelector(`[data-id="${id}"]`);
      row?.querySelector("[type=radio]")?.focus({ preventScroll: true });
      row?.scrollIntoView({ block: "nearest" });
    }
  };

  const move = (step) => {
    const all = items();
    if (!all.length) return;
    const at = all.findIndex((item) => item.id === selected);
    const next = at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + step));
    select(all[next].id, true);
  };

  // ---- The form

  const field = (name, label, input, told = null) => {
    const wrong = el("span", { class: "wrong", id: `wrong-${name}`, role: "alert" });
    input.id = `field-${name}`;
    input.name = name;
    input.dataset.key = `field-${name}`;
    input.setAttribute("aria-describedby", wrong.id);
    return el("div", { class: "field" }, el("label", { for: input.id }, label), input, told, wrong);
  };

  const typedIn = (element) => Object.fromEntries(FIELDS.map((name) => [name, element.elements[name].value]));

  const openForm = (item = null, draft = null) => {
    closeForm();
    const texts = words().form;
    const values = { id: null, title: "", day: model.state.day, at: "", note: "", ...item, ...draft?.typed };
    // Browsers write a date as the machine is set up; in words it is sure to be understood.
    const inWords = el("output", { class: "quiet", for: "field-day" });
    const sayDay = (iso) => {
      const day = new Date(`${iso}T00:00`);
      inWords.textContent = Number.isNaN(day.getTime())
        ? ""
        : day.toLocaleDateString(model.state.locale, { weekday: "long", day: "numeric", month: "short", year: "numeric" });
    };
    sayDay(values.day);
    const element = el(
      "form",
      { class: "form", novalidate: true, "aria-label": item ? texts.edit : texts.new },
      field("title", texts.title, el("input", { type: "text", maxlength: 200, autocomplete: "off", placeholder: texts.title_hint, value: values.title })),
      el(
        "div",
        { class: "pair" },
        field("day", texts.day, el("input", { type: "date", value: values.day, oninput: (event) => sayDay(event.target.value) }), inWords),
        field("at", texts.at, el("input", { type: "text", inputmode: "numeric", maxlength: 8, autocomplete: "off", placeholder: texts.at_hint, value: values.at })),
      ),
      field("note", texts.note, el("textarea", { rows: 2, maxlength: 4000, value: values.note })),
      el(
        "div",
        { class: "buttons" },
        el("button", { type: "submit", class: "button primary", title: texts.save_hint }, texts.save),
        el("button", { type: "button", class: "button", title: "Esc", onclick: () => closeForm(true) }, texts.cancel),
      ),
    );
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
    form = { element, id: values.id, token: draft?.token ?? crypto.getRandomValues(new Uint32Array(2)).join("-"), saving: false };
    element.addEventListener("input", () => (drafts.agenda = { id: form.id, token: form.token, typed: typedIn(element) }));
    if (draft) drafts.agenda = draft;
    draw();
    element.querySelector("#field-title").focus();
    element.scrollIntoView({ block: "nearest" });
  };

  const closeForm = (refocus = false) => {
    if (!form) return;
    const id = form.id;
    form.element.remove();
    form = null;
    delete drafts.agenda;
    draw();
    if (!refocus) return;
    if (id !== null) select(id, true);
    else tools.querySelector("button")?.focus();
  };

  const save = () => {
    if (form.saving) return;
    const typed = typedIn(form.element);
    form.saving = true;
    form.element.querySelector("[type=submit]").setAttribute("aria-disabled", "true");
    form.element.classList.add("saving");
    model.send_msg({ do: "save", id: form.id, token: form.token, ...typed });
  };

  const answer = ({ token, wrong }) => {
    if (form?.token !== token) return;
    form.saving = false;
    form.element.classList.remove("saving");
    form.element.querySelector("[type=submit]").removeAttribute("aria-disabled");
    if (!wrong) {
      closeForm(true);
      return;
    }
    let first = null;
    for (const name of FIELDS) {
      const input = form.element.elements[name];
      input.setAttribute("aria-invalid", String(name in wrong));
      form.element.querySelector(`#wrong-${name}`).textContent = wrong[name] ?? "";
      if (name in wrong) first ??= input;
    }
    first?.focus();
  };

  // ---- Drawing

  const row = (item) => {
    const texts = words().item;
    const radio = el("input", {
      type: "radio",
      name: "selected",
      checked: item.id === selected,
      "aria-label": item.labels.select,
      "data-key": `select-${item.id}`,
      onchange: () => select(item.id),
    });
    // One stop for the Tab key, as radio buttons of one name have it.
    radio.tabIndex = item.id === (selected ?? items()[0]?.id) ? 0 : -1;
    const box = el("input", {
      type: "checkbox",
      checked: item.done,
      "aria-label": item.done ? item.labels.untick : item.labels.tick,
      title: "x",
      "data-key": `tick-${item.id}`,
      onchange: () => tick(item.id, !item.done),
    });
    return el(
      "li",
      { class: `row${item.done ? " done" : ""}${item.id === selected ? " selected" : ""}`, "data-id": item.id },
      el("label", { class: "hit" }, radio),
      el("label", { class: "hit" }, box),
      el("span", { class: "at" }, item.at),
      el(
        "span",
        { class: "what", onclick: () => select(item.id, true), ondblclick: () => openForm(item) },
        el(
          "span",
          { class: "line" },
          item.customer ? pageLink(item.url, { class: "who", "data-key": `open-${item.id}` }, item.customer) : null,
          item.customer && item.what ? " · " : null,
          item.what,
        ),
        item.more ? el("span", { class: "quiet note" }, item.more) : null,
        item.note ? el("span", { class: "quiet note" }, item.note) : null,
      ),
      el(
        "span",
        { class: "marks" },
        item.late && !item.done ? el("span", { class: "late", title: item.late_since }, item.late) : null,
        item.proposed ? el("span", { class: "quiet proposed" }, texts.proposed) : null,
      ),
    );
  };

  const tool = (key, text, sign, tip, onclick, needed = false, found = true) => {
    const button = el(
      "button",
      { type: "button", class: key === "new" ? "button outline" : "button", title: tip, "data-key": key, onclick },
      icon(sign),
      el("span", {}, text),
    );
    button.disabled = needed && !found;
    return button;
  };

  const draw = () =>
    keepFocus(root, () => {
      const all = items();
      if (!all.some((item) => item.id === selected)) selected = null;
      const texts = words();
      title.textContent = texts.agenda;
      const chosen = selected === null ? null : find(selected);
      const open = chosen && !chosen.done;
      tools.replaceChildren(
        tool("new", texts.new, "plus", "n", () => openForm()),
        tool("edit", texts.edit, "edit", "Enter", () => selected !== null && openForm(find(selected)), true, chosen),
        tool("delete", texts.delete, "trash", "Delete", remove, true, chosen),
        tool("accept", texts.accept, "check", "a", accept, true, open && chosen.proposed),
        tool("move", texts.move, "calendar", "m", () => decide("move"), true, open),
        tool("dismiss", texts.dismiss, "close", "d", () => decide("dismiss"), true, open && chosen.may_dismiss),
      );
      const offer = model.state.claim;
      claim.hidden = !offer;
      claim.replaceChildren(
        ...(offer
          ? [
              el("span", { class: "quiet" }, offer.text),
              el("button", { type: "button", class: "button outline", title: "u", "data-key": "claim", "aria-disabled": claiming ? "true" : null, onclick: take }, offer.label),
            ]
          : []),
      );
      list.replaceChildren(
        ...all.map((item) => (form && form.id === item.id ? el("li", { class: "writing" }, form.element) : row(item))),
      );
      if (form && !all.some((item) => item.id === form.id)) top.replaceChildren(form.element);
      else if (form === null) top.replaceChildren();

      const moved = model.state.items.reduce((sum, item) => sum + (ahead.has(item.id) && ahead.get(item.id) !== "deleted" ? Number(ahead.get(item.id)) - Number(item.done) : 0), 0);
      const gone = model.state.items.filter((item) => ahead.get(item.id) === "deleted");
      const total = model.state.total - gone.length;
      const done = model.state.done + moved - gone.filter((item) => item.done).length;
      note.textContent = total === 0 ? texts.item.empty : done === total ? texts.item.all_done : "";
      note.hidden = !note.textContent;
      more.textContent = [model.state.hidden, model.state.left_over].filter(Boolean).join(" ");
      more.hidden = !more.textContent;
      progress.hidden = total === 0;
      told.textContent = texts.item.progress.replace("{done}", done).replace("{total}", total);
      bar.setAttribute("aria-label", texts.item.progress_label);
      bar.max = Math.max(1, total);
      bar.value = done;
    });

  // ---- From outside

  model.on("state", () => {
    ahead = new Map();
    claiming = false;
    draw();
  });

  model.on("msg:custom", (message) => {
    if (message.do === "answer") answer(message);
    else if (message.do === "open") openForm();
    else if (message.do === "go") goTo(message.url);
  });

  onKey(model, root, (key) => {
    const inList = selected !== null;
    if (key === "n") openForm();
    else if (key === "u" && model.state.claim) take();
    else if (key === "j" || key === "ArrowDown") move(1);
    else if (key === "k" || key === "ArrowUp") move(-1);
    else if (key === "x" && inList) tick(selected, !find(selected).done);
    else if (key === "Enter" && inList) openForm(find(selected));
    else if (key === "Delete" && inList) remove();
    else if (key === "a" && inList) accept();
    else if (key === "m" && inList) decide("move");
    else if (key === "d" && inList) decide("dismiss");
    else if (key === "Escape" && form) closeForm(true);
    else if (key === "Escape" && inList) {
      focused()?.blur();
      select(null);
    } else return false;
    return true;
  });

  draw();
  if (drafts.agenda) openForm({ id: drafts.agenda.id }, drafts.agenda);
  else if (model.state.writing) openForm();
}
