export function render({ model, el: root }) {
  const title = el("h2", { id: "statuses" });
  const list = el("ul", {});
  const total = el("span", { class: "quiet" });
  root.append(el("section", { "aria-labelledby": "statuses" }, title, list, total));

  const draw = () =>
    keepFocus(root, () => {
      const { heading, statuses, total: told } = model.state;
      title.textContent = heading;
      total.textContent = told;
      list.replaceChildren(
        ...statuses.map((status) =>
          el(
            "li",
            { "data-code": status.code },
            pageLink(
              status.url,
              { class: `status ${status.tone}`, title: status.tip, "data-key": `status-${status.code}` },
              el("i", { "aria-hidden": "true" }),
              el("span", {}, status.label),
              el("b", {}, status.count),
            ),
          ),
        ),
      );
    });

  draw();
  model.on("state", draw);
}
