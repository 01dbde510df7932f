// Shared by all parts: making elements and icons without ever parsing data as HTML.

const SVG = "http://www.w3.org/2000/svg";

const ICONS = {
  home: ["M4 11.5 12 5l8 6.5", "M6.5 10v9h11v-9"],
  search: ["M10.5 4.5a6 6 0 1 0 0 12 6 6 0 0 0 0-12", "m15 15 5 5"],
  bell: ["M6.5 16.5V11a5.5 5.5 0 0 1 11 0v5.5l1.5 2h-14z", "M10 20.5a2.2 2.2 0 0 0 4 0"],
  sun: ["M12 8.2a3.8 3.8 0 1 0 0 7.6 3.8 3.8 0 0 0 0-7.6", "M12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.6 7 7M17 17l1.4 1.4M5.6 18.4 7 17M17 7l1.4-1.4"],
  moon: ["M19.5 14.2A8 8 0 0 1 9.8 4.5a8 8 0 1 0 9.7 9.7z"],
  system: ["M4 5.5h16v10.5H4z", "M9 20h6M12 16v4"],
  plus: ["M12 5v14M5 12h14"],
  edit: ["M5 19l1-4L16.5 4.5l3 3L9 18z", "M14 7l3 3"],
  trash: ["M5 7h14", "M9.5 7V4.5h5V7", "M6.5 7l1 12.5h9l1-12.5"],
  phone: ["M7 4.5h3l1.5 4-2 1.5a10 10 0 0 0 4.5 4.5l1.5-2 4 1.5v3c0 1-.8 1.8-1.8 1.8C10.6 18.8 5.2 13.4 5.2 6.3 5.2 5.3 6 4.5 7 4.5z"],
  whatsapp: ["M4.5 19.5l1.2-4A7.8 7.8 0 1 1 8.5 18.3z", "M9.3 9.2c0 3 2.5 5.5 5.5 5.5l.8-1.6-2-1-.8.9a4.5 4.5 0 0 1-1.9-1.9l.9-.8-1-2z"],
  email: ["M4 6h16v12H4z", "m4.5 6.5 7.5 6.5 7.5-6.5"],
  check: ["m5 12.5 4.5 4.5L19 7.5"],
  close: ["M6 6l12 12M18 6 6 18"],
  down: ["m6 9.5 6 6 6-6"],
  language: ["M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16", "M4.5 12h15M12 4c-5 5-5 11 0 16M12 4c5 5 5 11 0 16"],
  keyboard: ["M3.5 6.5h17v11h-17z", "M7 10h.01M10.3 10h.01M13.6 10h.01M17 10h.01M8 14h8"],
  leave: ["M10 4.5H5v15h5", "M14 8l4 4-4 4M18 12H9"],
  person: ["M12 4.5a3.8 3.8 0 1 0 0 7.6 3.8 3.8 0 0 0 0-7.6", "M4.5 20c.6-4 3.6-6 7.5-6s6.9 2 7.5 6"],
  box: ["M4.5 8 12 4l7.5 4v8L12 20l-7.5-4z", "M4.5 8 12 12l7.5-4M12 12v8"],
  people: ["M9 5a3.3 3.3 0 1 0 0 6.6A3.3 3.3 0 0 0 9 5", "M3 19c.4-3.4 2.8-5 6-5s5.6 1.6 6 5", "M15.5 5.3a3 3 0 0 1 0 5.8M17.5 14.4c2 .6 3.2 2.1 3.5 4.6"],
  cart: ["M3.5 5h2.5l2 10.5h9.5l2-7.5H7", "M9.5 19.5h.01M16 19.5h.01"],
  list: ["M8.5 6.5h11M8.5 12h11M8.5 17.5h11", "M4.5 6.5h.01M4.5 12h.01M4.5 17.5h.01"],
  spot: ["M4 7h16v10.5H4z", "M9 4l3 3 3-3"],
  speech: ["M4.5 5.5h15v10.5h-8L7.5 19.5V16h-3z", "M8 9.2h8M8 12.3h5"],
  flag: ["M12 4.5 21 19.5H3z", "M12 10v4.5M12 17h.01"],
  calendar: ["M4.5 6h15v13.5h-15z", "M4.5 10h15M8.5 3.5V7M15.5 3.5V7"],
};

/** An element: `el("button", {class: "plain", onclick}, "text", child)`. Text is only ever text. */
function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "value" || key === "checked") element[key] = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** A drawn sign; what it means is said by the element around it. */
function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "icon");
  for (const line of ICONS[name] || []) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", line);
    svg.append(path);
  }
  return svg;
}

/** What has the keyboard, through every shadow root. */
function focused() {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  return element;
}

/** Whether a key pressed here is text being typed, which no shortcut may take. */
function isTyping(element) {
  if (!element) return false;
  if (element.isContentEditable || element.localName === "textarea" || element.localName === "select") return true;
  return element.localName === "input" && !["checkbox", "radio", "button", "submit"].includes(element.type);
}

/** Redraw without taking the keyboard away: elements are found again by their `data-key`. */
function keepFocus(root, draw) {
  const key = focused()?.dataset?.key;
  const inside = key && root.contains(focused());
  draw();
  if (inside) root.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}

/** Listen on something outside the part for as long as the part is on the page. */
function listen(model, target, name, handler, options) {
  target.addEventListener(name, handler, options);
  model.on("remove", () => target.removeEventListener(name, handler, options));
}

/** Hear the page's keys while this part is on show: pages that were left stay mounted, and must not. */
function onKey(model, root, handler) {
  listen(model, document, "ecrm:key", (event) => {
    if (root.checkVisibility() && handler(event.detail.key, event)) event.preventDefault();
  });
}

/** Open a page in place, as a link does. */
function goTo(url) {
  document.dispatchEvent(new CustomEvent("ecrm:go", { detail: { url } }));
}

/** A link to a page of ours: opens in place, and in a new tab where the user asks for one. */
function pageLink(url, attributes, ...children) {
  const follow = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    goTo(url);
  };
  return el("a", { href: `./${url}`, ...attributes, onclick: follow }, ...children);
}
