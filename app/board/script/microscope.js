// A training step played frame by frame from one answer: drawing, sentence and equations with the numbers of each step.
const FRAME_RATES = [1, 3, 10, 30, 100], REST_MS = 400;
const PLACE = /([+−·] )?\{([^}]+)\}(²)?/g;  // in brackets where a sign or a square needs it
const PLAYER_KEYS = { k: "play", ",": "back", ".": "on" };

class Player {
  constructor(board, view) {
    this.board = board;
    this.at = [0, 0];
    this.told = new Set();
    this.element = make("div", "um");
    this.assemble();
    view.keys.before(this.element);
    this.onKey = (event) => this.key(event);
    document.addEventListener("keydown", this.onKey);
  }

  assemble() {
    this.tabs = make("div", "um-tabs");
    this.tabs.setAttribute("role", "group");
    this.tabs.setAttribute("aria-label", "Phases of the training step");
    this.back = makeButton("ub-button", "◀", () => this.step(-1), "One frame back (key ,)");
    this.toggle = makeButton("ub-button um-play", "Play", () => this.playOrHold());
    this.on = makeButton("ub-button", "▶", () => this.step(1), "One frame on (key .)");
    this.toggle.title = "Key k";
    this.speed = make("select");
    this.speed.setAttribute("aria-label", "Frames a second");
    this.speed.append(...FRAME_RATES.map((rate) => new Option(`${rate} a second`, rate, rate === 3, rate === 3)));
    this.range = Object.assign(make("input"), { type: "range", min: 0, step: 1 });
    this.range.setAttribute("aria-label", "Frame of the training step");
    this.range.addEventListener("input", () => { this.hold(); this.go(this.place(Number(this.range.value))); });
    this.news = makeButton("ub-button um-news", "", () => this.take(this.newest));
    this.news.hidden = true;
    const row = make("div", "um-controls"), speed = make("span", "ub-speed"), body = make("div", "um-body");
    speed.append(this.speed);
    row.append(this.back, this.toggle, this.on, speed, this.range, this.news);
    this.sentence = make("p", "um-sentence");
    this.drawing = make("div", "um-drawing");
    this.equations = make("dl", "um-equations");
    body.append(this.drawing, this.equations);
    this.element.append(this.tabs, row, this.sentence, body);
  }

  // -- what the server says -----------------------------------------------------------------------------------------

  // Whoever plays or looks at a frame keeps the moment that is on screen; the training goes on without it.
  show(body) {
    this.newest = body;
    const later = body.key === this.body?.key && body.step !== this.body.step;
    if (!later || this.board.cursor !== null || !this.touched) return this.take(body);
    this.news.hidden = false;
    say(this.news, `Training has gone on: take step ${body.step.toLocaleString("en")}`);
    return false;
  }

  take(body) {
    const text = JSON.stringify(body), wanted = JSON.stringify(body.at);
    this.news.hidden = true;
    if (text !== this.text) {
      this.text = text;
      this.body = body;
      this.lengths = body.phases.map((phase) => phase.rows.length);
      this.range.max = this.lengths.reduce((sum, length) => sum + length, 0) - 1;
      if (this.svg !== body.svg) this.drawing.innerHTML = this.svg = body.svg;
      this.places = [...this.drawing.querySelectorAll("[data-f], [data-b]")];
      this.meters = [...this.drawing.querySelectorAll("[data-meter]")];
      this.drawing.style.setProperty("--um-back", body.color);
      this.drawTabs();
    }
    if (wanted !== this.asked && !this.told.has(wanted)) this.jump(body.at);
    this.asked = wanted;
    this.go([Math.min(this.at[0], body.phases.length - 1), this.at[1]], true);
    return true;
  }

  drawTabs() {
    const titles = this.body.phases.map((phase) => phase.title);
    if (this.tabs.children.length === titles.length) return;
    this.tabs.replaceChildren(...titles.map((title, index) => makeButton("ub-button", title, () => { this.hold(); this.go([index, 0]); })));
  }

  // The page says where to stand (a link, the browser's Back): what was told to it before is no longer an echo.
  forget() {
    this.told.clear();
    this.asked = null;
  }

  jump([name, t]) {
    const index = Math.max(0, this.body.phases.findIndex((phase) => phase.name === name));
    const apart = this.body.phases[index].rows.map((row) => Math.abs(this.t(row) - t));
    this.at = [index, Math.max(0, apart.indexOf(Math.min(...apart)))];
  }

  // -- frames -------------------------------------------------------------------------------------------------------

  // The time step of a row; of a long sequence not every one is shown.
  t(row = 0) { return Number(this.body.values.t[row]); }

  place(frame) {
    let index = 0;
    while (index < this.lengths.length - 1 && frame >= this.lengths[index]) frame -= this.lengths[index++];
    return [index, frame];
  }

  get frame() { return this.lengths.slice(0, this.at[0]).reduce((sum, length) => sum + length, this.at[1]); }

  step(by) { this.hold(); this.go(this.place(Math.min(Math.max(this.frame + by, 0), Number(this.range.max)))); }

  go([index, frame], quiet) {
    const phase = this.body.phases[index];
    this.at = [index, Math.max(0, Math.min(frame, phase.rows.length - 1))];
    this.draw(phase, this.at[1]);
    if (quiet) return;
    this.touched = true;
    clearTimeout(this.settle);
    if (!this.playing) this.settle = setTimeout(() => this.tell(), REST_MS);
  }

  tell() {
    const phase = this.body.phases[this.at[0]], t = String(this.t(phase.rows[this.at[1]]));
    this.told.add(JSON.stringify([phase.name, Number(t)]));
    this.board.put({ micro_phase: phase.name, micro_t: t });
  }

  draw(phase, frame) {
    const row = phase.rows[frame] ?? 0, way = phase.way;
    const number = (name) => phase.own?.[name]?.[frame] ?? this.body.values[name]?.[row] ?? "–";
    const filled = (text) => text.replace(PLACE, (_, sign = "", name, square = "") => {
      const value = number(name);
      const apart = (value.startsWith("−") && (sign || square)) || (value.includes("×") && square);
      return sign + (apart ? `(${value})` : value) + square;
    });
    this.range.value = this.frame;
    this.range.setAttribute("aria-valuetext", `${phase.title}, frame ${frame + 1} of ${phase.rows.length}`);
    [...this.tabs.children].forEach((tab, index) => tab.setAttribute("aria-pressed", index === this.at[0]));
    say(this.sentence, filled(phase.special[frame] ?? phase.sentence));
    this.drawing.dataset.way = way;
    for (const place of this.places) this.fill(place, way, row, number);
    for (const meter of this.meters) meter.style.transform = `scaleY(${this.body.meters[meter.dataset.meter]?.[row] ?? 0})`;
    this.write(phase, filled);
    this.mark();
  }

  // The step on screen, marked in every picture that has a time axis.
  mark() {
    const phase = this.body.phases[this.at[0]];
    this.board.mark(phase.way === "none" ? null : "time", this.t(phase.rows[this.at[1]]));
  }

  fill(place, way, row, number) {
    const name = way === "none" ? "" : way === "backward" ? place.dataset.b : place.dataset.f;
    if (place.tagName === "text") return say(place, name ? number(name) : "");
    const size = way === "backward" && name ? this.body.sizes[name]?.[row] ?? 0 : 0.12;
    place.style.strokeWidth = name || way !== "backward" ? 1 + 5 * size : 1;
    place.classList.toggle("um-still", way === "backward" && !name);
  }

  write({ equations }, filled) {
    while (this.equations.children.length > equations.length) this.equations.lastElementChild.remove();
    equations.forEach(([symbols, numbers], index) => {
      const entry = this.equations.children[index] ?? this.equations.appendChild(make("div"));
      if (!entry.children.length) entry.append(make("dt"), make("dd"));
      say(entry.children[0], symbols);
      say(entry.children[1], filled(numbers));
    });
  }

  // -- playing ------------------------------------------------------------------------------------------------------

  playOrHold() {
    if (this.playing) return this.hold();
    if (!this.body) return;
    if (this.frame >= Number(this.range.max)) this.at = [0, 0];
    Object.assign(this, { playing: true, since: performance.now(), touched: true });
    this.say();
    this.tick();
  }

  hold() {
    if (!this.playing) return;
    this.playing = false;
    cancelAnimationFrame(this.animation);
    this.say();
    this.tell();
  }

  say() {
    say(this.toggle, this.playing ? "Hold" : "Play");
    this.toggle.setAttribute("aria-pressed", Boolean(this.playing));
    this.sentence.setAttribute("aria-live", this.playing ? "off" : "polite");
  }

  tick() {
    if (!this.playing || !this.element.isConnected) return;
    const now = performance.now(), frames = Math.floor(((now - this.since) * Number(this.speed.value)) / 1000);
    if (frames) {
      this.since = now;
      const next = Math.min(this.frame + frames, Number(this.range.max));
      this.go(this.place(next));
      if (next >= Number(this.range.max)) return this.hold();
    }
    this.animation = requestAnimationFrame(() => this.tick());
  }

  key(event) {
    const from = event.composedPath()[0];
    if (from.closest?.(TYPING) || event.ctrlKey || event.metaKey || event.altKey || !this.element.isConnected || !this.body) return;
    const wanted = PLAYER_KEYS[event.key.toLowerCase()];
    if (wanted === "play") this.playOrHold();
    else if (wanted) this.step(wanted === "on" ? 1 : -1);
  }

  leave() {
    cancelAnimationFrame(this.animation);
    clearTimeout(this.settle);
    this.playing = false;
    document.removeEventListener("keydown", this.onKey);
  }
}
