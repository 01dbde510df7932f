const KEPT = 5;

export function render({ model, el: root }) {
  // ---- What stands: the head, a message, the customer or what is instead of one, the outcomes

  const title = el("h1", { tabindex: "-1" });
  const place = el("span", { class: "place" });
  const clock = el("span", { class: "quiet" });
  const tally = el("span", { class: "quiet" });
  const buttons = el("div", { class: "buttons" });
  const unsaved = el("div", { class: "unsaved", role: "status" });
  const stage = el("div", { class: "stage" });
  const outcomes = el("div", { class: "outcomes", role: "group" });
  root.append(el("div", { class: "top" }, title, place, clock, tally, buttons), unsaved, stage, outcomes);

  // A lost connection that comes back draws every part anew: what is being typed is kept beside them.
  const drafts = ((window.ecrmDrafts ??= {}).telephone ??= {});
  const typed = new Map(); // of the calls just put on record, in case one is taken back
  const leaving = new Map(); // item → which skip it was, if one, until the server shows the queue without it
  let shown = null; // {item, text, wrong, form, …} as it stands on the page
  let skips = model.state.skips;
  let since = performance.now(); // when the state came: the clock goes on from there

  const words = () => model.state.words;
  const next = () => model.state.cards.find((card) => !leaving.has(card.item)) ?? null;
  const calling = () => model.state.phase === "calling";

  const draftOf = (item) => (drafts[item] ??= { note: "", wanted: "", channel: "phone", answers: {} });

  // ---- Gestures

  const end = (outcome) => {
    const card = shown?.card;
    if (!card || !calling()) return;
    const draft = draftOf(card.item);
    const answers = card.ask.map((each) => ({ line: each.line, ...draft.answers[each.line] }));
    const message = { do: "end", item: card.item, outcome: outcome.code, channel: draft.channel, note: draft.note, wanted: draft.wanted, answers };
    if (!outcome.asks) {
      leaving.set(card.item, { skip: Infinity });
      draw();
      focusTop();
    }
    model.send_msg(message);
    if (outcome.order) goTo(card.order);
  };

  const skip = () => {
    const card = shown?.card;
    if (!card || !calling()) return;
    if (model.state.cards.length > 1) {
      leaving.set(card.item, { skip: (skips += 1) });
      draw();
      focusTop();
    }
    model.send_msg({ do: "skip", item: card.item, number: skips });
  };

  const clockDo = (what) => {
    for (const button of root.querySelectorAll("[data-clock]")) button.setAttribute("aria-disabled", "true");
    model.send_msg({ do: what });
  };

  /** Whoever cannot see the page hears who it is now. */
  const focusTop = () => root.querySelector("#who")?.focus({ preventScroll: true });

  // ---- The customer

  const section = (name, ...children) => {
    const kept = children.flat().filter(Boolean);
    return kept.length ? el("section", {}, el("h2", {}, name), kept) : null;
  };

  const field = (id, label, input, key) =>
    el("div", { class: "field" }, el("label", { for: id }, label, key ? el("kbd", { "aria-hidden": "true" }, key) : null), input, el("span", { class: "wrong", id: `wrong-${id}`, role: "alert" }));

  const asking = (card, each, draft) => {
    const answer = (draft.answers[each.line] ??= { rating: "", text: "" });
    const name = `rating-${card.item}-${each.line}`;
    return el(
      "fieldset",
      { class: "ask" },
      el("legend", {}, each.legend, " ", el("span", { class: "quiet", title: each.bought_full }, each.bought)),
      el(
        "div",
        { class: "ratings" },
        each.ratings.map(([number, label]) =>
          el(
            "label",
            { class: "rating", title: label },
            el("input", {
              type: "radio",
              name,
              "data-rating": number,
              "aria-label": `${number}, ${label}`,
              checked: answer.rating === String(number),
              onchange: () => (answer.rating = String(number)),
            }),
            el("span", { "aria-hidden": "true" }, String(number)),
          ),
        ),
      ),
      el("input", {
        type: "text",
        maxlength: 4000,
        autocomplete: "off",
        "aria-label": words().said_of.replace("{product}", each.product),
        placeholder: words().said,
        value: answer.text,
        oninput: (event) => (answer.text = event.target.value),
      }),
    );
  };

  const writing = (card) => {
    const draft = draftOf(card.item);
    const list = el("datalist", { id: "wishes" });
    let timer = 0;
    const channels = card.whatsapp
      ? el(
          "fieldset",
          { class: "channels" },
          el("legend", { class: "unseen" }, words().channel),
          ["phone", "whatsapp"].map((channel) =>
            el(
              "label",
              {},
              el("input", { type: "radio", name: "channel", value: channel, checked: draft.channel === channel, onchange: () => (draft.channel = channel) }),
              words()[`by_${channel}`],
            ),
          ),
        )
      : null;
    return el(
      "div",
      { class: "writing" },
      field(
        "note",
        words().note,
        el("textarea", { id: "note", rows: 2, maxlength: 4000, placeholder: words().note_hint, "aria-describedby": "wrong-note", value: draft.note, oninput: (event) => (draft.note = event.target.value) }),
        "c",
      ),
      field(
        "wanted",
        words().wanted,
        el("input", {
          id: "wanted",
          type: "text",
          list: "wishes",
          maxlength: 200,
          autocomplete: "off",
          placeholder: words().wanted_hint,
          "aria-describedby": "wrong-wanted",
          value: draft.wanted,
          oninput: (event) => {
            draft.wanted = event.target.value;
            clearTimeout(timer);
            timer = setTimeout(() => model.send_msg({ do: "suggest", text: draft.wanted }), 120);
          },
        }),
        "m",
      ),
      list,
      channels,
    );
  };

  const wayIn = (card) => {
    const wa = () => {
      const draft = draftOf(card.item);
      draft.channel = "whatsapp";
      const radio = root.querySelector('[name="channel"][value="whatsapp"]');
      if (radio) radio.checked = true;
    };
    return el(
      "div",
      { class: "ways" },
      card.phones.map((phone, index) =>
        phone.href
          ? el("a", { class: index ? "button outline" : "button primary", href: phone.href, "aria-label": phone.label, title: index ? null : "t", "data-phone": index ? null : "1" }, icon("phone"), phone.text, index ? null : el("kbd", { "aria-hidden": "true" }, "t"))
          : el("span", { class: "quiet" }, el("s", {}, phone.text), phone.wrong ? ` ${phone.wrong}` : null),
      ),
      card.no_phone ? el("span", { class: "quiet" }, card.no_phone) : null,
      card.whatsapp
        ? el("a", { class: "button outline", href: card.whatsapp, target: "_blank", rel: "noopener", title: card.whatsapp_text || "w", "data-whatsapp": "1", onclick: wa }, icon("whatsapp"), "WhatsApp", el("kbd", { "aria-hidden": "true" }, "w"))
        : null,
    );
  };

  const build = (card) => {
    const alerts = [card.refused, card.hours, card.tried, card.no_offer].filter(Boolean);
    const form = writing(card);
    const element = el(
      "article",
      { class: "card", "aria-labelledby": "who" },
      el(
        "header",
        {},
        el(
          "div",
          { class: "name" },
          el("h2", { id: "who", tabindex: "-1" }, card.name),
          pageLink(card.url, { class: "code" }, card.code),
          el("span", { class: `status ${card.status.tone}` }, card.status.word),
          card.facts.length ? el("span", { class: "quiet" }, card.facts.join(" · ")) : null,
        ),
        wayIn(card),
        alerts.length ? el("ul", { class: "alerts" }, alerts.map((text) => el("li", {}, text))) : null,
        el("p", { class: "wrong", id: "wrong-", role: "alert" }),
      ),
      el(
        "div",
        { class: "say" },
        section(words().why, el("ul", { class: "reasons" }, card.reasons.map((text) => el("li", {}, text))), card.note ? el("p", { class: "quiet lines" }, card.note) : null),
        section(words().complaints, card.complaints.length ? el("ul", { class: "reasons" }, card.complaints.map((text) => el("li", {}, text))) : null),
        section(words().script, card.script ? el("p", { class: "lines script" }, card.script) : null),
        section(words().asking, card.ask.map((each) => asking(card, each, draftOf(card.item)))),
      ),
      el(
        "div",
        { class: "know" },
        section(
          words().purchases,
          card.purchases.length
            ? el(
                "table",
                {},
                el("thead", { class: "unseen" }, el("tr", {}, [words().day, words().product, words().amount].map((name) => el("th", { scope: "col" }, name)))),
                el(
                  "tbody",
                  {},
                  card.purchases.map((line) =>
                    el(
                      "tr",
                      { class: line.void ? "void" : null },
                      el("td", { title: line.day_full }, line.day),
                      el("td", {}, `${line.product} ${line.quantity}`, line.void ? el("span", { class: "quiet" }, ` ${line.void}`) : null),
                      el("td", { class: "money" }, line.amount),
                    ),
                  ),
                ),
              )
            : el("p", { class: "quiet" }, words().no_purchases),
          card.interests ? el("p", { class: "quiet" }, card.interests) : null,
        ),
        section(
          words().contacts,
          card.contacts.length
            ? el("ul", { class: "contacts" }, card.contacts.map((each) => el("li", {}, el("span", { class: "quiet", title: each.day_full }, each.day), el("span", {}, each.text))))
            : null,
        ),
        section(words().writing, form),
      ),
    );
    return element;
  };

  const drawCard = (card) => {
    const text = JSON.stringify(card);
    const wrong = model.state.wrong?.item === card.item ? model.state.wrong : null;
    if (shown?.text !== text) {
      // The same customer with news: whoever types in a field goes on typing there.
      const at = shown?.card?.item === card.item && root.contains(focused()) ? focused() : null;
      const element = build(card);
      stage.replaceChildren(element);
      shown = { card, text };
      if (at?.id) {
        const again = element.querySelector(`#${CSS.escape(at.id)}`);
        again?.focus({ preventScroll: true });
        if (again?.setSelectionRange && at.selectionStart !== null) again.setSelectionRange(at.selectionStart, at.selectionEnd);
      }
    }
    for (const name of ["", "note", "wanted"]) {
      const place = stage.querySelector(`[id="wrong-${name}"]`);
      const known = ["note", "wanted"].includes(wrong?.field) ? wrong.field : "";
      place.textContent = wrong && known === name ? wrong.sentence : "";
      if (name) stage.querySelector(`#${name}`).setAttribute("aria-invalid", String(Boolean(wrong) && known === name));
    }
  };

  // ---- Instead of a customer

  const drawIdle = () => {
    const { idle } = model.state;
    const waiting = calling(); // the next one is on its way
    shown = null;
    stage.replaceChildren(
      waiting
        ? el("div", { class: "card skeleton", role: "status" }, el("span", { class: "unseen" }, words().loading))
        : el(
            "div",
            { class: "idle" },
            el("h2", { id: "who", tabindex: "-1" }, idle.title),
            idle.line ? el("p", { class: "quiet" }, idle.line) : null,
            idle.do ? el("button", { type: "button", class: "button primary", "data-clock": idle.do, "data-key": "clock", title: idle.do === "claim" ? "u, Enter" : "Enter", onclick: () => clockDo(idle.do) }, idle.label) : null,
            idle.later.length
              ? el("ul", { class: "later" }, idle.later.map((each) => el("li", {}, el("span", {}, each.text), pageLink(each.url, { class: "button outline" }, icon("phone"), each.label))))
              : null,
            idle.rows.length
              ? el(
                  "table",
                  { class: "summary" },
                  el("caption", {}, idle.heading),
                  el("tbody", {}, idle.rows.map(([name, value]) => el("tr", {}, el("th", { scope: "row" }, name), el("td", { class: "money" }, value)))),
                )
              : null,
          ),
    );
  };

  // ---- Drawing

  const drawClock = () => {
    const state = model.state;
    const begun = state.phase !== "before";
    clock.hidden = !begun;
    if (!begun) return;
    const seconds = state.seconds + (state.running ? (performance.now() - since) / 1000 : 0);
    const minutes = Math.floor(seconds / 60);
    clock.textContent = words().clock.replace("{hours}", Math.floor(minutes / 60)).replace("{minutes}", minutes % 60);
  };

  const clockButton = (what, label, tip) =>
    el("button", { type: "button", class: "button outline", "data-clock": what, "data-key": what, title: tip, onclick: () => clockDo(what) }, label);

  const draw = () =>
    keepFocus(root, () => {
      const state = model.state;
      title.textContent = state.title;
      place.textContent = state.place;
      tally.textContent = state.phase === "before" ? "" : state.tally;
      drawClock();
      buttons.replaceChildren(
        ...(["calling", "empty"].includes(state.phase)
          ? [clockButton("pause", words().pause, "p"), clockButton("stop", words().stop, null)]
          : state.phase === "paused"
            ? [clockButton("stop", words().stop, null)]
            : []),
      );
      unsaved.replaceChildren(...state.unsaved.map((each) => el("p", {}, each.text, " ", pageLink(each.url, {}, each.label))));
      unsaved.hidden = !state.unsaved.length;
      const card = calling() ? next() : null;
      if (card) drawCard(card);
      else drawIdle();
      outcomes.hidden = !calling();
      outcomes.setAttribute("aria-label", words().outcomes);
      if (!outcomes.hidden) {
        outcomes.replaceChildren(
          ...state.outcomes.map((each) =>
            el(
              "button",
              { type: "button", class: "outcome", "data-key": `outcome-${each.code}`, "data-outcome": each.code, "aria-keyshortcuts": each.key, onclick: () => end(each) },
              el("kbd", { "aria-hidden": "true" }, each.key),
              each.label,
            ),
          ),
          el("button", { type: "button", class: "outcome quiet", "data-key": "skip", "aria-keyshortcuts": "s", onclick: skip }, el("kbd", { "aria-hidden": "true" }, "s"), words().skip),
        );
      }
      document.body.classList.add("ready");
    });

  // ---- From outside

  model.on("state", () => {
    since = performance.now();
    const there = new Set(model.state.cards.map((card) => card.item));
    for (const [item, how] of leaving) {
      // Gone from the queue, or brought back with a sentence, or put off behind the others.
      if (!there.has(item) || how.skip <= model.state.skips || model.state.wrong?.item === item) leaving.delete(item);
    }
    draw();
  });

  model.on("msg:custom", (message) => {
    if (message.do === "saved") {
      typed.set(message.item, drafts[message.item]);
      if (typed.size > KEPT) typed.delete(typed.keys().next().value);
      delete drafts[message.item];
    } else if (message.do === "taken_back") {
      const draft = typed.get(message.item);
      if (draft) drafts[message.item] = draft;
      typed.delete(message.item);
      shown = null; // drawn anew, with what was typed
    } else if (message.do === "suggest") {
      const input = stage.querySelector("#wanted");
      if (input?.value === message.text) stage.querySelector("#wishes").replaceChildren(...message.names.map((name) => el("option", { value: name })));
    }
  });

  const timer = setInterval(() => {
    drawClock();
    if (root.checkVisibility() && model.state.phase === "empty" && document.visibilityState === "visible") ticks = (ticks + 1) % 4;
    if (ticks === 3) model.send_msg({ do: "again" });
  }, 15000);
  let ticks = 0;
  model.on("remove", () => clearInterval(timer));

  // In a field, Esc gives the keys back to the outcomes.
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && isTyping(event.target)) {
      event.stopPropagation();
      focusTop();
    }
  });

  const press = (selector) => {
    const target = stage.querySelector(selector);
    target?.click();
    return Boolean(target);
  };
  const focusOn = (selector) => {
    const target = stage.querySelector(selector);
    target?.focus();
    return Boolean(target);
  };

  onKey(model, root, (key) => {
    const state = model.state;
    if (key === "z") {
      document.dispatchEvent(new CustomEvent("ecrm:undo"));
      return true;
    }
    if (!calling()) {
      if ((key === "Enter" || (key === "u" && state.idle.do === "claim")) && state.idle.do) clockDo(state.idle.do);
      else if (key === "p" && state.phase === "paused") clockDo("resume");
      else if (key === "p" && state.phase === "empty") clockDo("pause");
      else return false;
      return true;
    }
    const rating = focused()?.dataset?.rating ? focused() : null;
    if (rating && "12345".includes(key)) {
      const wanted = rating.closest("fieldset").querySelector(`[data-rating="${key}"]`);
      wanted.focus();
      wanted.click();
      return true;
    }
    const outcome = state.outcomes.find((each) => each.key === key || (key === "o" && each.order) || (key === "b" && each.code === "call_back"));
    if (outcome) end(outcome);
    else if (key === "w") return press("[data-whatsapp]");
    else if (key === "t") return press("[data-phone]");
    else if (key === "c") return focusOn("#note");
    else if (key === "m") return focusOn("#wanted");
    else if (key === "a") return focusOn("[data-rating]:checked") || focusOn("[data-rating]");
    else if (key === "s") skip();
    else if (key === "p") clockDo("pause");
    else if (key === "Escape") focusTop();
    else return false;
    return true;
  });

  draw();
  const greet = () => !root.checkVisibility() || isTyping(focused()) || title.focus({ preventScroll: true });
  listen(model, document, "ecrm:arrived", greet);
  if (performance.now() - (window.ecrmArrived ?? -Infinity) < 3000) setTimeout(greet);
}
