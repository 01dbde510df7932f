export function render({ model, el: root }) {
  const title = el("h2", { id: "title" });
  const list = el("ul", { class: "people", "aria-labelledby": "title" });
  const empty = el("p", { class: "empty" });
  const more = el("p", { class: "more" });
  root.append(el("section", { "aria-labelledby": "title" }, title, empty, list, more));

  let ahead = new Map(); // greeted here, not yet answered by the server

  const greet = (person, way) => {
    ahead.set(person.id, way.said);
    draw();
    model.send_msg({ do: "greet", id: person.id, channel: way.channel });
  };

  const row = (person) => {
    const greeted = ahead.get(person.id) ?? person.greeted;
    return el(
      "li",
      { class: greeted ? "person greeted" : "person" },
      el(
        "div",
        { class: "text" },
        el("b", {}, person.name),
        el("span", { class: "quiet", title: person.day_full }, greeted || person.line),
        !greeted && !person.ways.length ? el("span", { class: "quiet" }, model.state.unreachable) : null,
      ),
      greeted
        ? el("span", { class: "mark" }, icon("check"))
        : person.ways.length
          ? el(
              "div",
              { class: "ways" },
              person.ways.map((way) =>
                el(
                  "a",
                  {
                    class: "button square outline",
                    href: way.href,
                    target: way.outside ? "_blank" : null,
                    rel: "noopener noreferrer",
                    "aria-label": way.label,
                    title: way.label,
                    "data-key": `${way.channel}-${person.id}`,
                    onclick: () => greet(person, way),
                  },
                  icon(way.channel),
                ),
              ),
            )
          : null,
    );
  };

  const draw = () =>
    keepFocus(root, () => {
      const { heading, people, empty: sentence, all } = model.state;
      title.textContent = heading;
      empty.textContent = sentence;
      empty.hidden = people.length > 0;
      list.replaceChildren(...people.map(row));
      more.hidden = !all;
      if (all) more.replaceChildren(pageLink(all.url, { "data-key": "all" }, all.label));
    });

  draw();
  model.on("state", () => {
    ahead = new Map();
    draw();
  });
}
