export function render({ model, el: root }) {
  const heading = el("h2", { id: "calendar" });
  const text = el("p", { class: "quiet" });
  const made = el("p", { class: "quiet made", role: "status" });
  const address = el("input", { type: "text", id: "calendar-address", readonly: true, spellcheck: "false", "data-key": "address" });
  const label = el("label", { for: "calendar-address" });
  const copy = el("button", { type: "button", class: "button primary", "data-key": "copy" });
  const once = el("p", { class: "quiet" });
  const shown = el("div", { class: "shown field" }, label, el("div", { class: "copying" }, address, copy), once);
  const renew = el("button", { type: "button", class: "button outline", "data-key": "renew" });
  root.append(el("section", { "aria-labelledby": "calendar" }, heading, text, made, shown, renew));

  let copied = false;

  address.addEventListener("focus", () => address.select());

  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(address.value);
    } catch {
      // Browsers keep the clipboard from pages that came unencrypted; the old way still works there.
      address.select();
      if (!document.execCommand("copy")) return;
    }
    copied = true;
    draw();
  });

  renew.addEventListener("click", () => {
    if (renew.getAttribute("aria-disabled")) return;
    renew.setAttribute("aria-disabled", "true");
    model.send_msg({ do: "renew" });
  });

  const draw = () => {
    const { secret, words } = model.state;
    heading.textContent = model.state.heading;
    text.textContent = model.state.text;
    made.textContent = model.state.made;
    made.hidden = !model.state.made;
    shown.hidden = !secret;
    label.textContent = words.address;
    const url = secret ? new URL(`./calendar/${secret}.ics`, location.href).href : "";
    if (address.value !== url) address.value = url;
    copy.textContent = copied ? words.copied : words.copy;
    once.textContent = words.once;
    renew.textContent = words.make;
  };

  draw();
  model.on("state", () => {
    copied = false;
    renew.removeAttribute("aria-disabled");
    draw();
    if (model.state.secret && model.state.fresh) copy.focus();
  });
}
