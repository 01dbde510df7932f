const PAUSE = 60; // ms that keys wait while an answer is under way; else they are searched for at once
const COUNTING = 200; // ms until a count that is missed is said to be missing

export function render({ model, el: root }) {
  const tabs = el("nav", { class: "tabs" });
  const find = el("div", { class: "find" });
  const chips = el("div", { class: "chips", id: "chips" });
  const more = el("button", { type: "button", class: "button outline more", "aria-controls": "chips", "aria-expanded": "false", "data-key": "more" });
  const clear = el("button", { type: "button", class: "button clear", "data-key": "clear" });
  const saver = el("div", { class: "saver" });
  const line = el("p", { class: "quiet told", role: "status" });
  const actions = el("div", { class: "actions" });
  root.append(tabs, el("div", { class: "row1" }, find, more, chips, clear, saver), el("div", { class: "row2" }, line, actions));

  const words = () => model.state.words;
  const made = new Map(); // key of a field → what draws it
  // What is typed and not yet answered outlives a lost connection, as the state of all parts does not.
  const drafts = (window.ecrmDrafts ??= {});
  const draft = `filters ${location.pathname}`;

  // ---- Search

  let asked = null; // the last text that was sent and not yet answered
  let pause = null;
  const box = el("input", { type: "search", id: "search", "data-key": "search-box", autocomplete: "off", spellcheck: "false", maxlength: 200 });
  const searchLabel = el("label", { class: "unseen", for: "search" });
  find.append(searchLabel, icon("search"), box, el("kbd", { "aria-hidden": "true" }, "/"));

  const search = () => {
    clearTimeout(pause);
    pause = null;
    asked = box.value;
    drafts[draft] = box.value;
    model.send_msg({ do: "search", text: box.value });
  };

  box.addEventListener("input", () => {
    drafts[draft] = box.value;
    if (asked === null) search();
    else pause ??= setTimeout(search, PAUSE);
  });

  /** From the search into the list, which hears this key as it hears any other. */
  const intoList = () => {
    box.blur();
    document.dispatchEvent(new CustomEvent("ecrm:key", { detail: { key: "ArrowDown" }, cancelable: true }));
  };

  box.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Enter") {
      if (pause !== null) search();
      intoList();
    } else if (event.key === "ArrowDown") intoList();
    else if (event.key === "Escape") {
      if (!box.value) box.blur();
      else {
        box.value = "";
        search();
      }
    } else return;
    event.preventDefault();
  });

  /** A late answer never overwrites what has been typed since. */
  const follow = (value) => {
    if (asked !== null) {
      if (value.trim() !== asked.trim()) return;
      if (pause !== null) return search();
      asked = null;
      delete drafts[draft];
      return;
    }
    if (box.value !== value && box.value.trim() !== value) box.value = value;
  };

  /** Another gesture decides what is searched for. */
  const forget = () => {
    clearTimeout(pause);
    pause = null;
    asked = null;
    delete drafts[draft];
  };

  // ---- Fields

  const send = (key, value) => model.send_msg({ do: "filter", key, value });
  const isSet = (field) => field.value !== "" && field.value !== null && field.value !== undefined && field.value !== false;

  const setOptions = (select, options) => {
    const told = JSON.stringify(options);
    if (select.told === told) return;
    select.told = told;
    select.replaceChildren(...options.map(({ value, label }) => el("option", { value }, label)));
  };

  const makers = {
    select(field) {
      const select = el("select", { id: `field-${field.key}`, "data-key": `field-${field.key}`, onchange: () => send(field.key, select.value) });
      return {
        parts: [select, icon("down")],
        show(now) {
          setOptions(select, now.always || now.options.some(({ value }) => value === "") ? now.options : [{ value: "", label: words().any }, ...now.options]);
          if (select.value !== String(now.value ?? "")) select.value = String(now.value ?? "");
        },
      };
    },
    month(field) {
      const inner = makers.select(field);
      const select = inner.parts[0];
      const step = (by, sign) =>
        el(
          "button",
          {
            type: "button",
            class: `step ${sign}`,
            "data-key": `${sign}-${field.key}`,
            onclick: () => {
              const next = select.options[select.selectedIndex + by];
              if (!next) return;
              select.value = next.value;
              send(field.key, next.value);
            },
          },
          icon("down"),
        );
      // Newest first, as in every list: one step back in time is one option further down.
      const [back, on] = [step(1, "back"), step(-1, "on")];
      return {
        parts: [back, ...inner.parts, on],
        show(now) {
          inner.show(now);
          for (const [button, text] of [[back, words().earlier], [on, words().later]]) {
            button.setAttribute("aria-label", text);
            button.title = text;
          }
          back.disabled = select.selectedIndex >= select.options.length - 1;
          on.disabled = select.selectedIndex <= 0 || select.options[select.selectedIndex - 1].value === "";
        },
      };
    },
    date(field) {
      const input = el("input", { type: "date", id: `field-${field.key}`, "data-key": `field-${field.key}`, onchange: () => send(field.key, input.value) });
      return {
        parts: [input],
        show(now) {
          if (focused() !== input && input.value !== (now.value ?? "")) input.value = now.value ?? "";
        },
      };
    },
    text(field) {
      const input = el("input", {
        type: "text",
        id: `field-${field.key}`,
        "data-key": `field-${field.key}`,
        autocomplete: "off",
        maxlength: 200,
        onchange: () => send(field.key, input.value),
      });
      return {
        parts: [input],
        show(now) {
          input.placeholder = now.placeholder ?? "";
          if (focused() !== input && input.value !== (now.value ?? "")) input.value = now.value ?? "";
        },
      };
    },
    toggle(field) {
      const button = el("button", { type: "button", class: "switch", "data-key": `field-${field.key}`, onclick: () => send(field.key, button.getAttribute("aria-pressed") !== "true") });
      return {
        own: button,
        show(now) {
          button.setAttribute("aria-pressed", String(Boolean(now.value)));
          button.replaceChildren(...(now.value ? [icon("check")] : []), now.label);
        },
      };
    },
    suggest(field) {
      const list = el("ul", { id: `list-${field.key}`, role: "listbox", hidden: true });
      const input = el("input", {
        type: "text",
        role: "combobox",
        id: `field-${field.key}`,
        "data-key": `field-${field.key}`,
        "aria-autocomplete": "list",
        "aria-expanded": "false",
        "aria-controls": list.id,
        autocomplete: "off",
        spellcheck: "false",
        maxlength: 200,
      });
      let options = [];
      let at = -1;
      let typed = false; // since the last choice
      let timer = null; // keys of one frame are one question
      let now = field;

      const shown = () => now.shown ?? now.value ?? "";
      const close = () => {
        list.hidden = true;
        input.setAttribute("aria-expanded", "false");
        input.removeAttribute("aria-activedescendant");
      };
      const mark = (index) => {
        at = index;
        for (const [place, option] of [...list.querySelectorAll("[role=option]")].entries()) {
          option.setAttribute("aria-selected", String(place === at));
          if (place === at) option.scrollIntoView({ block: "nearest" });
        }
        if (at >= 0) input.setAttribute("aria-activedescendant", `${list.id}-${at}`);
      };
      const choose = (index) => {
        const option = options[index];
        if (!option) return;
        typed = false;
        input.value = option.label;
        close();
        send(now.key, option.value);
      };
      const offer = () => {
        if (root.getRootNode().activeElement !== input || !typed) return close();
        if (!options.length && !input.value.trim()) return close();
        list.setAttribute("aria-label", now.label);
        list.replaceChildren(
          ...(options.length
            ? options.map((option, index) =>
                el(
                  "li",
                  {
                    role: "option",
                    id: `${list.id}-${index}`,
                    "aria-selected": "false",
                    onpointerdown: (event) => {
                      event.preventDefault();
                      choose(index);
                    },
                  },
                  el("span", {}, option.label),
                  option.note ? el("span", { class: "quiet" }, option.note) : null,
                ),
              )
            : [el("li", { class: "none quiet", role: "option", "aria-disabled": "true", "aria-selected": "false" }, words().nothing)]),
        );
        list.hidden = false;
        input.setAttribute("aria-expanded", "true");
        if (options.length) mark(0);
      };
      const ask = (text = input.value) => {
        timer = null;
        typed = true;
        model.send_msg({ do: "suggest", key: now.key, text });
      };
      input.addEventListener("input", () => {
        typed = true;
        timer ??= requestAnimationFrame(() => ask());
      });
      input.addEventListener("focus", () => {
        input.select();
        ask(isSet(now) ? "" : input.value);
      });
      input.addEventListener("blur", () => {
        cancelAnimationFrame(timer);
        timer = null;
        close();
        if (!typed) return;
        typed = false;
        if (!input.value.trim() && isSet(now)) send(now.key, "");
        else input.value = shown();
      });
      input.addEventListener("keydown", (event) => {
        const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
        if (step && options.length && !list.hidden) mark((at + step + options.length) % options.length);
        else if (step) ask();
        else if (event.key === "Enter" && !list.hidden && at >= 0) choose(at);
        else if (event.key === "Escape") {
          if (!list.hidden) {
            typed = false;
            input.value = shown();
            close();
          } else input.blur();
        } else return;
        event.preventDefault();
        event.stopPropagation();
      });
      return {
        parts: [input, list],
        show(next) {
          const fresh = JSON.stringify(next.options ?? []) !== JSON.stringify(options);
          const chosen = next.value !== now.value;
          now = next;
          options = next.options ?? [];
          input.placeholder = next.placeholder ?? "";
          if (chosen) typed = false;
          if (!typed && input.value !== shown()) input.value = shown();
          input.style.setProperty("--wide", `${Math.min(24, Math.max(12, (shown() || next.placeholder || "").length + 1))}ch`);
          if (typed && (fresh || list.hidden)) offer();
        },
      };
    },
  };

  const make = (field) => {
    const maker = makers[field.kind](field);
    const label = el("label", { for: `field-${field.key}` });
    const remove = el("button", { type: "button", class: "remove", "data-key": `remove-${field.key}` }, icon("close"));
    const chip = maker.own ?? el("div", { class: `chip ${field.kind}` }, label, maker.parts, remove);
    remove.addEventListener("click", () => {
      send(field.key, "");
      chip.querySelector("select, input")?.focus();
    });
    return {
      element: chip,
      kind: field.kind,
      show(now) {
        label.textContent = now.label;
        chip.classList.toggle("set", isSet(now) && !now.always);
        chip.classList.toggle("kept", Boolean(now.always));
        const text = words().remove.replace("{name}", now.label);
        remove.setAttribute("aria-label", text);
        remove.title = text;
        remove.hidden = !isSet(now) || Boolean(now.always);
        maker.show(now);
      },
    };
  };

  const drawFields = () => {
    const fields = model.state.fields ?? [];
    for (const [key, known] of made) {
      if (fields.some((field) => field.key === key && field.kind === known.kind)) continue;
      known.element.remove();
      made.delete(key);
    }
    for (const [at, field] of fields.entries()) {
      let known = made.get(field.key);
      if (!known) made.set(field.key, (known = make(field)));
      // Never moved needlessly: an open list of choices would close.
      if (chips.children[at] !== known.element) chips.insertBefore(known.element, chips.children[at] ?? null);
      known.show(field);
    }
    return fields.filter((field) => isSet(field) && !field.always);
  };

  // ---- Saved views

  let form = null;

  const openForm = () => {
    const input = el("input", { type: "text", id: "view-name", maxlength: 64, autocomplete: "off", placeholder: words().view_hint, "aria-describedby": "view-wrong" });
    const wrong = el("span", { class: "wrong", id: "view-wrong", role: "alert" });
    const element = el(
      "form",
      { class: "naming", novalidate: true },
      el("label", { for: "view-name" }, words().view_name),
      input,
      el("button", { type: "submit", class: "button primary" }, words().save),
      el("button", { type: "button", class: "button", onclick: () => closeForm(true) }, words().cancel),
      wrong,
    );
    element.addEventListener("submit", (event) => {
      event.preventDefault();
      if (element.classList.contains("saving")) return;
      element.classList.add("saving");
      model.send_msg({ do: "save_view", name: input.value });
    });
    element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      closeForm(true);
    });
    form = { element, input, wrong };
    draw();
    input.focus();
  };

  const closeForm = (refocus = false) => {
    form = null;
    draw();
    if (refocus) saver.querySelector("button")?.focus();
  };

  const drawViews = (narrowed) => {
    const views = model.state.views ?? [];
    const texts = words();
    tabs.hidden = views.length < 2;
    tabs.setAttribute("aria-label", texts.views);
    tabs.replaceChildren(
      ...(tabs.hidden ? [] : views).map((view) =>
        el(
          "span",
          { class: `tab${view.current ? " current" : ""}` },
          el(
            "button",
            {
              type: "button",
              class: "choose",
              "aria-current": view.current ? "true" : null,
              "data-key": `view-${view.id}`,
              onclick: () => {
                forget();
                model.send_msg({ do: "view", id: view.id });
              },
            },
            view.name,
          ),
          view.current && !view.fixed
            ? el(
                "button",
                {
                  type: "button",
                  class: "remove",
                  "aria-label": texts.delete_view.replace("{name}", view.name),
                  title: texts.delete_view.replace("{name}", view.name),
                  "data-key": `delete-view-${view.id}`,
                  onclick: () => model.send_msg({ do: "delete_view", id: view.id }),
                },
                icon("close"),
              )
            : null,
        ),
      ),
    );
    if (form) {
      if (saver.firstChild !== form.element) saver.replaceChildren(form.element);
    } else {
      const offered = model.state.can_save && narrowed && !views.some((view) => view.current && !view.fixed);
      saver.replaceChildren(...(offered ? [el("button", { type: "button", class: "button", "data-key": "save-view", onclick: openForm }, texts.save_view)] : []));
    }
  };

  // ---- The whole

  more.addEventListener("click", () => {
    const open = more.getAttribute("aria-expanded") !== "true";
    more.setAttribute("aria-expanded", String(open));
    root.classList.toggle("unfolded", open);
  });

  clear.addEventListener("click", () => {
    forget();
    box.value = "";
    model.send_msg({ do: "clear" });
    if (model.state.search) box.focus();
  });

  let counting = null;

  /** The sum in words; while it is counted anew the one before stays for a moment, paler. */
  const drawLine = () => {
    clearTimeout(counting);
    const told = model.state.line ?? "";
    const wait = Boolean(model.state.counting) && line.textContent !== "";
    line.classList.toggle("old", wait);
    if (!wait) line.textContent = told;
    else
      counting = setTimeout(() => {
        line.classList.remove("old");
        line.textContent = told;
      }, COUNTING);
  };

  const draw = () =>
    keepFocus(root, () => {
      const { search: sought, fields = [] } = model.state;
      const texts = words();
      find.hidden = !sought;
      if (sought) {
        searchLabel.textContent = sought.label;
        box.placeholder = sought.placeholder ?? "";
        box.title = "/";
        follow(sought.value ?? "");
      }
      const active = drawFields();
      more.hidden = !fields.length;
      more.replaceChildren(active.length ? `${texts.filters} (${active.length})` : texts.filters, icon("down"));
      const narrowed = active.length > 0 || Boolean(sought?.value);
      clear.hidden = !narrowed;
      clear.textContent = texts.clear;
      drawViews(narrowed);
      drawLine();
      actions.replaceChildren(
        ...(model.state.actions ?? []).map((action) => {
          const attributes = { class: action.primary ? "button primary" : "button outline", title: action.tip, "data-key": `do-${action.do}` };
          return action.href
            ? el("a", { ...attributes, href: action.href, download: "" }, action.label)
            : el("button", { ...attributes, type: "button", onclick: () => model.send_msg({ do: action.do }) }, action.label);
        }),
      );
    });

  model.on("state", draw);

  model.on("msg:custom", (message) => {
    if (message.do !== "answer_view" || !form) return;
    form.element.classList.remove("saving");
    form.wrong.textContent = message.wrong ?? "";
    form.input.setAttribute("aria-invalid", String(Boolean(message.wrong)));
    if (message.wrong) form.input.focus();
    else closeForm();
  });

  onKey(model, root, (key) => {
    if (key !== "/" || !model.state.search) return false;
    box.focus();
    box.select();
    return true;
  });

  const kept = drafts[draft];
  draw();
  if (kept !== undefined && kept !== box.value) {
    box.value = kept;
    search();
  }
}
