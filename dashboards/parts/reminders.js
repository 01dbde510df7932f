const EVERY = 60000;

export function render({ model, el: root }) {
  const list = el("ul", { class: "reminders", role: "status", "aria-live": "polite" });
  root.append(list);
  const noted = new Set(); // pressed here, and the server has not answered yet

  const note = (id) => {
    noted.add(id);
    draw();
    model.send_msg({ do: "noted", id });
  };

  const draw = () =>
    keepFocus(root, () => {
      const { items, words } = model.state;
      list.replaceChildren(
        ...items
          .filter((item) => !noted.has(item.id))
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
      list.hidden = !list.children.length;
    });

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
