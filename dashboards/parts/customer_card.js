const SINGLE = ["name", "email", "address", "city", "province", "postcode", "birth_day", "birth_month", "birth_year"];
const FIELDS = [...SINGLE, "phones"];
Object.assign(ICONS, {
  left: ["m14.5 5.5-6.5 6.5 6.5 6.5"],
  right: ["m9.5 5.5 6.5 6.5-6.5 6.5"],
  barred: ["M12 4.5a7.5 7.5 0 1 0 0 15 7.5 7.5 0 0 0 0-15", "m6.8 6.8 10.4 10.4"],
});

export function render({ model, el: root }) {
  const walk = el("nav", { class: "walk" });
  const title = el("h1", { tabindex: "-1" });
  const code = el("span", { class: "code quiet" });
  const status = el("span", { class: "status" });
  const since = el("span", { class: "quiet" });
  const ways = el("div", { class: "ways" });
  const refusal = el("p", { class: "refusal" });
  const line = el("p", { class: "line" });
  const facts = el("dl", { class: "facts" });
  const place = el("div", {});
  const head = el(
    "section",
    { class: "head", "aria-labelledby": "name" },
    el("div", { class: "first" }, el("div", { class: "who" }, title, code, status, since), ways),
    refusal,
    line,
    facts,
    place,
  );
  title.id = "name";
  const lost = el("div", { class: "lost" });
  root.append(walk, lost, head);

  // A lost connection that comes back draws every part anew, and somebody may look at another customer
  // in between: what is typed about each is kept beside the parts.
  const drafts = (window.ecrmDrafts ??= {});
  const draftName = () => `customer:${model.state.code}`;
  let form = null; // {code, element, token, version, base, choices: {field: null | "theirs" | "mine"}, conflict, saving}

  // ---- The form

  const read = () => {
    const typed = Object.fromEntries(SINGLE.map((name) => [name, form.element.elements[name].value]));
    typed.phones = [...form.element.querySelectorAll("[name=phone]")].map((input) => input.value);
    return typed;
  };

  const plain = (value) => JSON.stringify(Array.isArray(value) ? value.map((each) => each.trim()).filter(Boolean) : value.trim());
  const same = (one, other) => plain(one) === plain(other);

  const keep = () => {
    const { token, version, base, choices, conflict } = form;
    drafts[`customer:${form.code}`] = { token, version, base, choices, conflict, typed: read() };
  };

  const field = (name, label, input, extra = null) => {
    const wrong = el("span", { class: "wrong", id: `wrong-${name}`, role: "alert" });
    input.id = `field-${name}`;
    input.name = name;
    input.setAttribute("aria-describedby", `wrong-${name}`);
    return el("div", { class: `field ${name}` }, el("label", { for: input.id }, label), input, extra, wrong);
  };

  const phoneRow = (value, index) => {
    const texts = model.state.form.labels;
    const row = el(
      "span",
      { class: "phone-row" },
      el("input", {
        type: "tel",
        name: "phone",
        maxlength: 40,
        autocomplete: "off",
        "aria-label": texts.phone.replace("{number}", index + 1),
        "aria-describedby": "wrong-phones",
        value,
      }),
      el(
        "button",
        {
          type: "button",
          class: "button square",
          "aria-label": texts.remove_phone.replace("{number}", index + 1),
          title: texts.remove_phone.replace("{number}", index + 1),
          onclick: () => {
            setPhones([...row.parentElement.querySelectorAll("input")].filter((input) => input !== row.firstChild).map((input) => input.value), true);
            keep();
          },
        },
        icon("close"),
      ),
    );
    return row;
  };

  const setPhones = (numbers, focus = false) => {
    const list = form.element.querySelector(".phone-list");
    list.replaceChildren(...(numbers.length ? numbers : [""]).map(phoneRow));
    if (focus) list.lastChild.querySelector("input").focus();
  };

  const fill = (values) => {
    for (const name of SINGLE) form.element.elements[name].value = values[name];
    setPhones(values.phones);
  };

  const put = (name, value) => {
    if (name === "phones") setPhones(value);
    else form.element.elements[name].value = value;
  };

  const openForm = (draft = null) => {
    const { form: given, code: number } = model.state;
    if (!given) return;
    if (form) {
      form.element.querySelector("#field-name").focus();
      return;
    }
    const { labels, months } = given;
    const text = (attributes = {}) => el("input", { type: "text", autocomplete: "off", ...attributes });
    const element = el(
      "form",
      { class: "form", novalidate: true, "aria-label": labels.title },
      el("div", { class: "conflict" }),
      el(
        "div",
        { class: "grid" },
        field("name", labels.name, text({ maxlength: 200 })),
        el(
          "div",
          { class: "field phones", role: "group", "aria-labelledby": "label-phones" },
          el("span", { class: "label", id: "label-phones" }, labels.phones),
          el("span", { class: "phone-list" }),
          el("span", { class: "wrong", id: "wrong-phones", role: "alert" }),
          el(
            "button",
            {
              type: "button",
              class: "button more",
              onclick: () => {
                setPhones([...read().phones, ""], true);
                keep();
              },
            },
            icon("plus"),
            labels.add_phone,
          ),
        ),
        field("email", labels.email, el("input", { type: "email", maxlength: 254, autocomplete: "off" })),
        el(
          "div",
          { class: "field birth", role: "group", "aria-labelledby": "label-birth" },
          el("span", { class: "label", id: "label-birth" }, labels.birth_date),
          el(
            "span",
            { class: "birth-row" },
            text({ id: "field-birth_day", name: "birth_day", inputmode: "numeric", maxlength: 2, "aria-label": labels.birth_day, placeholder: labels.birth_day, "aria-describedby": "wrong-birth_date" }),
            el(
              "select",
              { id: "field-birth_month", name: "birth_month", "aria-label": labels.birth_month, "aria-describedby": "wrong-birth_date" },
              el("option", { value: "" }, labels.birth_month),
              months.map((month, index) => el("option", { value: String(index + 1) }, month)),
            ),
            text({ id: "field-birth_year", name: "birth_year", inputmode: "numeric", maxlength: 4, "aria-label": labels.birth_year, placeholder: labels.birth_year, "aria-describedby": "wrong-birth_date" }),
          ),
          el("span", { class: "quiet hint" }, labels.birth_hint),
          el("span", { class: "wrong", id: "wrong-birth_date", role: "alert" }),
        ),
        field("address", labels.address, el("textarea", { rows: 2, maxlength: 500 })),
        field("city", labels.city, text({ maxlength: 100 })),
        field("province", labels.province, text({ maxlength: 100 })),
        field("postcode", labels.postcode, text({ maxlength: 10, inputmode: "numeric" })),
      ),
      el("p", { class: "wrong", id: "wrong-form", role: "alert" }),
      el(
        "div",
        { class: "buttons" },
        el("button", { type: "submit", class: "button primary", title: "Ctrl Enter" }, labels.save),
        el("button", { type: "button", class: "button", title: "Esc", onclick: () => closeForm(true) }, labels.cancel),
        draft ? el("span", { class: "quiet kept" }, labels.kept) : null,
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
    element.addEventListener("input", (event) => {
      // A refusal holds until its field is typed into again.
      event.target.removeAttribute("aria-invalid");
      const wrong = element.querySelector(`#${event.target.getAttribute("aria-describedby") ?? "wrong-form"}`);
      if (wrong) wrong.textContent = "";
      keep();
    });
    form = {
      code: number,
      element,
      token: draft?.token ?? crypto.getRandomValues(new Uint32Array(2)).join("-"),
      version: draft?.version ?? given.version,
      base: draft?.base ?? given.values,
      choices: draft?.choices ?? {},
      conflict: draft?.conflict ?? null,
      saving: false,
    };
    fill(draft?.typed ?? given.values);
    drawConflict();
    draw();
    if (draft) return;
    element.querySelector("#field-name").focus();
    head.scrollIntoView({ block: "nearest" });
  };

  const closeForm = (refocus = false) => {
    if (!form) return;
    delete drafts[`customer:${form.code}`];
    form.element.remove();
    form = null;
    draw();
    if (refocus) ways.querySelector("[data-key=edit]")?.focus();
  };

  const say = (name, sentence) => (form.element.querySelector(`#wrong-${name}`).textContent = sentence);

  const save = () => {
    if (!form || form.saving) return;
    const open = Object.entries(form.choices).find(([, choice]) => choice === null);
    if (open) {
      form.element.querySelector(`[name="choice-${open[0]}"]`).focus();
      form.element.querySelector(".conflict .wrong").textContent = model.state.form.labels.choose_needed;
      return;
    }
    form.saving = true;
    form.element.classList.add("saving");
    form.element.querySelector("[type=submit]").setAttribute("aria-disabled", "true");
    model.send_msg({ do: "save", code: form.code, token: form.token, version: form.version, base: form.base, typed: read() });
  };

  const answer = ({ token, wrong, phone, conflict }) => {
    if (form?.token !== token) return;
    form.saving = false;
    form.element.classList.remove("saving");
    form.element.querySelector("[type=submit]").removeAttribute("aria-disabled");
    if (conflict) {
      meet(conflict);
      return;
    }
    if (!wrong) {
      closeForm(true);
      return;
    }
    const element = form.element;
    const about = { phones: element.querySelectorAll("[name=phone]"), birth_date: ["birth_day", "birth_month", "birth_year"].map((name) => element.elements[name]) };
    let first = null;
    for (const name of [...SINGLE.filter((each) => !each.startsWith("birth")), "phones", "birth_date"]) {
      say(name, wrong[name] ?? "");
      for (const input of about[name] ?? [element.elements[name]]) {
        const bad = name in wrong && (name !== "phones" || !phone || input.value.trim() === phone);
        input.setAttribute("aria-invalid", String(bad));
        if (bad) first ??= input;
      }
    }
    say("form", wrong[""] ?? "");
    first?.focus();
  };

  /** Somebody else has saved meanwhile: what only they changed is taken over, what both did is asked. */
  const meet = ({ line: told, version, base, fields }) => {
    const typed = read();
    const choices = {};
    for (const { name } of fields) {
      const parts = name === "birth_date" ? ["birth_day", "birth_month", "birth_year"] : [name];
      const mine = parts.some((part) => !same(typed[part], form.base[part]));
      const apart = parts.some((part) => !same(typed[part], base[part]));
      if (mine && apart) choices[name] = null;
      else for (const part of parts) put(part, base[part]);
    }
    form.conflict = { line: told, fields: fields.map((each) => ({ ...each, parts: each.name === "birth_date" ? ["birth_day", "birth_month", "birth_year"] : [each.name] })), mine: typed };
    form.choices = choices;
    form.version = version;
    form.base = base;
    drawConflict();
    keep();
    form.element.querySelector(".conflict").focus();
    form.element.scrollIntoView({ block: "nearest" });
  };

  const choose = (each, choice) => {
    form.choices[each.name] = choice;
    const values = choice === "theirs" ? form.base : form.conflict.mine;
    for (const part of each.parts) put(part, values[part]);
    form.element.querySelector(".conflict .wrong").textContent = "";
    keep();
  };

  const mineInWords = (each) => {
    const values = each.parts.map((part) => form.conflict.mine[part]);
    if (each.name === "birth_date") return [values[0], model.state.form.months[Number(values[1]) - 1] ?? "", values[2]].filter(Boolean).join(" ");
    return Array.isArray(values[0]) ? values[0].filter(Boolean).join(", ") : values[0];
  };

  const drawConflict = () => {
    const box = form.element.querySelector(".conflict");
    if (!form.conflict) {
      box.replaceChildren();
      box.removeAttribute("tabindex");
      return;
    }
    const { labels } = model.state.form;
    const nothing = labels.nothing;
    box.setAttribute("tabindex", "-1");
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", form.conflict.line);
    box.replaceChildren(
      el("p", { role: "alert" }, form.conflict.line),
      ...form.conflict.fields.map((each) => {
        if (!(each.name in form.choices)) {
          return el("p", { class: "quiet taken" }, labels.taken.replace("{field}", each.label).replace("{value}", each.now || nothing));
        }
        const option = (choice, label, value) =>
          el(
            "label",
            { class: "option" },
            el("input", { type: "radio", name: `choice-${each.name}`, value: choice, checked: form.choices[each.name] === choice, onchange: () => choose(each, choice) }),
            el("span", {}, el("span", { class: "quiet" }, `${label} `), el("b", {}, value || nothing)),
          );
        return el(
          "fieldset",
          {},
          el("legend", {}, each.label),
          each.before || each.now ? el("span", { class: "quiet before" }, labels.before.replace("{value}", each.before || nothing)) : null,
          option("theirs", labels.theirs, each.now),
          option("mine", labels.mine, mineInWords(each)),
        );
      }),
      el("p", { class: "wrong", role: "alert" }),
    );
  };

  // ---- Drawing

  const wayButton = (way) =>
    el(
      "a",
      {
        class: "button outline",
        href: way.href,
        target: way.outside ? "_blank" : null,
        rel: "noopener noreferrer",
        title: way.tip,
        "aria-label": way.label,
        "data-key": `way-${way.channel}`,
      },
      icon(way.channel),
      el("span", {}, way.word),
    );

  const drawHead = () => {
    const state = model.state;
    title.textContent = state.name;
    code.textContent = state.code;
    status.textContent = state.status.word;
    status.className = `status ${state.status.tone}`;
    status.title = state.status.title;
    since.textContent = state.status.since;
    ways.replaceChildren(
      ...state.ways.map(wayButton),
      pageLink(state.order.url, { class: "button primary", title: state.order.tip, "data-key": "order" }, icon("plus"), el("span", {}, state.order.label)),
      el("button", { type: "button", class: "button outline", title: "e", "data-key": "edit", onclick: () => openForm() }, icon("edit"), el("span", {}, state.words.edit)),
    );
    refusal.replaceChildren(...(state.refused ? [icon("barred"), el("span", {}, state.refused)] : []));
    refusal.hidden = !state.refused;
    line.textContent = state.line;
    line.hidden = !state.line;
    facts.replaceChildren(
      ...state.facts.map((fact) =>
        el(
          "div",
          {},
          el("dt", {}, fact.label),
          fact.values.map((value) =>
            el(
              "dd",
              { class: value.wrong ? "struck" : null, title: value.title },
              value.href ? el("a", { href: value.href }, value.text) : value.text,
              value.more ? el("span", { class: "quiet" }, ` ${value.more}`) : null,
            ),
          ),
        ),
      ),
    );
    facts.hidden = form !== null;
    place.replaceChildren(...(form ? [form.element] : []));
  };

  const step = (key, label, url, sign) =>
    url
      ? pageLink(url, { class: "button square", "aria-label": label, title: `${label} (${key === "previous" ? "[" : "]"})`, "data-key": key }, icon(sign))
      : el("span", { class: "button square none", "aria-hidden": "true" }, icon(sign));

  const draw = () =>
    keepFocus(root, () => {
      const { walk: on, missing } = model.state;
      walk.setAttribute("aria-label", on.label);
      walk.replaceChildren(
        pageLink(on.back.url, { class: "back", title: "Esc", "data-key": "back" }, icon("left"), on.back.label),
        ...(on.text ? [el("span", { class: "steps" }, step("previous", on.previous_label, on.previous, "left"), el("span", {}, on.text), step("next", on.next_label, on.next, "right"))] : []),
      );
      if (missing) {
        title.textContent = "";
        lost.replaceChildren(el("h1", { tabindex: "-1" }, missing.title), el("p", { class: "quiet" }, missing.sentence), pageLink(missing.back.url, { class: "button outline" }, missing.back.label));
      } else {
        lost.replaceChildren();
        drawHead();
      }
      lost.hidden = !missing;
      head.hidden = Boolean(missing);
      document.body.classList.add("ready");
    });

  // ---- From outside

  const follow = () => {
    if (form && form.code !== model.state.code) {
      form.element.remove(); // its draft stays
      form = null;
    }
    draw();
    if (form && model.state.form) return;
    if (!model.state.missing && drafts[draftName()]) openForm(drafts[draftName()]);
  };

  model.on("state", follow);
  model.on("msg:custom", (message) => message.do === "answer" && answer(message));

  onKey(model, root, (key) => {
    const { walk: on, missing } = model.state;
    if (key === "Escape") goTo(on.back.url);
    else if (key === "[" && on.previous) goTo(on.previous);
    else if (key === "]" && on.next) goTo(on.next);
    else if (missing) return false;
    else if (key === "o") goTo(model.state.order.url);
    else if (key === "w" && ways.querySelector("[data-key=way-whatsapp]")) ways.querySelector("[data-key=way-whatsapp]").click();
    else if (key === "e") openForm();
    else return false;
    return true;
  });

  follow();
  const greet = () => {
    if (!root.checkVisibility() || isTyping(focused())) return;
    (model.state.missing ? lost.querySelector("h1") : title).focus({ preventScroll: true });
  };
  listen(model, document, "ecrm:arrived", greet);
  if (performance.now() - (window.ecrmArrived ?? -Infinity) < 3000) setTimeout(greet);
}
