// The live board: fetch, react, scrub, keys. What is drawn and said comes from the server; nothing is computed here.
const VIEWS = { strip: true, curve: true, training: true, loss: false, score: false, clipping: false, gates: true };
const HEIGHTS = { strip: 90, curve: 320, training: 240, loss: 210, score: 210, clipping: 210, gates: 420 };
const LIVE_MS = 100, IDLE_MS = 2000, REPLAY_MS = 100, REPLAY_UPDATES = 200, NARROW = 640, MOST_PINS = 4;
const FIRST = 35, LEVELS = 65, BACKSLASH = 92;
const BUTTONS = { t: "Train", p: "Pause", s: "Step", 0: "Reset" };  // keys of the page's own buttons
const boards = new WeakMap();
let plotly = null;

function loadPlotly(url) {
  plotly ??= new Promise((resolve, reject) => {
    if (window.Plotly) return resolve(window.Plotly);
    const script = Object.assign(document.createElement("script"), { src: url, async: true });
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => { plotly = null; script.remove(); reject(new Error("no plotly")); };
    document.head.append(script);
  });
  return plotly;
}

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

// Only what differs is written: a node that stays the same keeps selection, focus and a screen reader's place.
function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function unpacked(trace) {
  const { packed, ...rest } = trace;
  if (!packed) return trace;
  const columns = packed.text.length / packed.rows, step = (trace.zmax - trace.zmin) / (LEVELS - 1);
  const z = Array.from({ length: packed.rows }, (_, row) => Float32Array.from({ length: columns }, (_, column) => {
    const code = packed.text.charCodeAt(row * columns + column);
    return code < FIRST ? NaN : trace.zmin + step * (code - FIRST - (code > BACKSLASH ? 1 : 0));
  }));
  return { ...rest, z };
}

class Board {
  constructor(root) {
    this.root = root;
    this.find = (name) => root.querySelector(`.ub-${name}`);
    this.seen = {};
    this.cursor = null;
    this.pins = [];
    this.probe = 0;
    this.inView = new Set();
    this.ticket = 0;
    this.failures = 0;
    this.views = Object.fromEntries(Object.entries(VIEWS).map(([name, wide]) => [name, this.makeView(name, wide)]));
    this.listen();
  }

  // -- what Streamlit hands over ------------------------------------------------------------------------------------

  update(data, emit) {
    this.emit = emit;
    const fresh = (name) => JSON.stringify(data[name]) !== this.seen[name];
    if (fresh("source")) Object.assign(this, { source: data.source, replay: null, known: null, reply: null, failures: 0 });
    if (fresh("cursor") || fresh("source")) this.cursor = data.cursor;
    if (fresh("pins")) this.pins = [...data.pins];
    for (const name of ["source", "cursor", "pins"]) this.seen[name] = JSON.stringify(data[name]);
    this.moving = data.moving;
    if (this.replays !== undefined && data.replays !== this.replays) this.play(0);
    this.replays = data.replays;
    this.script = data.script;
    this.notice();
    this.kick();
  }

  // -- asking -------------------------------------------------------------------------------------------------------

  kick() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.poll(), 0);
  }

  theme() {
    const background = getComputedStyle(this.root).getPropertyValue("--st-background-color").trim() || "#fff";
    if (background === this.background) return this.themeName;
    this.background = background;
    const probe = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d");
    probe.fillStyle = background;
    probe.fillRect(0, 0, 1, 1);
    const [red, green, blue] = probe.getImageData(0, 0, 1, 1).data;
    this.themeName = 0.299 * red + 0.587 * green + 0.114 * blue < 128 ? "dark" : "light";
    return this.themeName;
  }

  query() {
    const names = Object.keys(VIEWS).filter((name) => this.inView.has(name));
    const tables = names.filter((name) => this.views[name].details.open);
    return new URLSearchParams({
      views: names.join(","), tables: tables.join(","), cursor: this.cursor ?? "live", theme: this.theme(),
      width: this.root.clientWidth < NARROW ? "narrow" : "wide", pins: this.pins.join(","), probe: this.probe,
    }).toString();
  }

  async poll() {
    clearTimeout(this.timer);
    if (!this.root.isConnected || document.hidden || !this.source || !this.root.clientWidth) return;
    const started = performance.now(), ticket = ++this.ticket, query = this.query();
    const after = this.known?.query === query ? `&after=${encodeURIComponent(this.known.seq)}` : "";
    this.abort?.abort();
    this.abort = new AbortController();
    try {
      const response = await fetch(`/runs/${encodeURIComponent(this.source)}/board?${query}${after}`, { signal: this.abort.signal });
      const body = response.status === 204 ? null : await response.json();
      if (ticket !== this.ticket) return;  // another run, cursor or theme was asked for meanwhile
      this.failures = 0;
      this.refusal = response.ok ? "" : body?.error ?? `The server answered ${response.status}.`;
      if (response.ok && body) await this.show(body, query, ticket);
    } catch (error) {
      if (ticket !== this.ticket || error.name === "AbortError") return;
      this.failures += 1;
    }
    if (ticket !== this.ticket) return;
    this.notice();
    this.next(started);
  }

  // A fixed rate: the interval less what the asking took.
  next(started) {
    const pause = this.failures ? Math.min(5000, 250 * 2 ** this.failures)
      : this.refusal ? 5000
      : this.replay ? REPLAY_MS
      : this.reply?.transport.moving ? LIVE_MS : IDLE_MS;
    this.timer = setTimeout(() => this.advance(), Math.max(0, pause - (performance.now() - started)));
  }

  advance() {
    const transport = this.reply?.transport;
    if (this.replay && transport) {
      // At 1× every frame is shown; a long run is played in twenty seconds.
      this.replay.at += this.replay.speed * Math.max(transport.stride, transport.step / REPLAY_UPDATES);
      this.cursor = Math.floor(this.replay.at / transport.stride) * transport.stride;
      if (this.cursor >= transport.step) this.stopReplay(null);
    }
    this.poll();
  }

  notice() {
    const away = this.failures > 1 ? "Reconnecting … What is on screen stays, and training goes on without this page." : "";
    const text = away || this.refusal || this.reply?.transport.problem;
    const element = this.find("notice");
    say(element, text ?? "");
    element.hidden = !text;
  }

  // -- showing ------------------------------------------------------------------------------------------------------

  async show(body, query, ticket) {
    this.reply = body;
    this.showTransport(body.transport);
    if (body.caption) this.showCaption(body.caption);
    if (!window.Plotly && body.views.strip) this.sketch(this.views.strip, body.views.strip);
    const Plotly = await loadPlotly(this.script);
    if (ticket !== this.ticket) return;
    this.known = { query, seq: body.seq };
    const wanted = new URLSearchParams(query).get("views").split(",");
    for (const [name, view] of Object.entries(this.views)) {
      if (body.views[name]) this.showView(Plotly, view, body.views[name], body.template);
      else if (wanted.includes(name) && body.caption) say(view.hint, "Nothing is recorded for this moment.");
    }
    if (body.probes?.length) this.showProbes(body.probes);
    if (body.pins) this.showPins(body.pins);
    const link = this.find("download");
    link.hidden = body.transport.phase === "preview" || body.transport.step < 0;
    link.href = `/runs/${encodeURIComponent(body.id)}/file`;
    this.root.dataset.step = body.transport.shown ?? "";
    this.root.dataset.seq = body.seq;
    this.root.dataset.updates = Number(this.root.dataset.updates ?? 0) + 1;
  }

  showTransport(transport) {
    const range = this.root.querySelector("input[type=range]"), progress = this.find("progress");
    const { total, step, shown, stride } = transport, live = this.cursor === null;
    Object.assign(range, { max: total, step: stride, disabled: step < 1 });
    if (!this.dragging) range.value = shown ?? 0;
    range.setAttribute("aria-valuetext", `training step ${shown ?? 0} of ${total}`);
    progress.setAttribute("aria-valuemax", total);
    progress.setAttribute("aria-valuenow", Math.max(step, 0));
    progress.firstElementChild.style.width = `${(100 * Math.max(step, 0)) / total}%`;
    const text = live ? transport.text : `showing step ${shown?.toLocaleString("en")} · ${transport.text}`;
    say(this.find("where"), text);
    const liveButton = this.find("live"), play = this.find("play");
    liveButton.setAttribute("aria-pressed", live);
    say(liveButton, transport.moving ? "Live" : "Latest");
    play.disabled = step < 1;
    play.setAttribute("aria-pressed", Boolean(this.replay));
    say(play, this.replay ? "Hold" : "Replay");
    if (this.phase !== transport.phase) say(this.find("announce"), `Training ${transport.phase}: ${transport.text}`);
    this.phase = transport.phase;
    // Python drew its buttons for a run that moves or rests; it draws them again when that has changed.
    if (transport.moving !== this.moving && transport.phase !== "preview") this.emit?.("moving", this.moving = transport.moving);
  }

  showCaption(caption) {
    say(this.find("headline"), caption.headline);
    say(this.find("subline"), caption.subline);
    const list = this.find("figures");
    while (list.children.length > caption.figures.length) list.lastElementChild.remove();
    caption.figures.forEach(({ value, label }, index) => {
      const entry = list.children[index] ?? list.appendChild(make("div"));
      if (!entry.children.length) entry.append(make("dt"), make("dd"));
      say(entry.children[0], label);
      say(entry.children[1], value);
    });
  }

  makeView(name, wide) {
    const section = make("figure", `ub-view${wide ? " ub-wide" : ""}`), top = make("div", "ub-top");
    const view = { name, section, title: make("h3"), hint: make("span", "ub-hint"), scales: make("div", "ub-scales"),
      keys: make("div", "ub-keys"), tools: make("div", "ub-tools"), holder: make("div", "ub-plot"), plot: make("div"),
      mark: make("div", "ub-mark"), details: make("details", "ub-numbers"), rows: make("div", "ub-rows"), drawn: {} };
    section.dataset.view = name;
    view.holder.style.minHeight = `${HEIGHTS[name]}px`;
    view.plot.setAttribute("role", "img");
    view.details.append(make("summary", "", "numbers"), view.rows);
    view.details.addEventListener("toggle", () => view.details.open && this.kick());
    const words = make("div", "ub-words");
    words.append(view.title, view.hint);
    top.append(words, view.scales, view.tools);
    view.holder.append(view.plot, view.mark);
    section.append(top, view.keys, view.holder, view.details);
    if (name === "curve") this.makePinButton(view);
    if (name === "gates") this.makeProbes(view);
    this.find("views").append(section);
    return view;
  }

  showView(Plotly, view, body, template) {
    say(view.title, body.title);
    say(view.hint, body.hint);
    view.plot.setAttribute("aria-label", `${body.title}. ${body.alt}`);
    this.once(view, "keys", body.keys, () => view.keys.replaceChildren(...body.keys.map(keyOf)));
    this.once(view, "scales", body.scales, () => view.scales.replaceChildren(...body.scales.map(scaleOf)));
    if (body.table) this.once(view, "table", body.table, () => view.rows.replaceChildren(tableOf(body.table, body.title)));
    const { data, layout } = body.figure;
    view.axis = layout.meta?.axis;
    view.holder.style.minHeight = `${layout.height}px`;
    if (view.plot.style.display) {
      view.plot.replaceChildren();
      view.plot.removeAttribute("style");
    }
    const config = { displayModeBar: false, responsive: true, doubleClick: "reset" };
    Plotly.react(view.plot, data.map(unpacked), { ...layout, template }, config);
    if (!view.listening) this.follow(view);
  }

  // The first second of a fresh page goes into loading Plotly: till then the strip stands there as plain cells.
  sketch(view, { title, hint, figure: { data, layout } }) {
    const { z, zmin, zmax, colorscale, xgap = 0 } = data.find((trace) => trace.type === "heatmap");
    const bytes = Uint8Array.from(atob(z.bdata ?? ""), (character) => character.charCodeAt(0));
    const colors = [...new Float32Array(bytes.buffer)].map((value) => colorAt(colorscale, (value - zmin) / (zmax - zmin)));
    say(view.title, title);
    say(view.hint, hint);
    const { l, r, t, b } = layout.margin;
    Object.assign(view.plot.style, { display: "flex", gap: `${xgap}px`, height: `${layout.height}px`, padding: `${t}px ${r}px ${b}px ${l}px` });
    view.plot.replaceChildren(...colors.map((color) => Object.assign(make("i"), { style: `flex: 1; margin: 7px 0; background: ${color}` })));
  }

  once(view, part, value, draw) {
    const text = JSON.stringify(value);
    if (view.drawn[part] !== text) draw();
    view.drawn[part] = text;
  }

  // -- one step marked in every picture -----------------------------------------------------------------------------

  follow(view) {
    view.listening = true;
    view.plot.on("plotly_hover", ({ points }) => this.mark(view.axis, points[0].x));
    view.plot.on("plotly_unhover", () => this.mark(null));
    view.plot.on("plotly_click", ({ points }) => {
      if (view.name === "training") this.scrub(points[0].y, true);
      else if (view.axis === "training") this.scrub(points[0].x, true);
    });
  }

  mark(axis, x) {
    for (const { plot, mark, axis: own } of Object.values(this.views)) {
      const size = plot._fullLayout?._size, scale = plot._fullLayout?.xaxis;
      const shown = Boolean(axis && own === axis && size && scale);
      mark.style.display = shown ? "block" : "none";
      if (!shown) continue;
      const left = scale.d2p(x - 0.5), width = Math.max(1, scale.d2p(x + 0.5) - left);
      Object.assign(mark.style, { left: `${size.l + left}px`, width: `${width}px`, top: `${size.t}px`, height: `${size.h}px` });
      if (left < -1 || left > size.w) mark.style.display = "none";
    }
  }

  // -- scrubbing, replay, keys --------------------------------------------------------------------------------------

  scrub(step, released) {
    const transport = this.reply?.transport;
    if (!transport) return;
    const snapped = Math.max(0, Math.round(step / transport.stride) * transport.stride);
    this.replay = null;
    this.cursor = snapped >= transport.step ? null : snapped;
    if (released) this.emit?.("cursor", this.remember("cursor", this.cursor));
    this.kick();
  }

  // What this page itself sent to Python is no news when Python sends it back.
  remember(name, value) {
    this.seen[name] = JSON.stringify(value);
    return value;
  }

  togglePlay() {
    const transport = this.reply?.transport;
    if (!transport || transport.step < 1) return;
    if (this.replay) return this.stopReplay(this.cursor);
    this.play(this.cursor ?? 0);
    this.kick();
  }

  play(from) {
    this.replay = { at: from, speed: Number(this.find("speed").querySelector("select").value) };
    this.cursor = from;
  }

  stopReplay(cursor) {
    this.replay = null;
    this.cursor = cursor;
    this.emit?.("cursor", this.remember("cursor", cursor));
    this.kick();
  }

  listen() {
    const range = this.root.querySelector("input[type=range]"), speed = this.find("speed").querySelector("select");
    range.addEventListener("input", () => { this.dragging = true; this.scrub(Number(range.value), false); });
    range.addEventListener("change", () => { this.dragging = false; this.scrub(Number(range.value), true); });
    this.find("live").addEventListener("click", () => this.scrub(Infinity, true));
    this.find("play").addEventListener("click", () => this.togglePlay());
    speed.addEventListener("change", () => { if (this.replay) this.replay.speed = Number(speed.value); });
    this.onKey = (event) => this.key(event);
    this.onVisible = () => document.hidden || this.kick();
    document.addEventListener("keydown", this.onKey);
    document.addEventListener("visibilitychange", this.onVisible);
    window.addEventListener("online", this.onVisible);
    this.watcher = new IntersectionObserver((entries) => {
      for (const entry of entries) this.inView[entry.isIntersecting ? "add" : "delete"](entry.target.dataset.view);
      this.kick();
    }, { rootMargin: "150px" });
    for (const { section } of Object.values(this.views)) this.watcher.observe(section);
    this.resizer = new ResizeObserver(() => {
      for (const { plot } of Object.values(this.views)) if (plot.data) window.Plotly.Plots.resize(plot);
      this.kick();
    });
    this.resizer.observe(this.root);
  }

  key(event) {
    const from = event.composedPath()[0];
    const typing = from.closest?.("input, textarea, select, [contenteditable=true], [role=slider], [role=listbox], [role=tablist]");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || !this.root.isConnected) return;
    const pressed = BUTTONS[event.key.toLowerCase()];
    if (pressed) return document.querySelector(`.st-key-transport-${pressed} button:not(:disabled)`)?.click();
    const transport = this.reply?.transport, here = this.cursor ?? transport?.step;
    const target = { ArrowLeft: here - transport?.stride, ArrowRight: here + transport?.stride, Home: 0, End: Infinity }[event.key];
    if (target === undefined || !transport || transport.step < 1) return;
    event.preventDefault();
    this.scrub(target, false);
    clearTimeout(this.settle);
    this.settle = setTimeout(() => this.emit?.("cursor", this.remember("cursor", this.cursor)), 400);
  }

  // -- pins and probes ----------------------------------------------------------------------------------------------

  makePinButton(view) {
    this.pinButton = make("button", "ub-button ub-pin", "Pin this curve");
    this.pinButton.type = "button";
    this.pinButton.addEventListener("click", () => {
      const shown = this.reply?.transport.shown;
      if (shown !== null && shown !== undefined) this.setPins([...new Set([...this.pins, `${this.reply.id}@${shown}`])]);
    });
    this.pinList = make("div", "ub-keys ub-pins");
    view.tools.append(this.pinButton);
    view.keys.after(this.pinList);
  }

  setPins(pins) {
    this.pins = pins.slice(-MOST_PINS);
    this.emit?.("pins", this.remember("pins", this.pins));
    this.kick();
  }

  showPins(pins) {
    this.once(this.views.curve, "pins", pins, () => this.pinList.replaceChildren(...pins.map((pin) => {
      const entry = keyOf({ label: pin.label, color: pin.color ?? "currentColor", dash: pin.dash, width: 1.5, kind: "line" });
      const remove = make("button", "", "×");
      remove.type = "button";
      remove.setAttribute("aria-label", `Remove the pinned curve ${pin.label}`);
      remove.addEventListener("click", () => this.setPins(this.pins.filter((id) => id !== pin.id)));
      entry.append(remove);
      return entry;
    })));
  }

  makeProbes(view) {
    const label = make("label", "ub-probe", "sequence ");
    this.probes = make("select");
    this.probes.setAttribute("aria-label", "Probe sequence");
    this.probes.addEventListener("change", () => { this.probe = Number(this.probes.value); this.kick(); });
    label.append(this.probes);
    view.tools.append(label);
  }

  showProbes(names) {
    this.once(this.views.gates, "probes", names, () => this.probes.replaceChildren(...names.map((name, index) => new Option(name, index))));
    this.probe = Math.min(this.probe, names.length - 1);
    this.probes.value = this.probe;
  }

  // -- leaving ------------------------------------------------------------------------------------------------------

  leave() {
    clearTimeout(this.timer);
    clearTimeout(this.settle);
    this.ticket += 1;
    this.abort?.abort();
    this.watcher.disconnect();
    this.resizer.disconnect();
    document.removeEventListener("keydown", this.onKey);
    document.removeEventListener("visibilitychange", this.onVisible);
    window.removeEventListener("online", this.onVisible);
    for (const { plot } of Object.values(this.views)) if (plot.data) window.Plotly.purge(plot);
  }
}

function colorAt(stops, at) {
  const above = stops.findIndex(([position]) => position >= at);
  if (above < 1) return stops.at(above).at(1);
  const [[low, from], [high, to]] = stops.slice(above - 1, above + 1);
  return `color-mix(in srgb, ${to} ${(100 * (at - low)) / (high - low)}%, ${from})`;
}

const DASHES = { dot: "2 3", dash: "6 3", dashdot: "6 3 2 3" };

function keyOf({ label, color, kind, dash, width = 2, marker, pattern }) {
  const entry = make("span", "ub-key");
  const shape = kind === "marker" ? `<circle cx="12" cy="5" r="3" fill="${color}"/>`
    : kind === "pattern" ? `<rect x="6" y="0.5" width="12" height="9" fill="none" stroke="${color}"/>` + hatch(pattern, color)
    : `<line x1="1" y1="5" x2="23" y2="5" stroke="${color}" stroke-width="${width}" stroke-dasharray="${DASHES[dash] ?? ""}"/>`;
  entry.innerHTML = `<svg width="24" height="10" aria-hidden="true">${shape}</svg>`;
  entry.append(make("span", "", label));
  return entry;
}

function hatch(pattern, color) {
  const paths = { "/": "M6 9.5 L15 0.5 M11 9.5 L18 2.5", x: "M8 1 L16 9 M16 1 L8 9", "+": "M12 1 V9 M7 5 H17", ".": "M9 5 h1 M12 5 h1 M15 5 h1" };
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

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".ub");
  if (!boards.has(root)) boards.set(root, new Board(root));
  const board = boards.get(root);
  // Each is news, also when it comes back to an earlier value; null would be none, so the live end has a word.
  board.update(data, (name, value) => setTriggerValue(name, value ?? "live"));
  // This clean-up may be that of an earlier run whose element lives on: only what has left the page is put away.
  return () => setTimeout(() => {
    if (root.isConnected) return;
    board.leave();
    boards.delete(root);
  });
}
