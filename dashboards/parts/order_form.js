const PRICE_MS = 60;
const ALIKE_MS = 250;
const DRAFT_MS = 700;
const ALIKE_FIELDS = ["name", "birth", "city"];

export function render({ model, el: root }) {
  const form = el("form", { novalidate: true, class: "order" });
  const done = el("section", { class: "done", hidden: true });
  root.append(form, done);

  // A lost connection that comes back draws every part anew: what is being typed is kept beside them,
  // and until the server has it also where a log-in that ran out cannot take it away.
  const local = (window.ecrmDrafts ??= {});
  const shelf = () => `ecrm-order-${model.state.user}`;

  let visit = null; // which opening of the form the fields belong to
  let typed = null; // everything in the fields
  let intention = "";
  let inputs = new Map(); // field name -> input
  let saving = false;
  let changes = 0; // counts what was typed
  let sent = 0; // up to which change the server was given it
  let numbers = { price: 0, products: 0, alike: 0 };
  let sums = null; // the newest answer on prices
  let alike = [];
  let choices = [];
  let at = -1;
  let picking = false; // Enter was pressed before the products came
  let ahead = []; // and these keys after it
  let wrong = {};
  let asking = null; // {text, changed}
  const timers = {};

  const words = () => model.state.words;
  const kind = () => model.state.kind;
  const codeOf = () => model.state.who?.code ?? "";
  const send = (message) => model.send_msg(message);
  const later = (name, span, act) => {
    clearTimeout(timers[name]);
    timers[name] = setTimeout(act, span);
  };

  // ---- What is typed

  const changed = (name = "") => {
    changes += 1;
    // `saved` once the server has it: then only a page drawn anew in the same session needs it from here.
    local.order = { intention, visit, kind: kind(), code: codeOf(), typed, at: changes, saved: false };
    try {
      sessionStorage.setItem(shelf(), JSON.stringify(local.order));
    } catch {
      // no room, or not allowed: the server has it in a moment
    }
    later("draft", DRAFT_MS, keep);
    if (name in wrong) {
      delete wrong[name];
      showWrong(name);
    }
    if (asking) {
      asking = null;
      drawAsking();
    }
    if (kind() === "new" && (ALIKE_FIELDS.includes(name) || name.startsWith("phone."))) later("alike", ALIKE_MS, askAlike);
    if (name.startsWith("line.") || name === "shipping" || name === "lines") later("price", PRICE_MS, askPrice);
  };

  const keep = () => {
    clearTimeout(timers.draft);
    if (sent === changes || saving) return;
    sent = changes;
    send({ do: "draft", intention, typed, number: changes });
  };

  const forget = () => {
    clearTimeout(timers.draft);
    delete local.order;
    try {
      sessionStorage.removeItem(shelf());
    } catch {
      // never there
    }
  };

  const askPrice = () => send({ do: "price", lines: typed.lines, shipping: typed.shipping, number: ++numbers.price });

  const askAlike = () => send({ do: "alike", typed: { name: typed.name, phones: typed.phones, birth: typed.birth, city: typed.city }, number: ++numbers.alike });

  // ---- Fields

  const bind = (input, name, read, write) => {
    input.id = `field-${name}`;
    input.dataset.key = `field-${name}`;
    input.value = read();
    input.setAttribute("aria-describedby", `wrong-${name}`);
    input.addEventListener(input.localName === "select" ? "change" : "input", () => {
      write(input.value);
      changed(name);
    });
    inputs.set(name, input);
    return input;
  };

  const wrongNote = (name) => el("span", { class: "wrong", id: `wrong-${name}`, role: "alert" }, wrong[name] ?? "");

  const field = (name, { size = "", label = words().fields[name], hint = "", area = false, options = null, list = null, ...attributes } = {}) => {
    const input = options
      ? el("select", attributes, options.map(({ value, label: text }) => el("option", { value }, text)))
      : el(area ? "textarea" : "input", { type: area ? null : "text", autocomplete: "off", maxlength: 500, placeholder: hint, list, ...attributes });
    bind(input, name, () => typed[name] ?? "", (value) => (typed[name] = value));
    if (options && input.selectedIndex < 0) input.value = typed[name] = options[0]?.value ?? "";
    if (name in wrong) input.setAttribute("aria-invalid", "true");
    return el("div", { class: `field ${size}` }, el("label", { for: input.id }, label), input, wrongNote(name));
  };

  const phones = () =>
    el(
      "div",
      { class: "field wide2 phones" },
      el("label", { for: "field-phone.0" }, words().fields.phone),
      typed.phones.map((_, place) => {
        const name = `phone.${place}`;
        const input = el("input", { type: "tel", autocomplete: "off", maxlength: 40, "aria-label": place ? `${words().fields.phone} ${place + 1}` : null, "aria-invalid": name in wrong ? "true" : null });
        bind(input, name, () => typed.phones[place], (value) => (typed.phones[place] = value));
        return el("div", { class: "phone" }, input, wrongNote(name));
      }),
      el(
        "button",
        {
          type: "button",
          class: "button more",
          "data-key": "more-phones",
          onclick: () => {
            typed.phones.push("");
            drawWho();
            inputs.get(`phone.${typed.phones.length - 1}`).focus();
          },
        },
        icon("plus"),
        words().more_phones,
      ),
    );

  const showWrong = (name) => {
    const input = inputs.get(name);
    input?.setAttribute("aria-invalid", String(name in wrong));
    const note = form.querySelector(`#${CSS.escape(`wrong-${name}`)}`);
    if (note) note.textContent = wrong[name] ?? "";
  };

  // ---- Who

  const who = el("fieldset", { class: "step who" });
  const alikeBox = el("div", { class: "alike", role: "status" });

  const drawWho = () => {
    const { who: known, options } = model.state;
    const texts = words();
    const children = [el("legend", {}, el("b", {}, "1"), texts.steps.who)];
    const body = el("div", { class: "fields" });
    if (known) {
      children.push(
        el(
          "p",
          { class: kind() === "own" ? "known own" : "known" },
          // The form itself shows the name where it may be corrected.
          kind() === "own" ? null : known.url ? pageLink(known.url, { class: "name", "data-key": "known" }, known.name) : el("b", {}, known.name),
          kind() === "own" && known.url ? pageLink(known.url, { class: "code", "data-key": "known" }, known.code) : el("span", { class: "quiet" }, known.code),
          known.line ? el("span", { class: "quiet" }, known.line) : null,
          known.owner ? el("span", { class: "tag" }, known.owner) : null,
        ),
      );
      if (known.warning) children.push(el("p", { class: "warning" }, known.warning));
    }
    if (kind() === "door") children.push(el("p", { class: "quiet hint" }, texts.door_hint));
    if (kind() === "new" || kind() === "own") {
      body.append(
        field("name", { size: "wide3", maxlength: 200 }),
        phones(),
        field("birth", { size: "wide2", hint: texts.birth_hint, inputmode: "numeric" }),
        field("email", { size: "wide3", type: "email", maxlength: 254 }),
        field("address", { size: "wide5", area: true, rows: 1 }),
        field("city", { size: "wide2", maxlength: 100 }),
        field("province", { size: "wide2", maxlength: 100 }),
        field("postcode", { size: "wide1", maxlength: 10, inputmode: "numeric" }),
      );
      if (options.owner) body.append(field("owner", { size: "wide3", options: options.owner }));
      children.push(body);
    }
    if (kind() === "new") children.push(alikeBox);
    who.replaceChildren(...children);
    drawAlike();
  };

  const drawAlike = () =>
    keepFocus(root, () => {
      const texts = words();
      if (!alike.length) {
        alikeBox.replaceChildren();
        return;
      }
      alikeBox.replaceChildren(
        el("h3", {}, texts.alike.title),
        el(
          "ul",
          {},
          alike.map((row) =>
            el(
              "li",
              {},
              el("span", { class: "twin" }, el("b", {}, row.name), ` ${row.line}`),
              el(
                "button",
                { type: "button", class: "button outline", "data-key": `use-${row.code}`, "aria-label": row.use, onclick: () => useKnown(row.code) },
                texts.alike.use,
              ),
            ),
          ),
        ),
        field("because", { label: texts.alike.because, hint: texts.alike.because_hint, list: "reasons", size: "full" }),
        el("datalist", { id: "reasons" }, texts.alike.reasons.split("|").map((reason) => el("option", { value: reason }))),
      );
    });

  const useKnown = (code) => {
    clearTimeout(timers.draft);
    sent = changes;
    send({ do: "use", code, intention, typed, number: changes });
  };

  // ---- What

  const what = el("fieldset", { class: "step what" });
  const search = el("input", {
    type: "text",
    id: "field-product",
    role: "combobox",
    "aria-expanded": "false",
    "aria-controls": "products",
    "aria-autocomplete": "list",
    "aria-describedby": "wrong-product",
    autocomplete: "off",
    spellcheck: "false",
    maxlength: 100,
    "data-key": "field-product",
  });
  const list = el("ul", { id: "products", role: "listbox", hidden: true });
  const searchLabel = el("label", { for: "field-product" });
  const table = el("table", {});
  const lineRows = new Map(); // key -> {amount, told}

  const askProducts = () => {
    askedFor.set(++numbers.products, search.value);
    send({ do: "products", text: search.value, number: numbers.products });
  };
  const askedFor = new Map(); // number of a question -> what stood there
  let heardProducts = 0;

  const hearProducts = ({ number, rows, told }) => {
    if (number < heardProducts || !search.value.trim()) return;
    heardProducts = number;
    choices = rows;
    list.replaceChildren(
      ...rows.map((row, place) =>
        el(
          "li",
          {
            role: "option",
            id: `product-${place}`,
            class: row.empty ? "out" : null,
            onpointermove: () => at !== place && markProduct(place),
            onpointerdown: (event) => event.preventDefault(), // the field keeps the keyboard
            onclick: () => pick(place),
          },
          el("span", { class: "code quiet" }, row.code),
          el("span", { class: "title" }, row.name),
          el("span", { class: "stock quiet" }, row.stock),
          el("span", { class: "price" }, row.price),
        ),
      ),
      ...(rows.length ? [] : [el("li", { class: "nothing quiet", role: "presentation" }, told)]),
    );
    if (list.hidden) {
      list.hidden = false;
      list.scrollIntoView({ block: "nearest" });
    }
    search.setAttribute("aria-expanded", "true");
    markProduct(rows.length ? 0 : -1);
    const text = askedFor.get(number);
    for (const asked of askedFor.keys()) if (asked <= number) askedFor.delete(asked);
    if (picking && text === search.value) {
      picking = false;
      const keys = ahead.splice(0);
      if (rows.length) pick(0);
      goOn(keys, rows.length > 0);
    }
  };

  // What was typed while the products were on their way: pieces, then Enter, then the next product.
  const goOn = (keys, picked) => {
    const pieces = picked ? keys.slice(0, keys.findIndex((key) => !/^[0-9]$/.test(key)) >>> 0) : [];
    const rest = keys.slice(pieces.length);
    if (pieces.length) {
      const quantity = focused();
      quantity.value = pieces.join("");
      quantity.dispatchEvent(new Event("input", { bubbles: true }));
    }
    const text = rest.filter((key) => key.length === 1).join("");
    if (!rest.length || (picked && rest[0] !== "Enter")) return;
    search.focus();
    search.value = picked ? text : search.value + text;
    if (search.value.trim()) askProducts();
  };

  const markProduct = (place) => {
    at = place;
    for (const [index, option] of [...list.querySelectorAll("[role=option]")].entries()) {
      option.setAttribute("aria-selected", String(index === at));
      if (index === at) option.scrollIntoView({ block: "nearest" });
    }
    if (at < 0) search.removeAttribute("aria-activedescendant");
    else search.setAttribute("aria-activedescendant", `product-${at}`);
  };

  const closeList = () => {
    picking = false;
    ahead = [];
    choices = [];
    heardProducts = numbers.products;
    list.hidden = true;
    list.replaceChildren();
    search.setAttribute("aria-expanded", "false");
    search.removeAttribute("aria-activedescendant");
  };

  const pick = (place) => {
    const found = choices[place];
    if (!found) return;
    const key = String(1 + Math.max(0, ...typed.lines.map((line) => Number(line.key))));
    typed.lines.push({ key, id: found.id, code: found.code, name: found.name, quantity: "1", price: found.typed_price, discount: "" });
    search.value = "";
    closeList();
    drawLines();
    delete wrong.product;
    showWrong("product");
    changed("lines");
    const quantity = inputs.get(`line.${key}.quantity`);
    quantity.focus();
    quantity.select();
  };

  search.addEventListener("input", () => {
    picking = false;
    ahead = [];
    if (search.value.trim()) askProducts();
    else closeList();
  });
  // Drawing anew takes the field away and gives it back at once: that is no leaving.
  search.addEventListener("blur", () => setTimeout(() => focused() !== search && closeList()));
  search.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.ctrlKey || event.metaKey) return;
    if (picking && (event.key.length === 1 || event.key === "Enter")) ahead.push(event.key);
    else if (step && choices.length) markProduct((at + step + choices.length) % choices.length);
    else if (step) askProducts();
    else if (event.key === "Enter") {
      if (!search.value.trim()) return;
      if (heardProducts < numbers.products) picking = true;
      else pick(at);
    } else if (event.key === "Escape" && !list.hidden) {
      closeList();
      event.stopPropagation();
    } else return;
    event.preventDefault();
  });

  const remove = (key) => {
    const place = typed.lines.findIndex((line) => line.key === key);
    typed.lines.splice(place, 1);
    drawLines();
    changed("lines");
    search.focus();
  };

  const lineInput = (line, name, attributes) => {
    const full = `line.${line.key}.${name}`;
    const input = el("input", { type: "text", autocomplete: "off", maxlength: 20, "aria-label": `${words().columns[name]}, ${line.name}`, "aria-invalid": full in wrong ? "true" : null, ...attributes });
    bind(input, full, () => line[name], (value) => (line[name] = value));
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      search.focus();
    });
    return el("div", { class: "cell", "data-label": words().columns[name] }, input, wrongNote(full));
  };

  const drawLines = () =>
    keepFocus(root, () => {
      const texts = words();
      for (const name of [...inputs.keys()]) if (name.startsWith("line.")) inputs.delete(name);
      lineRows.clear();
      table.hidden = !typed.lines.length;
      table.setAttribute("aria-label", texts.steps.what);
      table.replaceChildren(
        el("thead", {}, el("tr", {}, ["product", "quantity", "price", "discount", "amount"].map((name) => el("th", { scope: "col", class: name }, texts.columns[name])), el("th", { scope: "col", class: "do" }, el("span", { class: "unseen" }, texts.columns.remove)))),
        el(
          "tbody",
          {},
          typed.lines.map((line) => {
            const amount = el("span", { class: "sum" });
            const told = el("span", { class: "stock quiet" });
            const wrongLine = wrongNote(`line.${line.key}.product`);
            lineRows.set(line.key, { amount, told });
            return el(
              "tr",
              {},
              el("td", { class: "product" }, el("b", {}, line.name), el("span", { class: "code quiet" }, line.code), told, wrongLine),
              el("td", { class: "quantity" }, lineInput(line, "quantity", { inputmode: "numeric" })),
              el("td", { class: "price" }, lineInput(line, "price", { inputmode: "decimal" })),
              el("td", { class: "discount" }, lineInput(line, "discount", { placeholder: texts.discount_hint })),
              el("td", { class: "amount" }, amount),
              el(
                "td",
                { class: "do" },
                el("button", { type: "button", class: "button square", "aria-label": `${texts.columns.remove}: ${line.name}`, title: texts.columns.remove, "data-key": `remove-${line.key}`, onclick: () => remove(line.key) }, icon("close")),
              ),
            );
          }),
        ),
      );
      drawSums();
    });

  const drawWhat = () => {
    const texts = words();
    searchLabel.textContent = texts.fields.product;
    search.placeholder = texts.product_hint;
    list.setAttribute("aria-label", texts.fields.product);
    inputs.set("product", search);
    what.replaceChildren(
      el("legend", {}, el("b", {}, "2"), texts.steps.what),
      table,
      el("div", { class: "field add" }, searchLabel, el("div", { class: "box" }, icon("plus"), search, list), wrongNote("product")),
    );
    drawLines();
  };

  let heardPrice = 0;
  const hearPrice = (answer) => {
    if (answer.number < heardPrice) return;
    heardPrice = answer.number;
    sums = answer;
    drawSums();
  };

  const drawSums = () => {
    for (const [key, cells] of lineRows) {
      const line = sums?.lines[key];
      cells.amount.textContent = line?.amount ?? "";
      cells.told.textContent = line?.stock ?? "";
      cells.told.classList.toggle("out", Boolean(line?.short));
      if (!line) continue;
      // Said beside the field as soon as it cannot be read, and gone as soon as it can.
      for (const name of ["quantity", "price", "discount", "product"]) {
        const full = `line.${key}.${name}`;
        if (line.wrong[name]) wrong[full] = line.wrong[name];
        else delete wrong[full];
        showWrong(full);
      }
    }
    if (sums) {
      if (sums.wrong_shipping) wrong.shipping = sums.wrong_shipping;
      else delete wrong.shipping;
      showWrong("shipping");
    }
    drawFoot();
  };

  // ---- How

  const how = el("fieldset", { class: "step how" });

  const drawHow = () => {
    const { options, addresses } = model.state;
    const texts = words();
    const body = el("div", { class: "fields" });
    const elsewhere = kind() === "door" || kind() === "correct" || typed.ship_to !== "";
    if (kind() !== "door" && kind() !== "correct") {
      const shipTo = field("ship_to", { size: "wide3", options: options.ship_to });
      shipTo.querySelector("select").addEventListener("change", (event) => {
        const known = addresses[Number(event.target.value)];
        if (event.target.value !== "" && known)
          for (const name of ["address", "city", "province", "postcode"]) typed[`ship_${name}`] = known[name];
        drawHow();
        inputs.get("ship_to").focus();
        if (event.target.value === "other") inputs.get("ship_address").focus();
      });
      body.append(shipTo);
    }
    const wideAddress = () => [
      field("ship_address", { size: "wide5", area: true, rows: 1 }),
      field("ship_city", { size: "wide2", maxlength: 100 }),
      field("ship_province", { size: "wide2", maxlength: 100 }),
      field("ship_postcode", { size: "wide1", maxlength: 10, inputmode: "numeric" }),
      field("ship_name", { size: "wide3", maxlength: 200 }),
      field("ship_phone", { size: "wide2", type: "tel", maxlength: 40 }),
    ];
    const payment = () => field("payment", { size: "wide2", options: options.payment });
    const shipping = () => field("shipping", { size: "wide2", inputmode: "decimal", maxlength: 20 });
    const source = () => field("source", { size: "wide3", options: options.source, required: true });
    const channel = () => field("channel", { size: "wide2", options: options.channel });
    const note = (size) => field("note", { size, area: true, rows: 1, maxlength: 4000 });
    if (kind() === "correct") body.append(...wideAddress(), payment(), source(), shipping(), note("wide8"));
    else if (kind() === "door") body.append(...wideAddress(), payment(), source(), shipping(), channel(), note("wide6"));
    else if (elsewhere) body.append(payment(), shipping(), source(), ...wideAddress(), channel(), note("full"));
    else body.append(payment(), shipping(), source(), channel(), note("wide8"));
    how.replaceChildren(el("legend", {}, el("b", {}, "3"), texts.steps.how), body);
  };

  // ---- The foot

  const totals = el("dl", { class: "totals", "aria-live": "off" });
  const state = el("span", { class: "state quiet", role: "status" });
  const saveButton = el("button", { type: "submit", class: "button primary", "data-key": "save" });
  const leaveButton = el("button", { type: "button", class: "button", "data-key": "leave", title: "Esc", onclick: () => leave() });
  const question = el("div", { class: "question", role: "alert" });
  const foot = el("div", { class: "foot" }, question, el("div", { class: "bar" }, totals, el("div", { class: "act" }, state, leaveButton, saveButton)));
  let keptText = "";
  let keptWrong = false;

  const drawFoot = () => {
    const texts = words();
    totals.replaceChildren(
      ...(sums?.sums ?? []).map(([name, amount]) =>
        el("div", { class: name }, el("dt", {}, texts.totals[name]), el("dd", {}, amount)),
      ),
    );
    state.textContent = keptText;
    state.classList.toggle("wrong", keptWrong);
    saveButton.replaceChildren(saving ? texts.saving : texts.save);
    saveButton.title = texts.save_hint;
    saveButton.toggleAttribute("aria-disabled", saving);
    form.classList.toggle("saving", saving);
    leaveButton.textContent = texts.leave;
  };

  const drawAsking = () => {
    const texts = words();
    if (!asking) {
      question.replaceChildren();
      return;
    }
    question.replaceChildren(
      el("p", {}, asking.text),
      el(
        "div",
        {},
        asking.kind === "ask" ? el("button", { type: "button", class: "button outline", "data-key": "sure", onclick: () => save(true) }, texts.sure) : null,
        asking.kind === "changed" ? el("button", { type: "button", class: "button outline", "data-key": "anew", onclick: anew }, texts.anew) : null,
        el("button", { type: "button", class: "button", "data-key": "unsure", onclick: () => { asking = null; drawAsking(); search.focus(); } }, texts.unsure),
      ),
    );
    question.querySelector("button")?.focus();
  };

  const anew = () => {
    asking = null;
    forget();
    send({ do: "anew" });
  };

  const leave = () => {
    keep();
    send({ do: "leave" });
  };

  // ---- Saving

  let savedAt = 0; // what was typed when it was sent
  let again = false; // asked for once more since, with something else typed

  const save = (sure = false) => {
    if (!typed) return;
    if (saving) {
      again = changes !== savedAt;
      return;
    }
    savedAt = changes;
    clearTimeout(timers.draft);
    saving = true;
    asking = null;
    drawAsking();
    drawFoot();
    send({ do: "save", intention, typed, sure });
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    // Enter in a field is not yet an order; the button and Ctrl Enter are.
    if (event.submitter === saveButton && focused() === saveButton) save();
  });
  saveButton.addEventListener("click", (event) => {
    event.preventDefault();
    if (event.detail || focused() === saveButton) save();
  });
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      event.stopPropagation();
      save();
    } else if (focused()?.localName === "input") event.preventDefault();
  });

  const hearAnswer = (answer) => {
    if (answer.intention !== intention) return;
    saving = false;
    if (again) {
      // The answer is about what has been put right meanwhile.
      again = false;
      save();
      return;
    }
    wrong = answer.wrong ?? {};
    for (const name of inputs.keys()) showWrong(name);
    if (answer.ask) asking = { kind: "ask", text: answer.ask };
    else if (answer.changed) asking = { kind: "changed", text: answer.changed };
    else if (answer.told) asking = { kind: "told", text: answer.told };
    drawFoot();
    drawAsking();
    if (answer.wrong) {
      if ("because" in wrong) drawAlike();
      const first = [...form.querySelectorAll("[aria-invalid=true]")][0];
      first?.focus();
      first?.scrollIntoView({ block: "center" });
      later("draft", DRAFT_MS, keep);
    }
  };

  const hearKept = ({ number, text, wrong: failed }) => {
    keptText = text;
    keptWrong = failed;
    if (!failed && number === changes && local.order?.at === changes) {
      local.order.saved = true;
      try {
        sessionStorage.removeItem(shelf());
      } catch {
        // never there
      }
    }
    drawFoot();
  };

  // ---- Done

  const drawDone = () => {
    const { done: told } = model.state;
    done.hidden = !told;
    form.hidden = Boolean(told);
    if (!told) return;
    form.replaceChildren();
    Object.values(timers).forEach(clearTimeout);
    done.replaceChildren(
      el("h2", { tabindex: "-1" }, icon("check"), told.title),
      el("ul", {}, told.lines.map((line) => el("li", {}, line))),
      el(
        "div",
        { class: "buttons" },
        told.links.map((link) =>
          link.outside
            ? el("a", { class: "button outline", href: link.url, target: "_blank", rel: "noopener noreferrer", "data-key": link.key }, icon("whatsapp"), link.label)
            : pageLink(link.url, { class: link.primary ? "button primary" : "button outline", title: link.tip, "data-key": link.key }, link.label),
        ),
      ),
    );
  };

  // ---- Drawing

  const drawForm = () => {
    const selection = focused();
    const caret = root.contains(selection) && selection.selectionStart !== undefined ? [selection.selectionStart, selection.selectionEnd] : null;
    keepFocus(root, () => {
      inputs = new Map();
      form.setAttribute("aria-label", words().title);
      drawWho();
      drawWhat();
      drawHow();
      form.replaceChildren(who, what, how, foot);
      drawFoot();
      drawAsking();
    });
    const now = focused();
    if (caret && now && root.contains(now) && now.type !== "email") {
      try {
        now.setSelectionRange(...caret);
      } catch {
        // not a field with a caret
      }
    }
  };

  const begin = (from) => {
    visit = model.state.visit;
    intention = model.state.intention;
    typed = structuredClone(from);
    changes = sent = 0;
    numbers = { price: 0, products: 0, alike: 0 };
    heardPrice = heardProducts = 0;
    wrong = {};
    asking = null;
    again = false;
    alike = [];
    sums = model.state.sums ?? null;
    saving = false;
    keptText = model.state.kept;
    keptWrong = false;
    Object.values(timers).forEach(clearTimeout);
  };

  const shelved = () => {
    if (local.order) return local.order;
    try {
      return JSON.parse(sessionStorage.getItem(shelf()) ?? "null");
    } catch {
      return null;
    }
  };

  let drawn = ""; // what of the state the fields were drawn from

  const draw = () => {
    const state = model.state;
    if (!state.visit) {
      visit = typed = null;
      Object.values(timers).forEach(clearTimeout);
      return;
    }
    if (state.done) {
      if (visit !== null) forget();
      visit = state.visit;
      intention = state.intention;
      typed = null;
      drawDone();
      setTimeout(() => done.querySelector("h2").focus());
      return;
    }
    drawDone();
    if (state.visit === visit && typed) {
      saving = false;
      // Where nothing reads otherwise, nothing is drawn anew under somebody's hands.
      const reads = JSON.stringify([state.words, state.options, state.who]);
      if (reads === drawn) drawFoot();
      else {
        drawn = reads;
        drawForm();
      }
      return;
    }
    const fresh = state.visit !== visit;
    begin(state.typed);
    drawn = JSON.stringify([state.words, state.options, state.who]);
    const draft = shelved();
    const same = draft?.intention === intention && draft.kind === kind() && draft.code === codeOf();
    if (same && (!draft.saved || draft.visit === visit)) {
      // The browser has what the server has not been given yet.
      typed = draft.typed;
      drawForm();
      changed("lines");
    } else drawForm();
    askPrice();
    if (kind() === "new") askAlike();
    if (fresh) setTimeout(() => root.checkVisibility() && !root.contains(focused()) && first().focus());
  };

  const first = () => (kind() === "new" ? inputs.get(typed.name ? "phone.0" : "name") : kind() === "correct" && typed.lines.length ? inputs.get(`line.${typed.lines[0].key}.quantity`) : search);

  model.on("state", draw);
  model.on("msg:custom", (message) => {
    if (message.do === "forget") forget();
    else if (!typed) return; // saved meanwhile: nothing is left to say it beside
    else if (message.do === "priced") hearPrice(message);
    else if (message.do === "products") hearProducts(message);
    else if (message.do === "kept") hearKept(message);
    else if (message.do === "answer") hearAnswer(message);
    else if (message.do === "alike" && [numbers.alike, -1].includes(message.number)) {
      alike = message.rows;
      drawAlike();
    }
  });

  listen(model, window, "pagehide", () => typed && keep());
  listen(model, document, "visibilitychange", () => document.hidden && typed && keep());

  onKey(model, root, (key) => {
    if (key === "/" && !form.hidden) search.focus();
    else if (key === "Escape" && !form.hidden) leave();
    else if (key === "n" && !done.hidden) goTo("orders");
    else if (key === "t" && !done.hidden && done.querySelector('[data-key="call"]')) done.querySelector('[data-key="call"]').click();
    else return false;
    return true;
  });

  draw();
}
