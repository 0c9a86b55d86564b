// Small pieces of the page: text, legend entries, colour scales, tables.
function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

function makeButton(className, text, onClick, label) {
  const button = make("button", className, text);
  button.type = "button";
  if (label) button.setAttribute("aria-label", label);
  button.addEventListener("click", onClick);
  return button;
}

// Only what differs is written: a node that stays the same keeps selection, focus and a screen reader's place.
function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// A sentence with its `names` as code.
function sayWithCode(element, text) {
  if (element.textContent === text.replaceAll("`", "")) return;
  element.replaceChildren(...text.split("`").map((part, index) => (index % 2 ? make("code", "", part) : part)));
}

// A knob's value as core/numbers.py writes numbers: what is being turned is known here first.
function written(value) {
  const size = Math.abs(value), plain = !size || (size >= 1e-3 && size < 1e5);
  const [digits, power] = (plain ? value.toLocaleString("en", { maximumFractionDigits: 9 }) : value.toExponential()).replace("-", "−").split("e");
  if (!power) return digits;
  const raised = [...power].map((sign) => ({ "+": "", "-": "⁻" })[sign] ?? "⁰¹²³⁴⁵⁶⁷⁸⁹"[sign]).join("");
  return `${digits === "1" ? "" : `${digits}\u00a0×\u00a0`}10${raised}`;
}

function colorAt(stops, at) {
  const above = stops.findIndex(([position]) => position >= at);
  if (above < 1) return stops.at(above).at(1);
  const [[low, from], [high, to]] = stops.slice(above - 1, above + 1);
  return `color-mix(in srgb, ${to} ${(100 * (at - low)) / (high - low)}%, ${from})`;
}

const DASHES = { dot: "2 3", dash: "6 3", dashdot: "6 3 2 3" };
const MARKERS = { diamond: "M12 0 L17 5 L12 10 L7 5 Z", "triangle-up": "M12 1 L17 9 L7 9 Z", "triangle-down": "M12 9 L17 1 L7 1 Z", x: "M8 1.5 L9.5 0 L12 3.5 L14.5 0 L16 1.5 L13.3 5 L16 8.5 L14.5 10 L12 6.5 L9.5 10 L8 8.5 L10.7 5 Z" };

function keyOf({ label, color, kind, dash, width = 2, marker, pattern }) {
  const entry = make("span", "ub-key");
  const shape = kind === "marker" ? symbol(marker, color)
    : kind === "area" ? `<rect x="5" y="0.5" width="14" height="9" fill="${color}"/>`
    : kind === "pattern" ? `<rect x="6" y="0.5" width="12" height="9" fill="none" stroke="${color}"/>` + hatch(pattern, color)
    : `<line x1="1" y1="5" x2="23" y2="5" stroke="${color}" stroke-width="${width}" stroke-dasharray="${DASHES[dash] ?? ""}"/>`;
  entry.innerHTML = `<svg width="24" height="10" aria-hidden="true">${shape}</svg>`;
  const name = make("span");
  explain(name, label);
  entry.append(name);
  return entry;
}

// Plotly's names; "-open" is drawn as a ring.
function symbol(marker = "circle", color) {
  const open = marker.endsWith("-open"), path = MARKERS[marker.replace("-open", "")];
  const look = open ? `fill="none" stroke="${color}" stroke-width="1.5"` : `fill="${color}"`;
  return path ? `<path d="${path}" ${look}/>` : `<circle cx="12" cy="5" r="${open ? 4 : 3}" ${look}/>`;
}

function hatch(pattern, color) {
  const paths = { "/": "M6 9.5 L15 0.5 M11 9.5 L18 2.5", x: "M8 1 L16 9 M16 1 L8 9", "+": "M12 1 V9 M7 5 H17", ".": "M9 5 h1 M12 5 h1 M15 5 h1", "|": "M9 0.5 V9.5 M12 0.5 V9.5 M15 0.5 V9.5", "-": "M6 3 H18 M6 5 H18 M6 7 H18", "\\": "M6 0.5 L15 9.5 M11 0.5 L18 7.5" };
  return `<path d="${paths[pattern]}" stroke="${color}" fill="none"/>`;
}

function scaleOf({ label, stops, ticks }) {
  const entry = make("div", "ub-scale"), body = make("div"), bar = make("div", "ub-bar"), row = make("div", "ub-ticks");
  bar.style.background = `linear-gradient(to right, ${stops.map(([at, color]) => `${color} ${100 * at}%`).join(", ")})`;
  row.append(...ticks.map(([, text]) => make("span", "", text)));
  body.append(bar, row);
  entry.append(make("span", "", label), body);
  return entry;
}

function tableOf({ columns, rows }, title) {
  const table = make("table"), head = table.createTHead().insertRow(), body = table.createTBody();
  table.setAttribute("aria-label", title);
  head.append(...columns.map((name) => Object.assign(make("th", "", name), { scope: "col" })));
  for (const row of rows) body.insertRow().append(...row.map((value) => make("td", "", value === null ? "not a number" : String(value))));
  return table;
}

// A table that is the picture: on a phone every row becomes a block, whose values say what they are.
function sheetOf({ columns, rows }, title) {
  const table = make("table", "ub-sheet"), head = table.createTHead().insertRow(), body = table.createTBody();
  table.setAttribute("aria-label", title);
  head.append(...columns.map((name) => Object.assign(make("th", "", name), { scope: "col" })));
  for (const row of rows) {
    body.insertRow().append(...row.map((cell, place) => {
      const element = make(place ? "td" : "th", "");
      if (place) element.dataset.column = columns[place];
      else element.scope = "row";
      if (cell.color) element.append(keyOf({ label: "", color: cell.color, dash: cell.dash, width: 3 }).firstChild);
      element.append(make("span", "ub-value", cell.text ?? ""), make("span", "ub-note", cell.note ?? ""));
      for (const [text, href] of cell.links ?? []) element.append(Object.assign(make("a", "ub-lead", text), { href, target: "_self" }));
      return element;
    }));
  }
  return table;
}
