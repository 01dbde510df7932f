export function render({ model, el: root }) {
  const events = el("section", { "aria-labelledby": "events" });
  const notices = el("section", { "aria-labelledby": "notices" });
  root.append(events, notices);

  const fill = (section, ...children) => section.replaceChildren(...children.filter(Boolean));
  const unfolded = new Set();
  let read = new Set(); // opened here, not yet answered by the server

  const toggle = (key, notice) => {
    if (unfolded.has(key)) unfolded.delete(key);
    else unfolded.add(key);
    if (notice && !notice.read && !read.has(notice.id)) {
      read.add(notice.id);
      model.send_msg({ do: "read", id: notice.id });
    }
    draw();
  };

  const fold = (key, attributes, lead, heading, line, text, notice) => {
    const open = unfolded.has(key);
    return el(
      "li",
      attributes,
      el(
        "button",
        { type: "button", class: "fold", "aria-expanded": String(open), "aria-controls": `text-${key}`, "data-key": key, onclick: () => toggle(key, notice) },
        lead,
        el("span", { class: "text" }, heading, line),
        el("span", { class: "turn" }, icon("down")),
      ),
      el("div", { class: "unfolded", id: `text-${key}`, hidden: !open }, text),
    );
  };

  const drawEvents = (state) =>
    fill(
      events,
      el("h2", { id: "events" }, state.events_heading),
      state.events.length ? null : el("p", { class: "empty" }, state.events_empty),
      el(
        "ul",
        { "aria-labelledby": "events" },
        state.events.map((event) =>
          fold(
            `event-${event.id}`,
            { class: event.today ? "event today" : "event" },
            el("time", { title: event.day_full }, event.day),
            el("b", {}, event.title),
            el("span", { class: "quiet" }, event.line),
            event.text,
          ),
        ),
      ),
    );

  const drawNotices = (state) =>
    fill(
      notices,
      el("h2", { id: "notices" }, state.notices_heading),
      state.notices.length ? null : el("p", { class: "empty" }, state.notices_empty),
      el(
        "ul",
        { "aria-labelledby": "notices" },
        state.notices.map((notice) => {
          const seen = notice.read || read.has(notice.id);
          return fold(
            `notice-${notice.id}`,
            { class: seen ? "notice" : "notice unread", "data-notice": notice.id },
            el("span", { class: "dot" }, seen ? null : el("span", { class: "unseen" }, state.unread)),
            el("b", {}, notice.title),
            el("span", { class: "quiet", title: notice.day_full }, notice.line),
            notice.text,
            notice,
          );
        }),
      ),
    );

  const draw = () =>
    keepFocus(root, () => {
      drawEvents(model.state);
      drawNotices(model.state);
    });

  const open = (id) => {
    const notice = model.state.notices.find((each) => each.id === id);
    if (!notice) return;
    if (!unfolded.has(`notice-${id}`)) toggle(`notice-${id}`, notice);
    const button = root.querySelector(`[data-key="notice-${id}"]`);
    button?.scrollIntoView({ block: "center" });
    button?.focus({ preventScroll: true });
  };

  draw();
  model.on("state", () => {
    read = new Set();
    draw();
  });
  model.on("msg:custom", (message) => message.do === "open" && open(message.id));
  if (model.state.opened) setTimeout(() => open(model.state.opened));
}
