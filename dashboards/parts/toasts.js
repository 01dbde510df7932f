export function render({ model, el: root }) {
  const list = el("div", { class: "stack", role: "status", "aria-live": "polite" });
  root.append(list);

  const close = (toast) => {
    clearTimeout(toast.timer);
    toast.element.remove();
  };

  const undo = (toast) => {
    close(toast);
    model.send_msg({ do: "undo", undo: toast.number });
  };

  const show = ({ number, text, undo: label, tone, seconds }) => {
    const toast = { number };
    const start = () => (toast.timer = setTimeout(() => close(toast), seconds * 1000));
    toast.element = el(
      "div",
      {
        class: `toast ${tone}`,
        onmouseenter: () => clearTimeout(toast.timer),
        onmouseleave: start,
        onfocusin: () => clearTimeout(toast.timer),
        onfocusout: start,
      },
      el("span", {}, text),
      label ? el("button", { type: "button", class: "undo", title: "Ctrl Z", onclick: () => undo(toast) }, label) : null,
    );
    toast.element.undo = label ? () => undo(toast) : null;
    list.append(toast.element);
    while (list.children.length > 3) list.firstChild.remove();
    start();
  };

  model.on("msg:custom", (message) => {
    if (message.do === "show") show(message);
    else if (message.do === "leave") setTimeout(() => location.assign("./login"), 2500);
  });

  listen(model, document, "ecrm:undo", () => {
    const last = [...list.children].reverse().find((element) => element.undo);
    last?.undo();
  });
}
