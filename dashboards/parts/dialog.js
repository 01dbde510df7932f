export function render({ model, el: root }) {
  const dialog = el("dialog", { "aria-labelledby": "dialog-title" });
  root.append(dialog);

  let now = null; // {state, form, saving, chosen: {key: {value, label}}, readers: {key: () => value}}
  // A lost connection that comes back draws every part anew: what is being typed is kept beside them.
  const drafts = (window.ecrmDrafts ??= {});
  const place = () => `dialog:${model.state.draft}`;

  // ---- Fields

  /** Below its input, or above where there is more room: the dialog must not cut it off. */
  const beside = (list, input) => {
    const { left, top, bottom, width } = input.getBoundingClientRect();
    const below = innerHeight - bottom;
    const up = below < 208 && top > below;
    Object.assign(list.style, {
      left: `${left}px`,
      width: `${width}px`,
      top: up ? "auto" : `${bottom + 4}px`,
      bottom: up ? `${innerHeight - top + 4}px` : "auto",
      maxHeight: `${Math.min(248, (up ? top : below) - 12)}px`,
    });
  };

  const described = (field) => [`hint-${field.key}`, `wrong-${field.key}`].join(" ");

  const input = (field, attributes) =>
    el("input", {
      id: `field-${field.key}`,
      name: field.key,
      autocomplete: "off",
      maxlength: field.limit,
      placeholder: field.placeholder,
      "aria-describedby": described(field),
      "aria-required": field.required ? "true" : null,
      value: field.value ?? "",
      ...attributes,
    });

  const kinds = {
    text: (field) => {
      const element = input(field, { type: "text" });
      return { element, read: () => element.value };
    },

    number: (field) => {
      const element = input(field, { type: "text", inputmode: "decimal" });
      return { element, read: () => element.value };
    },

    lines: (field) => {
      const element = el("textarea", {
        id: `field-${field.key}`,
        name: field.key,
        rows: field.rows ?? 3,
        maxlength: field.limit,
        placeholder: field.placeholder,
        "aria-describedby": described(field),
        value: field.value ?? "",
      });
      return { element, read: () => element.value };
    },

    date: (field) => {
      const words = el("output", { class: "quiet", for: `field-${field.key}` });
      // Browsers write a date as the machine is set up; in words it is sure to be understood.
      const say = (iso) => {
        const day = new Date(`${iso}T00:00`);
        words.textContent = Number.isNaN(day.getTime())
          ? ""
          : day.toLocaleDateString(field.locale ?? document.documentElement.lang, { weekday: "long", day: "numeric", month: "short", year: "numeric" });
      };
      const element = input(field, { type: "date", oninput: (event) => say(event.target.value) });
      say(field.value ?? "");
      return { element: el("span", { class: "stacked" }, element, words), read: () => element.value, focus: element };
    },

    select: (field) => {
      const element = el(
        "select",
        { id: `field-${field.key}`, name: field.key, "aria-describedby": described(field) },
        (field.options ?? []).map((option) => el("option", { value: option.value }, option.label)),
      );
      element.value = field.value ?? "";
      return { element, read: () => element.value };
    },

    rating: (field) => {
      const hint = el("output", { class: "quiet" });
      const radios = (field.options ?? []).map((option) => {
        const radio = el("input", { type: "radio", name: field.key, value: String(option.value), "aria-describedby": described(field) });
        radio.checked = String(option.value) === String(field.value ?? "");
        let was = radio.checked;
        // A rating given by mistake is taken away by choosing it once more.
        radio.addEventListener("pointerdown", () => (was = radio.checked));
        radio.addEventListener("click", () => {
          if (was) clear();
          was = false;
        });
        radio.addEventListener("change", () => say());
        return radio;
      });
      const read = () => radios.find((radio) => radio.checked)?.value ?? "";
      const say = () => {
        const chosen = (field.options ?? []).find((option) => String(option.value) === read());
        hint.textContent = [chosen?.title, chosen?.hint].filter(Boolean).join(". ");
      };
      const clear = () => {
        for (const radio of radios) radio.checked = false;
        say();
        keep();
      };
      const element = el(
        "span",
        { class: "rating", role: "radiogroup", "aria-labelledby": `label-${field.key}` },
        el(
          "span",
          { class: "stars" },
          radios.map((radio, index) => {
            const label = el("label", { title: field.options[index].title }, radio, el("span", {}, field.options[index].label));
            // Pressing the label presses its radio a moment later; what it was must be noted before.
            label.addEventListener("pointerdown", () => radio.dispatchEvent(new Event("pointerdown")));
            if (field.options[index].title) radio.setAttribute("aria-label", `${field.options[index].label}: ${field.options[index].title}`);
            return label;
          }),
        ),
        hint,
      );
      element.addEventListener("keydown", (event) => {
        if (["Delete", "Backspace", "0"].includes(event.key)) clear();
        else {
          const radio = radios.find((each) => each.value === event.key);
          if (!radio) return;
          radio.checked = true;
          radio.focus();
          say();
          keep();
        }
        event.preventDefault();
      });
      say();
      return { element, read, focus: () => radios.find((radio) => radio.checked) ?? radios[0], group: true };
    },

    suggest: (field) => {
      let chosen = field.value?.value ? field.value : null;
      let options = [];
      let at = -1;
      let timer = null;
      const list = el("ul", { class: "options", id: `options-${field.key}`, role: "listbox", "aria-labelledby": `label-${field.key}`, hidden: true });
      const element = input(field, {
        type: "text",
        role: "combobox",
        "aria-controls": list.id,
        "aria-expanded": "false",
        "aria-autocomplete": "list",
        value: field.value?.label ?? "",
      });
      const shut = () => {
        list.hidden = true;
        at = -1;
        element.setAttribute("aria-expanded", "false");
        element.removeAttribute("aria-activedescendant");
      };
      const choose = (option) => {
        chosen = option;
        element.value = option.label;
        shut();
        keep();
      };
      const mark = (index) => {
        at = index;
        for (const [position, row] of [...list.querySelectorAll("[role=option]")].entries()) {
          row.setAttribute("aria-selected", String(position === at));
          if (position === at) row.scrollIntoView({ block: "nearest" });
        }
        if (at >= 0) element.setAttribute("aria-activedescendant", `option-${field.key}-${at}`);
      };
      const show = (found) => {
        options = found;
        list.replaceChildren(
          ...found.map((option, index) =>
            el(
              "li",
              {
                role: "option",
                id: `option-${field.key}-${index}`,
                onpointerdown: (event) => event.preventDefault(),
                onclick: () => choose(option),
                onpointermove: () => at !== index && mark(index),
              },
              el("span", {}, option.label),
              option.hint ? el("span", { class: "quiet" }, option.hint) : null,
            ),
          ),
          ...(found.length || !element.value.trim() ? [] : [el("li", { class: "nothing quiet", role: "presentation" }, field.empty ?? "")]),
        );
        list.hidden = !list.children.length;
        beside(list, element);
        element.setAttribute("aria-expanded", String(!list.hidden));
        mark(found.length && element.value.trim() ? 0 : -1);
      };
      const ask = () => {
        clearTimeout(timer);
        timer = setTimeout(() => model.send_msg({ do: "suggest", token: now.state.token, key: field.key, text: element.value }), 120);
      };
      element.addEventListener("input", () => {
        chosen = null;
        ask();
      });
      element.addEventListener("focus", () => !chosen && ask());
      element.addEventListener("blur", shut);
      dialog.addEventListener("scroll", () => list.hidden || beside(list, element));
      element.addEventListener("keydown", (event) => {
        const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
        if (step && list.hidden) ask();
        else if (step && options.length) mark((at + step + options.length) % options.length);
        else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey && !list.hidden && at >= 0) choose(options[at]);
        else if (event.key === "Escape" && !list.hidden) {
          event.stopPropagation();
          shut();
        } else return;
        event.preventDefault();
      });
      return {
        element: el("span", { class: "suggesting" }, element, list),
        read: () => (element.value.trim() ? (chosen?.value ?? "") : ""),
        text: () => element.value,
        keep: () => (chosen && element.value.trim() ? chosen : element.value ? { value: "", label: element.value } : null),
        options: (text, found) => element.value === text && focused() === element && show(found),
        focus: element,
      };
    },
  };

  // ---- Opening and closing

  const typed = () => {
    const values = {};
    for (const [key, part] of Object.entries(now.parts)) {
      values[key] = part.read();
      if (part.text) values[`${key}_text`] = part.text();
    }
    return values;
  };

  const kept = () => Object.fromEntries(Object.entries(now.parts).map(([key, part]) => [key, part.keep ? part.keep() : part.read()]));

  const keep = () => {
    if (now) drafts[place()] = { state: now.state, values: kept() };
  };

  const open = (state, values = {}) => {
    const parts = {};
    const rows = state.fields.map((field) => {
      const part = kinds[field.kind]({ ...field, value: values[field.key] ?? field.value });
      parts[field.key] = part;
      const label = part.group
        ? el("span", { class: "label", id: `label-${field.key}` }, field.label)
        : el("label", { for: `field-${field.key}`, id: `label-${field.key}` }, field.label);
      return el(
        "div",
        { class: "field" },
        label,
        part.element,
        el("span", { class: "quiet hint", id: `hint-${field.key}` }, field.hint ?? ""),
        el("span", { class: "wrong", id: `wrong-${field.key}`, role: "alert" }),
      );
    });
    const form = el(
      "form",
      { novalidate: true },
      el("h2", { id: "dialog-title" }, state.title),
      state.text ? el("p", { class: "quiet" }, state.text) : null,
      el("div", { class: "fields" }, rows),
      el("p", { class: "wrong", id: "wrong-", role: "alert" }),
      el(
        "div",
        { class: "buttons" },
        el("button", { type: "submit", class: `button primary${state.danger ? " danger" : ""}`, title: "Ctrl Enter" }, state.save),
        el("button", { type: "button", class: "button", title: "Esc", onclick: cancel }, state.cancel),
      ),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      save();
    });
    form.addEventListener("input", keep);
    form.addEventListener("change", keep);
    now = { state, form, parts, saving: false };
    dialog.replaceChildren(form);
    if (!dialog.open) dialog.showModal();
    const first = Object.values(parts)[0];
    const target = typeof first?.focus === "function" && !(first.focus instanceof Element) ? first.focus() : (first?.focus ?? first?.element);
    (target ?? form.querySelector("[type=submit]")).focus();
    keep();
  };

  const close = () => {
    delete drafts[place()];
    now = null;
    if (dialog.open) dialog.close();
    dialog.replaceChildren();
  };

  const cancel = () => {
    if (!now) return;
    const { token } = now.state;
    drafts[`${place()}:over`] = token;
    close();
    model.send_msg({ do: "cancel", token });
  };

  const save = () => {
    if (!now || now.saving) return;
    now.saving = true;
    now.form.classList.add("saving");
    now.form.querySelector("[type=submit]").setAttribute("aria-disabled", "true");
    model.send_msg({ do: "save", token: now.state.token, values: typed() });
  };

  const answer = ({ token, wrong }) => {
    if (now?.state.token !== token) return;
    now.saving = false;
    now.form.classList.remove("saving");
    now.form.querySelector("[type=submit]").removeAttribute("aria-disabled");
    if (!wrong) {
      drafts[`${place()}:over`] = token;
      close();
      return;
    }
    let first = null;
    for (const [key, part] of Object.entries(now.parts)) {
      const target = typeof part.focus === "function" && !(part.focus instanceof Element) ? part.focus() : (part.focus ?? part.element);
      target.setAttribute("aria-invalid", String(key in wrong));
      now.form.querySelector(`#wrong-${CSS.escape(key)}`).textContent = wrong[key] ?? "";
      if (key in wrong) first ??= target;
    }
    now.form.querySelector("#wrong-").textContent = wrong[""] ?? "";
    first?.focus();
  };

  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    cancel();
  });
  dialog.addEventListener("click", (event) => event.target === dialog && cancel());
  dialog.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    save();
  });

  // ---- From outside

  const draw = () => {
    const state = model.state;
    const draft = drafts[place()];
    if (state.open && state.token !== drafts[`${place()}:over`]) {
      open(state, draft?.state.token === state.token ? draft.values : {});
    } else if (!state.open && now) close();
  };

  model.on("state", draw);
  model.on("msg:custom", (message) => {
    if (message.do === "answer") answer(message);
    else if (message.do === "options" && now?.state.token === message.token) now.parts[message.key]?.options?.(message.text, message.options);
  });

  draw();
  // The server began anew and knows nothing of it: what was typed is here still.
  const draft = drafts[place()];
  if (!now && draft) setTimeout(() => !now && root.isConnected && open(draft.state, draft.values));
  model.on("remove", () => (now = null));
}
