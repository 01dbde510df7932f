export function render({ model, el: root }) {
  const words = () => model.state.words;
  const shade = el("div", { class: "going", role: "progressbar", hidden: true });
  const rail = el("nav", { class: "rail" });
  const bar = el("header", { class: "bar" });
  const palette = el("dialog", { class: "palette" });
  const help = el("dialog", { class: "help" });
  root.append(rail, bar, shade, palette, help);

  let popover = null;
  let pending = null;
  let navigated = null;

  const send = (message) => model.send_msg(message);
  const mac = /Mac|iPhone|iPad/.test(navigator.platform);

  const scrolled = new Map(); // how far each address was scrolled, for coming back to it

  const go = (url, back = false) => {
    closePopover();
    if (!back) scrolled.set(place(), scrollY);
    shade.hidden = false;
    navigated = { back };
    send({ do: "go", url, back });
  };
  listen(model, document, "ecrm:go", (event) => go(event.detail.url));

  const logOut = () => {
    const token = document.cookie.split("; ").find((pair) => pair.startsWith("_xsrf="))?.slice(6) ?? "";
    const form = el(
      "form",
      { method: "post", action: "./logout" },
      el("input", { type: "hidden", name: "_xsrf", value: decodeURIComponent(token) }),
    );
    document.body.append(form);
    form.submit();
  };

  // ---- Navigation

  const drawRail = () => {
    const { nav, path, under, navigation } = model.state;
    rail.setAttribute("aria-label", navigation);
    rail.replaceChildren(
      el("div", { class: "brand" }, brandMark(), el("span", {}, "e-CRM")),
      el(
        "ul",
        {},
        nav.map((entry) =>
          el(
            "li",
            {},
            pageLink(
              entry.path,
              { class: "entry", "aria-current": entry.path === path ? "page" : entry.path === under ? "true" : null, title: entry.tip, "data-key": `nav-${entry.path}` },
              icon(entry.icon),
              el("span", { class: "label" }, entry.label),
              entry.count ? el("span", { class: "count", "aria-label": entry.counted }, String(entry.count)) : null,
            ),
          ),
        ),
        el(
          "li",
          { class: "narrow" },
          el("button", { type: "button", class: "entry", onclick: openPalette }, icon("search"), el("span", { class: "label" }, words().search_short)),
        ),
      ),
    );
  };

  const brandMark = () => {
    const svg = icon("");
    svg.setAttribute("class", "mark");
    svg.setAttribute("viewBox", "0 0 32 32");
    for (const [name, attributes] of [
      ["rect", { width: 32, height: 32, rx: 8, fill: "var(--accent)" }],
      [
        "path",
        {
          d: "M9 11.5c0 6.4 5.1 11.5 11.5 11.5 1.2 0 2.2-1 2.2-2.2v-2.1l-4-1.3-1.5 1.9c-2.2-1-4-2.8-5-5l1.9-1.5-1.3-4h-2.1C10 9.3 9 10.3 9 11.5z",
          fill: "var(--on-accent)",
        },
      ],
    ]) {
      const shape = document.createElementNS(SVG, name);
      for (const [key, value] of Object.entries(attributes)) shape.setAttribute(key, value);
      svg.append(shape);
    }
    return svg;
  };

  // ---- Header

  const drawBar = () => {
    const { date, date_full, unread, user, appearance, labels } = model.state;
    bar.replaceChildren(
      el("div", { class: "brand narrow" }, brandMark(), el("span", {}, "e-CRM")),
      el(
        "button",
        { type: "button", class: "search wide", onclick: openPalette, "aria-haspopup": "dialog", "data-key": "search" },
        icon("search"),
        el("span", {}, words().search),
        el("kbd", {}, mac ? "⌘ K" : "Ctrl K"),
      ),
      el("div", { class: "space" }),
      el("time", { class: "date", title: date_full }, date),
      el(
        "button",
        {
          type: "button",
          class: "button square bell",
          "aria-label": labels.unread,
          "aria-haspopup": "true",
          "aria-expanded": "false",
          title: labels.unread,
          "data-key": "bell",
          onclick: (event) => openPopover(event.currentTarget, noticesPanel()),
        },
        icon("bell"),
        unread.length ? el("span", { class: "badge", "aria-hidden": "true" }, String(unread.length)) : null,
      ),
      el(
        "button",
        {
          type: "button",
          class: "button square wide language",
          "aria-label": labels.language,
          title: labels.language,
          "data-key": "language",
          onclick: () => send({ do: "language" }),
        },
        words().language_short,
      ),
      el(
        "button",
        {
          type: "button",
          class: "button square wide",
          "aria-label": labels.appearance,
          title: labels.appearance,
          "data-key": "appearance",
          onclick: () => setAppearance({ system: "light", light: "dark", dark: "system" }[appearance]),
        },
        icon({ system: "system", light: "sun", dark: "moon" }[appearance]),
      ),
      el(
        "button",
        {
          type: "button",
          class: "button user",
          "aria-label": labels.menu,
          "aria-haspopup": "true",
          "aria-expanded": "false",
          "data-key": "user",
          onclick: (event) => openPopover(event.currentTarget, userPanel()),
        },
        el("span", { class: "initials", "aria-hidden": "true" }, user.initials),
        el("span", { class: "wide" }, user.first),
        icon("down"),
      ),
    );
  };

  const setAppearance = (value) => {
    window.ecrmTheme?.(value); // at once; the server only keeps it
    send({ do: "appearance", value });
  };

  const noticesPanel = () => {
    const { unread, labels } = model.state;
    return el(
      "div",
      { class: "popover notices" },
      el("h2", {}, unread.length ? words().unread_title : labels.unread),
      unread.map((notice) =>
        pageLink(
          `home?announcement=${notice.id}`,
          { class: "choice" },
          el("span", {}, notice.title),
          el("span", { class: "quiet", title: notice.day_full }, notice.day),
        ),
      ),
      pageLink("home", { class: "choice all" }, words().open_all),
    );
  };

  const userPanel = () => {
    const { user, actions } = model.state;
    const choice = (sign, text, onclick, tip) =>
      el("button", { type: "button", class: "choice", onclick }, icon(sign), el("span", {}, text), tip ? el("kbd", {}, tip) : null);
    return el(
      "div",
      { class: "popover" },
      el("div", { class: "who" }, el("b", {}, user.name), el("span", { class: "quiet" }, user.role)),
      actions
        .filter((action) => action.menu)
        .map((action) =>
          choice(action.icon, action.label, () => {
            closePopover();
            act(action);
          }),
        ),
      choice(
        "keyboard",
        words().keys,
        () => {
          closePopover();
          openHelp();
        },
        "?",
      ),
      choice("leave", words().log_out, logOut),
    );
  };

  const openPopover = (button, panel) => {
    const again = popover?.button === button;
    closePopover();
    if (again) return;
    popover = { button, panel };
    button.setAttribute("aria-expanded", "true");
    panel.addEventListener("keydown", (event) => {
      const choices = [...panel.querySelectorAll(".choice")];
      const at = choices.indexOf(event.target);
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step && at >= 0) {
        event.preventDefault();
        choices[(at + step + choices.length) % choices.length].focus();
      }
    });
    bar.append(panel);
    panel.querySelector(".choice")?.focus({ focusVisible: false });
  };

  const closePopover = (refocus = false) => {
    if (!popover) return false;
    popover.panel.remove();
    popover.button.setAttribute("aria-expanded", "false");
    if (refocus) popover.button.focus();
    popover = null;
    return true;
  };

  listen(model, window, "pointerdown", (event) => {
    const path = event.composedPath();
    if (popover && !path.includes(popover.panel) && !path.includes(popover.button)) closePopover();
  });

  // ---- Palette

  const act = (action) => {
    if (action.do === "go") go(action.url);
    else if (action.do === "appearance") setAppearance(action.value);
    else send({ do: action.do });
  };

  let answerPalette = () => {};
  model.on("msg:custom", (message) => message.do === "found" && answerPalette(message));

  const openPalette = () => {
    closePopover();
    const texts = words().palette;
    const { nav, actions } = model.state;
    const all = [
      ...nav.map((entry) => ({ group: texts.pages, label: entry.label, icon: entry.icon, tip: `g ${entry.key}`, do: "go", url: entry.path })),
      ...actions.map((action) => ({ group: texts.actions, ...action })),
    ];
    const input = el("input", {
      type: "search",
      role: "combobox",
      "aria-expanded": "true",
      "aria-controls": "choices",
      "aria-label": texts.title,
      placeholder: texts.placeholder,
      autocomplete: "off",
      spellcheck: "false",
    });
    const list = el("ul", { id: "choices", role: "listbox", "aria-label": texts.title });
    let shown = [];
    let at = 0;
    let found = { text: "", choices: [] }; // what the server knows by this text
    let hurried = false; // Enter was pressed before the answer

    const mark = (index) => {
      at = index;
      for (const [position, option] of [...list.querySelectorAll("[role=option]")].entries()) {
        option.setAttribute("aria-selected", String(position === at));
        if (position === at) option.scrollIntoView({ block: "nearest" });
      }
      input.setAttribute("aria-activedescendant", shown.length ? `choice-${at}` : "");
    };

    const choose = (index) => {
      const action = shown[index];
      if (!action) {
        hurried = found.text !== input.value.trim();
        return;
      }
      palette.close();
      act(action);
    };

    const draw = () => {
      const wanted = input.value.trim().toLocaleLowerCase();
      const pages = all.filter((action) => wanted.split(/\s+/).every((word) => action.label.toLocaleLowerCase().includes(word)));
      const waiting = wanted && found.text !== input.value.trim();
      shown = [...pages, ...(wanted ? found.choices : [])];
      const rows = [];
      let group = null;
      for (const [index, action] of shown.entries()) {
        if (action.group !== group) rows.push(el("li", { class: "group", role: "presentation" }, action.group));
        group = action.group;
        rows.push(
          el(
            "li",
            { role: "option", id: `choice-${index}`, onclick: () => choose(index), onpointermove: () => at !== index && mark(index) },
            icon(action.icon),
            el("span", {}, action.label, action.sub ? el("small", { class: "quiet" }, action.sub) : null),
            action.tip ? el("kbd", {}, action.tip) : null,
          ),
        );
      }
      if (!shown.length) {
        const told = waiting ? texts.searching : texts.nothing.replace("{text}", input.value.trim());
        rows.push(el("li", { class: "empty", role: "presentation" }, told));
      }
      list.replaceChildren(...rows);
      mark(Math.min(at, Math.max(0, shown.length - 1)));
    };

    answerPalette = ({ text, choices }) => {
      if (text !== input.value.trim()) return; // an answer to what was typed before
      found = { text, choices };
      draw();
      if (hurried) choose(at);
      hurried = false;
    };

    input.addEventListener("input", () => {
      at = 0;
      hurried = false;
      draw();
      const text = input.value.trim();
      if (text) send({ do: "find", text });
    });
    input.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step && shown.length) mark((at + step + shown.length) % shown.length);
      else if (event.key === "Enter") choose(at);
      else return;
      event.preventDefault();
    });
    palette.replaceChildren(el("div", { class: "typed" }, icon("search"), input), list, el("p", { class: "hint quiet" }, texts.hint));
    palette.setAttribute("aria-label", texts.title);
    draw();
    palette.showModal();
    input.focus();
  };

  // ---- Help

  const openHelp = () => {
    closePopover();
    const texts = words().help;
    const { nav, page_keys } = model.state;
    const rows = (keys) =>
      el("dl", {}, keys.map(([key, text]) => el("div", {}, el("dt", {}, key.split(" / ").map((each) => el("kbd", {}, each))), el("dd", {}, text))));
    help.setAttribute("aria-label", texts.title);
    help.replaceChildren(
      el(
        "div",
        { class: "top" },
        el("h2", {}, texts.title),
        el("button", { type: "button", class: "button square", "aria-label": words().close, title: words().close, onclick: () => help.close() }, icon("close")),
      ),
      el("h3", {}, texts.everywhere),
      rows([
        [mac ? "⌘ K" : "Ctrl K", texts.palette],
        ["/", texts.search],
        ...nav.map((entry) => [`g ${entry.key}`, entry.label]),
        [mac ? "⌘ Z" : "Ctrl Z", texts.undo],
        ["Esc", texts.back],
        ["?", texts.keys],
      ]),
      page_keys.length ? el("h3", {}, texts.on_page) : null,
      page_keys.length ? rows(page_keys) : null,
    );
    help.showModal();
  };

  for (const dialog of [palette, help]) {
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  }

  // ---- Keys

  const tellPage = (event) => {
    const told = new CustomEvent("ecrm:key", { detail: { key: event.key }, cancelable: true });
    document.dispatchEvent(told);
    if (told.defaultPrevented) event.preventDefault();
    return told.defaultPrevented;
  };

  listen(
    model,
    window,
    "keydown",
    (event) => {
      if (palette.open || help.open || event.isComposing) return;
      // What is asked in a dialog is answered there: the page behind it hears nothing.
      if (event.composedPath().some((each) => each.localName === "dialog" && each.open)) return;
      const at = event.composedPath()[0];
      const command = event.ctrlKey || event.metaKey;
      if (command && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "k") {
        event.preventDefault();
        openPalette();
        return;
      }
      if (event.key === "Escape" && closePopover(true)) return;
      if (isTyping(at) || event.altKey) return;
      if (command) {
        if (event.key.toLowerCase() === "z" && !event.shiftKey) document.dispatchEvent(new CustomEvent("ecrm:undo"));
        return;
      }
      if (pending) {
        clearTimeout(pending);
        pending = null;
        const entry = model.state.nav.find((each) => each.key === event.key);
        if (entry) {
          event.preventDefault();
          go(entry.path);
          return;
        }
      }
      if (event.key === "g") {
        pending = setTimeout(() => (pending = null), 1500);
        return;
      }
      if (event.key === "?") {
        event.preventDefault();
        openHelp();
        return;
      }
      // Enter and the arrows belong to what has the keyboard, where that knows them.
      const own = at.closest?.("a, button, summary, [role=option]");
      if (own && ["Enter", " "].includes(event.key)) return;
      if (at.type === "radio" && event.key.startsWith("Arrow")) return;
      if (popover) return;
      if (!tellPage(event) && event.key === "/") {
        event.preventDefault();
        openPalette();
      }
    },
    true,
  );

  // ---- The address bar

  const place = () => location.pathname.split("/").pop() + location.search;

  listen(model, window, "popstate", () => go(place(), true));

  // What is sent before the new server listens is lost: asked again until it answers.
  const comeBack = (url, tries = 8) => {
    setTimeout(() => {
      if (!tries || model.state.revision > 1) return;
      go(url, true);
      comeBack(url, tries - 1);
    }, 500);
  };

  const follow = () => {
    const { url, path, title, lang, appearance, revision, replace } = model.state;
    shade.hidden = true;
    document.documentElement.lang = lang;
    document.documentElement.dataset.page = path;
    document.title = title;
    window.ecrmTheme?.(appearance);
    // A server that began anew shows the address this page was loaded with; the user had gone on since.
    if (revision === 1 && window.ecrmPlace && window.ecrmPlace !== url) {
      comeBack(window.ecrmPlace);
      return;
    }
    window.ecrmPlace = url;
    // The first state belongs to the address as it was asked for.
    const instead = replace || revision === 1 || place() === "";
    if (place() !== url) history[instead ? "replaceState" : "pushState"](null, "", `./${url}`);
    if (navigated) {
      const { back } = navigated;
      navigated = null;
      window.ecrmArrived = performance.now();
      document.dispatchEvent(new CustomEvent("ecrm:arrived"));
      requestAnimationFrame(() => scrollTo(0, back ? (scrolled.get(url) ?? 0) : 0));
    }
  };

  let drawn = "";

  const draw = () => {
    // Most often only the address has changed: as somebody types into a search, at every key.
    const { url, title, replace, revision, ...shown } = model.state;
    const told = JSON.stringify(shown);
    if (told === drawn) return follow();
    drawn = told;
    keepFocus(root, () => {
      const open = popover && bar.contains(popover.panel);
      if (open) closePopover();
      drawRail();
      drawBar();
      follow();
    });
  };

  draw();
  model.on("state", draw);
}
