// The live board: ask and show. What is drawn and said comes from the server; nothing is computed here.
const IDLE_MS = 2000, NUDGE_MS = 50, NARROW = 640;
// What a proxy says while the server behind it is away, or when it is asked too often: it may come back.
const PASSING = new Set([408, 425, 429, 500, 502, 503, 504]);
const STILL = matchMedia("(prefers-reduced-motion: reduce)");
const boards = new WeakMap();

// Addresses are relative to the page's own, which stands directly under where the app is served: they lead there
// whatever comes before, and whether or not a proxy takes that away.
class Board {
  constructor(root, page) {
    this.root = root;
    this.page = page.name;
    this.find = (name) => root.querySelector(`.ub-${name}`);
    this.told = {};
    this.given = {};
    this.cursor = null;
    this.pins = [];
    this.knobs = {};
    this.beside = [];
    this.inView = new Set();
    this.paper = new Paper(this);
    learnTerms(page.glossary, this.find("gloss"));
    this.ticket = 0;
    this.failures = 0;
    this.views = Object.fromEntries(page.views.map((view) => [view.name, new Picture(this, view)]));
    this.find("views").replaceChildren(...Object.values(this.views).map((view) => view.section));
    this.transport = new Transport(this);
    this.company = new Company(this);
    this.take = new Take(this, page.offers);
    this.listen();
  }

  // -- what Streamlit hands over, and what it hears ------------------------------------------------------------------

  update(data, emit) {
    this.emit = emit;
    const [source, cursor, pins, knobs] = ["source", "cursor", "pins", "knobs"].map((name) => this.isNews(name, data[name]));
    if (source) {
      Object.assign(this, { source: data.source, known: null, reply: null, failures: 0 });
      this.transport.replay = null;
    }
    if (cursor || source) this.cursor = data.cursor;
    if (pins) this.pins = [...data.pins];
    if (knobs) {
      this.knobs = { ...data.knobs };
      for (const view of Object.values(this.views)) view.player?.forget();
    }
    this.beside = data.beside;
    this.moving = data.moving;
    const asked = this.replays === undefined ? data.plays && !STILL.matches : data.replays !== this.replays;
    if (asked) this.transport.play(0);
    this.replays = data.replays;
    this.script = data.script;
    this.settings = data.settings;
    if (data.address && !location.search) history.replaceState(history.state, "", `${location.pathname}?${data.address}`);
    Object.assign(this.root.dataset, { words: data.words, controls: data.controls });
    rememberPlace(data.place);
    this.root.dataset.known = keepVisitor(data.visitor, (kept) => emit("visitor", kept));
    this.notice();
    this.kick();
  }

  tell(name, value) {
    (this.told[name] ??= []).push(JSON.stringify(value));
    this.emit?.(name, value);
  }

  // No news is what Python said before, and what it repeats of what it was told, however late: by then the visitor may
  // have gone on.
  isNews(name, value) {
    const text = JSON.stringify(value), told = this.told[name] ?? [], echo = told.indexOf(text);
    const news = echo < 0 && text !== this.given[name];
    this.told[name] = news ? [] : told.slice(echo + 1);
    this.given[name] = text;
    return news;
  }

  scrub(step, released) { this.transport.scrub(step, released); }

  // A text that is cleared is no longer asked for. `beside`: knobs that turn with it.
  turn(name, value, settled, beside = {}) {
    this.knobs = { ...this.knobs, ...beside, [name]: value };
    if (value === "") delete this.knobs[name];
    clearTimeout(this.settling?.timer);
    const tell = () => { this.settling = null; this.tell("knobs", this.knobs); };
    this.settling = { name, timer: settled ? setTimeout(tell, SETTLE_MS) : null };
    this.nudge();
  }

  // Noted for the link, where nothing has to be drawn anew.
  put(values) {
    this.knobs = { ...this.knobs, ...values };
    this.tell("knobs", this.knobs);
  }

  turning(name) { return this.settling?.name === name; }

  // -- asking -------------------------------------------------------------------------------------------------------

  // Ask now; what was asked before is no longer wanted.
  kick() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.poll(), 0);
  }

  // Ask soon: a drag must not take back every question before its answer is there.
  nudge() {
    if (this.asking) this.again = true;
    else this.soon(Math.max(0, NUDGE_MS - (performance.now() - (this.asked ?? -NUDGE_MS))));
  }

  soon(pause) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => { this.transport.advance(); this.poll(); }, pause);
  }

  theme() {
    if (this.paper.printing) return "light";
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
    const names = Object.keys(this.views).filter((name) => this.paper.wantsAll || this.inView.has(name));
    const cursor = this.paper.printing ? this.paper.step : this.cursor ?? "live";
    const tables = names.filter((name) => this.views[name].details.open);
    const knobs = Object.entries(this.knobs).map(([name, value]) => `${name}:${encodeURIComponent(value)}`);
    return new URLSearchParams({
      page: this.page, views: names.join(","), tables: tables.join(","), cursor, theme: this.theme(),
      width: this.root.clientWidth < NARROW ? "narrow" : "wide", pins: this.pins.join(","), knobs: knobs.join(";"),
      beside: this.beside.join(","),
    }).toString();
  }

  address(query, after) {
    return `runs/${encodeURIComponent(this.source)}/board?${query}${after ? `&after=${encodeURIComponent(after)}` : ""}`;
  }

  // What is on its way is no longer wanted.
  drop() {
    clearTimeout(this.timer);
    this.ticket += 1;
    this.abort?.abort();
    this.known = null;
  }

  async poll() {
    clearTimeout(this.timer);
    if (!this.root.isConnected || document.hidden || !this.source || !this.root.clientWidth || this.paper.printing) return;
    const started = performance.now(), ticket = ++this.ticket, query = this.query();
    this.company.say();
    const after = this.known?.query === query ? this.known.seq : "";
    this.abort?.abort();
    this.abort = new AbortController();
    // Where only an answer is waited for, a moved knob or cursor goes first.
    Object.assign(this, { asked: started, again: false, asking: !(after && this.reply?.pending) });
    try {
      const response = await fetch(this.address(query, after), { signal: this.abort.signal });
      const ours = response.headers.get("content-type")?.startsWith("application/json");
      if (!ours && PASSING.has(response.status)) throw new Error(`answered ${response.status}`);
      const body = ours ? await response.json() : null;
      if (ticket !== this.ticket) return;  // another run, cursor or theme was asked for meanwhile
      this.failures = 0;
      this.refusal = response.ok && (ours || response.status === 204) ? "" : body?.error ?? this.foreign(response);
      if (body && !this.refusal) await this.show(body, query, ticket);
    } catch (error) {
      if (ticket !== this.ticket || error.name === "AbortError") return;
      this.failures += 1;
    }
    if (ticket !== this.ticket) return;
    this.asking = false;
    this.notice();
    this.next(started);
  }

  // Not our words: something else has this address, as where a proxy passes on the page but not what belongs to it.
  foreign({ status, url }) {
    const [asked] = url.split("?"), { pathname } = new URL(".", document.baseURI);
    return `This address does not lead to Unrolled's server: \`${asked}\` was answered with ${status} by something else. Whoever hosts this page has to pass all that is asked under \`${pathname}\` on to it.`;
  }

  // A fixed rate: the interval less what the asking took.
  next(started) {
    const pause = this.again ? NUDGE_MS
      : this.failures ? Math.min(5000, 250 * 2 ** this.failures)
      : this.refusal ? 5000
      : this.transport.replay ? REPLAY_MS
      : this.reply?.transport.moving || this.reply?.pending ? this.reply.pace : IDLE_MS;
    this.soon(Math.max(0, pause - (performance.now() - started)));
  }

  notice() {
    const away = this.failures > 1 ? "Reconnecting … What is on screen stays, and training goes on without this page." : "";
    const text = away || this.refusal || this.reply?.transport.problem;
    const element = this.find("notice");
    sayWithCode(element, text ?? "");
    element.hidden = !text;
  }

  // -- showing ------------------------------------------------------------------------------------------------------

  async show(body, query, ticket) {
    this.reply = body;
    this.transport.show(body.transport);
    // Python drew its buttons for runs that move or rest; it draws them again when that has changed.
    const { moving, phase } = body.transport;
    if (moving !== this.moving && (phase !== "preview" || this.beside.length) && !this.company.led) this.emit?.("moving", this.moving = moving);
    if (body.caption) this.showCaption(body.caption);
    if (!window.Plotly && body.views.strip) this.views.strip.sketch(body.views.strip);
    const Plotly = await loadPlotly(this.script);
    if (ticket !== this.ticket) return;
    this.known = { query, seq: body.seq };
    this.draw(Plotly, body);
    this.paper.note(body);
    this.take.button.hidden = phase === "preview" || body.transport.step < 0;
    this.root.dataset.step = body.transport.shown ?? "";
    this.root.dataset.seq = body.seq;
    this.root.dataset.updates = Number(this.root.dataset.updates ?? 0) + 1;
  }

  draw(Plotly, body) {
    for (const [name, view] of Object.entries(this.views)) {
      if (body.left_out) view.section.hidden = body.left_out.includes(name);
      if (body.views[name]) view.show(Plotly, body.views[name], body.template, body.transport.shown);
      else if (body.absent?.[name]) view.missing(body.absent[name], body.pending, body.transport.phase === "preview");
      if (body.pins) view.pins?.show(body.pins);
    }
  }

  showCaption(caption) {
    explain(this.find("headline"), caption.headline);
    const subline = this.find("subline"), more = subline.querySelector("details");
    explain(subline.querySelector("span"), caption.subline);
    explain(more.querySelector("p"), caption.more);
    more.hidden = !caption.more;
    const list = this.find("figures");
    while (list.children.length > caption.figures.length) list.lastElementChild.remove();
    caption.figures.forEach(({ value, label }, index) => {
      const entry = list.children[index] ?? list.appendChild(make("div"));
      if (!entry.children.length) entry.append(make("dt"), make("dd"));
      explain(entry.children[0], label);
      say(entry.children[1], value);
    });
  }

  mark(axis, x) {
    for (const view of Object.values(this.views)) view.mark(axis, x);
  }

  // -- coming and going ---------------------------------------------------------------------------------------------

  listen() {
    this.onVisible = () => document.hidden || this.kick();
    document.addEventListener("visibilitychange", this.onVisible);
    window.addEventListener("online", this.onVisible);
    this.watcher = new IntersectionObserver((entries) => {
      for (const entry of entries) this.inView[entry.isIntersecting ? "add" : "delete"](entry.target.dataset.view);
      this.kick();
    }, { rootMargin: "150px" });
    for (const { section } of Object.values(this.views)) this.watcher.observe(section);
    this.resizer = new ResizeObserver(() => {
      for (const view of Object.values(this.views)) view.resize();
      this.kick();
    });
    this.resizer.observe(this.root);
  }

  leave() {
    clearTimeout(this.timer);
    clearTimeout(this.settling?.timer);
    this.ticket += 1;
    this.abort?.abort();
    this.watcher.disconnect();
    this.resizer.disconnect();
    document.removeEventListener("visibilitychange", this.onVisible);
    window.removeEventListener("online", this.onVisible);
    this.transport.leave();
    this.company.leave();
    this.paper.leave();
    for (const view of Object.values(this.views)) view.leave();
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".ub");
  if (boards.get(root)?.page !== data.page.name) {
    boards.get(root)?.leave();
    boards.set(root, new Board(root, data.page));
  }
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
