const EVERY = 60000;

export function render({ model, el: root }) {
  const list = el("ul", { class: "reminders", role: "status", "aria-live": "polite" });
  root.append(list);
  const noted = new Set(); // pressed here, and the server has not answered yet
  let all = false; // several at once lie over the page one works on: the first stands for them until asked

  const note = (id) => {
    noted.add(id);
    draw();
    model.send_msg({ do: "noted", id });
  };

  const draw = () =>
    keepFocus(root, () => {
      const { items, words } = model.state;
      const waiting = items.filter((item) => !noted.has(item.id));
      const more = waiting.length - 1;
      list.replaceChildren(
        ...waiting
          .slice(0, all ? waiting.length : 1)
          .map((item) =>
            el(
              "li",
              {},
              icon("phone"),
              el("span", { class: "told" }, el("strong", {}, item.text), item.note ? el("span", { class: "quiet note" }, item.note) : null),
              el(
                "span",
                { class: "buttons" },
                el("a", { class: "button primary", href: `./${item.url}`, "data-key": `call-${item.id}`, "aria-label": `${words.call}: ${item.text}`, onclick: (event) => follow(event, item) }, words.call),
                el("button", { type: "button", class: "button", "data-key": `noted-${item.id}`, "aria-label": `${words.noted}: ${item.text}`, onclick: () => note(item.id) }, words.noted),
              ),
            ),
          ),
      );
      if (more > 0)
        list.append(
          el("li", { class: "more" }, el("button", { type: "button", class: "button", "data-key": "more", "aria-expanded": String(all), onclick: unfold }, all ? words.less : words.more[more])),
        );
      list.hidden = !list.children.length;
    });

  const unfold = () => {
    all = !all;
    draw();
  };

  const follow = (event, item) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    note(item.id);
    goTo(item.url);
  };

  model.on("state", () => {
    noted.clear();
    draw();
  });
  const timer = setInterval(() => model.send_msg({ do: "look" }), EVERY);
  model.on("remove", () => clearInterval(timer));
  draw();
}
