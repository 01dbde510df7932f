export function render({ model, el: root }) {
  const label = el("label", { for: "file", class: "button outline" });
  const input = el("input", { type: "file", id: "file", "data-key": "file", "aria-describedby": "file-hint file-wrong" });
  const hint = el("p", { class: "quiet", id: "file-hint" });
  const wrong = el("p", { class: "wrong", id: "file-wrong", role: "alert" });
  const columns = el("fieldset", { class: "columns" });
  const run = el("button", { type: "button", class: "button primary", "data-key": "run" });
  const busy = el("p", { class: "quiet", role: "status" });
  const place = el("div", { class: "place" }, input, label, hint, wrong);
  root.append(place, columns, el("div", { class: "do" }, run, busy));
  let sending = false;

  const send = async (file) => {
    if (!file) return;
    if (file.size > model.state.most) {
      wrong.textContent = model.state.too_large;
      return;
    }
    wrong.textContent = "";
    const url = await new Promise((resolve) => {
      const reader = new FileReader();
      reader.onload = () => resolve(reader.result);
      reader.onerror = () => resolve("");
      reader.readAsDataURL(file);
    });
    model.send_msg({ do: "file", name: file.name, content: url.slice(url.indexOf(",") + 1) });
  };

  input.addEventListener("change", () => send(input.files[0]));
  place.addEventListener("dragover", (event) => {
    event.preventDefault();
    place.classList.add("over");
  });
  place.addEventListener("dragleave", () => place.classList.remove("over"));
  place.addEventListener("drop", (event) => {
    event.preventDefault();
    place.classList.remove("over");
    send(event.dataTransfer.files[0]);
  });
  run.addEventListener("click", () => {
    if (sending) return;
    sending = true;
    run.setAttribute("aria-disabled", "true");
    busy.textContent = model.state.busy;
    model.send_msg({ do: "run" });
  });

  const draw = () =>
    keepFocus(root, () => {
      const state = model.state;
      label.textContent = state.label;
      input.accept = state.types;
      if (!state.file) input.value = "";
      hint.textContent = state.hint;
      wrong.textContent = state.wrong;
      columns.hidden = !state.headings.length;
      columns.replaceChildren(
        el("legend", {}, state.columns_label),
        ...state.columns.map((column) =>
          el(
            "div",
            { class: "field" },
            el("label", { for: `column-${column.key}` }, column.label),
            el(
              "select",
              { id: `column-${column.key}`, "data-key": `column-${column.key}`, onchange: (event) => model.send_msg({ do: "column", key: column.key, value: event.target.value }) },
              el("option", { value: "" }, state.none),
              state.headings.map((name) => el("option", { value: name, selected: name === column.value }, name)),
            ),
          ),
        ),
      );
      sending = false;
      run.removeAttribute("aria-disabled");
      run.hidden = !state.run;
      run.textContent = state.run;
      busy.textContent = "";
    });

  draw();
  model.on("state", draw);
}
