export function render({ model, el: root }) {
  const title = el("h1", { tabindex: "-1" });
  const line = el("p", { class: "quiet" });
  const actions = el("div", { class: "actions" });
  root.append(el("div", { class: "head" }, el("div", { class: "told" }, title, line), actions));

  const draw = () => {
    const state = model.state;
    title.textContent = state.title;
    line.textContent = state.line;
    keepFocus(root, () =>
      actions.replaceChildren(
        ...(state.actions ?? []).map((action) => {
          const attributes = { class: action.primary ? "button primary" : "button outline", title: action.tip, "data-key": action.do };
          const inside = [action.icon ? icon(action.icon) : null, action.label];
          return action.url
            ? pageLink(action.url, attributes, inside)
            : el("button", { type: "button", ...attributes, onclick: () => model.send_msg({ do: action.do }) }, inside);
        }),
      ),
    );
    document.body.classList.add("ready");
  };

  draw();
  model.on("state", draw);
  // Whoever cannot see the page hear where they are; whoever types goes on from its top.
  const greet = () => !root.checkVisibility() || isTyping(focused()) || title.focus({ preventScroll: true });
  listen(model, document, "ecrm:arrived", greet);
  if (performance.now() - (window.ecrmArrived ?? -Infinity) < 3000) setTimeout(greet);
}
