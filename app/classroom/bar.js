// The class: its bar, the question that was put, the teacher's pointer. Followers read a stream of events; who steers
// also tells where the own board and pointer are.
const LIVE_MS = 100, AGAIN_MS = 700, POINTS = 33, LOWEST = -8, HIGHEST = 4;
const STILL = matchMedia("(prefers-reduced-motion: reduce)");
const classes = new WeakMap();
const TYPED = "input, textarea, select, [contenteditable=true]";

function element(kind, name = "", text = "") {
  const made = document.createElement(kind);
  if (name) made.className = name;
  if (text) made.textContent = text;
  return made;
}

function drawn(kind, attributes, text = "") {
  const made = document.createElementNS("http://www.w3.org/2000/svg", kind);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text) made.textContent = text;
  return made;
}

// A curve over all time steps, in powers of ten of the last step's: to draw on, or with what others have drawn.
class Sketch {
  constructor(points = null) {
    this.box = { left: 44, right: 352, top: 8, bottom: 176 };
    this.svg = drawn("svg", { viewBox: "0 0 360 208", role: "img" });
    this.points = points ?? Array(POINTS).fill(null);
    this.at = POINTS - 1;
    this.frame();
    this.mine = this.line("uc-mine", this.points);
  }

  x(place) { return this.box.left + (place / (POINTS - 1)) * (this.box.right - this.box.left); }
  y(value) { return this.box.bottom - ((value - LOWEST) / (HIGHEST - LOWEST)) * (this.box.bottom - this.box.top); }

  frame() {
    const { left, right, bottom } = this.box;
    for (let power = LOWEST; power <= HIGHEST; power += 2) {
      this.svg.append(drawn("path", { class: "uc-grid", d: `M${left} ${this.y(power)}H${right}` }));
      const label = drawn("text", { x: left - 6, y: this.y(power) + 4, "text-anchor": "end" }, power ? "10" : "1");
      if (power) label.append(drawn("tspan", { dy: -4, "font-size": 8 }, String(power).replace("-", "−")));
      this.svg.append(label);
    }
    this.svg.append(drawn("text", { x: left, y: bottom + 16 }, "first step"));
    this.svg.append(drawn("text", { x: right, y: bottom + 16, "text-anchor": "end" }, "last step"));
    this.svg.append(drawn("text", { x: left, y: bottom + 29 }, "how much of the gradient at the last step arrives"));
  }

  path(points) {
    let open = false;
    return points.map((value, place) => {
      const step = value === null ? "" : `${open ? "L" : "M"}${this.x(place).toFixed(1)} ${this.y(value).toFixed(1)}`;
      open = value !== null;
      return step;
    }).join("");
  }

  line(name, points) {
    const line = drawn("path", { class: name, d: this.path(points) });
    this.svg.append(line);
    return line;
  }

  // By mouse, finger or pen; by keyboard the arrows choose a time step and move its value.
  listen(changed) {
    const { svg } = this;
    svg.classList.add("uc-canvas");
    svg.setAttribute("tabindex", 0);
    svg.setAttribute("role", "application");
    svg.setAttribute("aria-label", "Sketch a curve: draw, or use the arrow keys: left and right choose a time step, up and down its value.");
    this.changed = changed;
    svg.addEventListener("pointerdown", (event) => { svg.setPointerCapture(event.pointerId); this.last = null; this.put(event); });
    svg.addEventListener("pointermove", (event) => { if (event.buttons) this.put(event); });
    svg.addEventListener("keydown", (event) => this.key(event));
  }

  put(event) {
    const { left, right, top, bottom } = this.box, drawnAt = this.svg.getBoundingClientRect();
    const across = ((event.clientX - drawnAt.left) / drawnAt.width) * 360, down = ((event.clientY - drawnAt.top) / drawnAt.height) * 208;
    const place = Math.round(((across - left) / (right - left)) * (POINTS - 1));
    const value = LOWEST + ((bottom - down) / (bottom - top)) * (HIGHEST - LOWEST);
    this.set(Math.min(POINTS - 1, Math.max(0, place)), value);
  }

  key(event) {
    const across = { ArrowLeft: -1, ArrowRight: 1 }[event.key] ?? 0, up = { ArrowUp: 0.25, ArrowDown: -0.25 }[event.key] ?? 0;
    if (!across && !up) return;
    event.preventDefault();
    event.stopPropagation();
    const value = (this.points[this.at] ?? 0) + up;
    this.last = across ? { place: this.at, value } : null;
    this.set(Math.min(POINTS - 1, Math.max(0, this.at + across)), value);
  }

  // Places that a quick stroke has passed over lie on its way.
  set(place, value) {
    const bounded = Math.min(HIGHEST, Math.max(LOWEST, value)), from = this.last ?? { place, value: bounded };
    const far = Math.abs(place - from.place);
    for (let step = 0; step <= far; step += 1) {
      const share = far ? step / far : 1, at = Math.round(from.place + share * (place - from.place));
      this.points[at] = from.value + share * (bounded - from.value);
    }
    this.last = { place, value: bounded };
    this.at = place;
    this.mine.setAttribute("d", this.path(this.points));
    this.changed?.();
  }

  get complete() { return this.points.every((value) => value !== null); }

  // The two ends carry on level to the sides that were left out by a little.
  filled() {
    const known = this.points.map((value, place) => ({ value, place })).filter(({ value }) => value !== null);
    if (known.length < POINTS / 2) return null;
    return this.points.map((value, place) => value ?? known.reduce(
      (best, one) => Math.abs(one.place - place) < Math.abs(best.place - place) ? one : best).value);
  }
}

class Classroom {
  constructor(root) {
    this.root = root;
    this.find = (name) => root.querySelector(`.uc-${name}`);
    this.live = {};
    this.poll = null;
    this.answers = {};
    this.listeners = [
      ["unrolled:shown", ({ detail }) => this.steer({ board: detail })],
      ["unrolled:board", () => setTimeout(() => this.lead())],
      ["pointermove", (event) => this.point(event)],
      ["keydown", (event) => this.key(event)],
    ];
    for (const [name, act] of this.listeners) document.addEventListener(name, act);
  }

  update(data, emit) {
    const moved = data.code !== this.data?.code || data.steers !== this.data?.steers;
    this.data = data;
    this.emit = emit;
    this.root.hidden = false;
    this.root.dataset.role = data.steers ? "steers" : data.follows ? "led" : "alone";
    if (moved) this.connect();
    this.say();
    this.lead();
  }

  // -- the stream ---------------------------------------------------------------------------------------------------

  connect() {
    this.stream?.close();
    const token = this.visitor ? `?visitor=${this.visitor}` : "";
    this.stream = new EventSource(`classes/${this.data.code}/events${token}`);
    const on = (kind, act) => this.stream.addEventListener(kind, (event) => act(JSON.parse(event.data)));
    this.stream.addEventListener("open", () => { this.lost = false; this.say(); this.steer(this.live, true); });
    this.stream.addEventListener("error", () => { this.lost = true; this.say(); this.again(); });
    on("view", (view) => this.viewed(view));
    on("live", (live) => { if (!this.data.steers) { this.live = live; this.lead(); this.dot(live.pointer); } });
    on("poll", (poll) => this.asked(poll));
    on("count", ({ following }) => { this.following = following; this.say(); });
    on("end", () => { this.stream.close(); this.ended = true; this.say(); this.asked({}); });
  }

  // A browser that was refused does not try again by itself: the server may only be starting.
  again() {
    if (this.stream.readyState !== EventSource.CLOSED || this.ended || this.waiting) return;
    this.waiting = setTimeout(() => { this.waiting = null; if (this.root.isConnected) this.connect(); }, 2000);
  }

  // The class sees another page, or one that the teacher's script has drawn anew: then Python leads there.
  viewed(view) {
    const seen = this.view;
    this.view = view;
    this.root.dataset.seq = view.seq;
    if (!this.led) return;
    const elsewhere = view.page && view.page !== this.data.page;
    const boardless = seen && seen.seq !== view.seq && !document.querySelector(".ub");
    if (elsewhere || boardless) this.emit("moved", view.seq);
  }

  get led() { return this.root.dataset.role === "led" && !this.ended; }

  lead() {
    const detail = this.led && this.live.board ? this.live.board : this.led ? { page: "" } : null;
    document.dispatchEvent(new CustomEvent("unrolled:lead", { detail }));
    if (!this.led) this.dot(null);
  }

  // -- steering -----------------------------------------------------------------------------------------------------

  // A movement goes out at once, further ones a little later together, and the last one twice: followers may have been
  // told too often to be told of the first.
  steer(part, now = false) {
    this.live = { ...this.live, ...part };
    if (!this.data?.steers || this.ended) return;
    clearTimeout(this.repeat);
    this.repeat = setTimeout(() => this.post("live", this.live), AGAIN_MS);
    if (this.posting && !now) return;
    this.posting = setTimeout(() => { this.posting = null; this.post("live", this.live); }, now ? 0 : LIVE_MS);
  }

  async post(where, body) {
    const headers = { "content-type": "application/json", ...(this.visitor ? { "x-visitor": this.visitor } : {}) };
    try {
      const response = await fetch(`classes/${this.data.code}/${where}`, { method: "POST", headers, body: JSON.stringify(body) });
      return response.ok ? "" : (await response.json()).error ?? "It was not taken.";
    } catch {
      return "The server does not answer just now. Try again.";
    }
  }

  get visitor() {
    if (!this.data?.visitor) return "";
    try { return localStorage.getItem("unrolled_visitor") || this.data.visitor; } catch { return this.data.visitor; }
  }

  point(event) {
    if (!this.pointing) return;
    const section = event.target.closest?.(".ub-view");
    if (!section) return this.steer({ pointer: null });
    const plots = [...section.querySelectorAll(".nsewdrag")];
    const inside = ({ left, right, top, bottom }) =>
      event.clientX >= left && event.clientX <= right && event.clientY >= top && event.clientY <= bottom;
    const plot = plots.findIndex((each) => inside(each.getBoundingClientRect()));
    const box = (plots[plot] ?? section).getBoundingClientRect();
    const share = (value) => Math.round(value * 1e4) / 1e4;
    this.steer({ pointer: {
      view: section.dataset.view, plot,
      x: share((event.clientX - box.left) / box.width), y: share((event.clientY - box.top) / box.height),
    } });
  }

  // The teacher's pointer, where it is in the same picture here, whatever its size.
  dot(pointer) {
    const section = pointer && document.querySelector(`.ub-view[data-view="${CSS.escape(pointer.view)}"]`);
    if (!section) {
      this.mark?.remove();
      this.mark = this.pointedAt = null;
      return;
    }
    const box = (section.querySelectorAll(".nsewdrag")[pointer.plot] ?? section).getBoundingClientRect();
    const left = box.left + pointer.x * box.width, top = box.top + pointer.y * box.height;
    const moved = this.pointedAt !== pointer.view, busy = this.poll?.state === "open";
    this.pointedAt = pointer.view;
    if (moved && !busy && (top < 0 || top > innerHeight)) section.scrollIntoView({ block: "center", behavior: STILL.matches ? "auto" : "smooth" });
    this.mark ??= document.body.appendChild(element("div", "uc-dot"));
    Object.assign(this.mark.style, { left: `${left}px`, top: `${top}px` });
  }

  key(event) {
    if (!this.data?.steers || event.composedPath()[0].closest?.(TYPED) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector("[data-testid=stDialog]")) return;
    const act = { l: () => this.togglePointer(), v: () => this.present() }[event.key.toLowerCase()];
    if (act) act();
  }

  togglePointer() {
    this.pointing = !this.pointing;
    if (!this.pointing) this.steer({ pointer: null });
    this.say();
  }

  present() {
    document.documentElement.classList.toggle("uc-present");
    window.dispatchEvent(new Event("resize"));
    this.say();
  }

  // -- words --------------------------------------------------------------------------------------------------------

  say() {
    const { code, steers, follows } = this.data;
    this.find("code").textContent = `Class ${code}`;
    const many = this.following === 1 ? "1 follows" : `${(this.following ?? 0).toLocaleString("en")} follow`;
    this.find("who").textContent = this.ended ? "This class has ended. What is on screen stays."
      : this.lost ? "Reconnecting …"
      : steers ? `${many} what you see`
      : follows ? "You see what the class sees." : "You are exploring on your own.";
    const shown = document.documentElement.classList.contains("uc-present");
    const buttons = this.ended ? [["Leave", () => this.emit("wish", "leave")]]
      : steers ? [
        ["Pointer", () => this.togglePointer(), { pressed: this.pointing, title: "Everybody sees where you point in a picture. Key: L" }],
        ["Ask the class", () => this.emit("wish", "ask")],
        [shown ? "Show controls" : "Present", () => this.present(), { title: "Large type, controls away. Key: V" }],
        ["Code and links", () => this.emit("wish", "links")],
        ["End", () => this.emit("wish", "end")],
      ]
      : [follows ? ["Explore on my own", () => this.emit("wish", "explore")] : ["Back to the class", () => this.emit("wish", "follow"), { main: true }],
         ["Leave", () => this.emit("wish", "leave")]];
    const text = JSON.stringify(buttons);
    if (text === this.buttons) return;
    this.buttons = text;
    this.find("buttons").replaceChildren(...buttons.map(([label, act, how = {}]) => this.button(label, act, how)));
  }

  button(label, act, { pressed, title, main } = {}) {
    const button = element("button", main ? "uc-main" : "", label);
    Object.assign(button, { type: "button", onclick: act, title: title ?? "" });
    if (pressed !== undefined) button.setAttribute("aria-pressed", Boolean(pressed));
    return button;
  }

  // -- what the class is asked --------------------------------------------------------------------------------------

  asked(poll) {
    const same = this.poll?.number === poll.number && this.poll?.state === poll.state;
    this.poll = poll;
    const holder = this.find("poll");
    holder.hidden = !poll.number;
    if (!poll.number) return holder.replaceChildren();
    if (same && poll.state === "open") return this.count();  // what is half drawn or typed stays
    const words = element("p", "uc-words", poll.words);
    const parts = poll.state === "revealed" ? this.results() : this.data.steers ? this.waitingFor() : this.inputs();
    this.said = element("p", "uc-said");
    this.said.setAttribute("role", "status");
    holder.replaceChildren(words, ...parts, this.said);
    this.count();
    if (!same) this.root.scrollIntoView({ block: "nearest" });
  }

  count() {
    if (!this.data.steers || this.poll.state !== "open") return;
    this.said.textContent = this.poll.answers === 1 ? "1 answer so far." : `${this.poll.answers} answers so far.`;
  }

  async give(value, text) {
    const problem = await this.post("answer", { number: this.poll.number, value });
    if (!problem) this.answers[this.poll.number] = value;
    this.said.textContent = problem || `Your answer: ${text}. Until the answers are shown you may change it.`;
  }

  inputs() {
    const { poll } = this;
    if (poll.state === "closed") return [element("p", "", "This question takes no more answers.")];
    if (poll.kind === "choice") return [this.choices()];
    const row = element("div", "uc-row");
    if (poll.kind === "number") {
      const field = Object.assign(element("input"), { type: "text", inputMode: "decimal" });
      field.setAttribute("aria-label", poll.words);
      const send = () => {
        const text = field.value.trim().replace(",", ".").replace("−", "-"), value = Number(text);
        if (!text || !Number.isFinite(value)) this.said.textContent = "Write a number, as 0.25 or 1e-6.";
        else this.give(value, text);
      };
      field.addEventListener("keydown", (event) => event.key === "Enter" && send());
      row.append(field, this.button("Answer", send, { main: true }));
      return [row];
    }
    const sketch = new Sketch(), send = this.button("Answer", () => this.give(sketch.filled(), "the curve you drew"), { main: true });
    send.disabled = true;
    sketch.listen(() => { send.disabled = !sketch.filled(); });
    row.append(send);
    return [sketch.svg, row];
  }

  choices() {
    const list = element("div", "uc-choices");
    const buttons = this.poll.choices.map((choice, place) => this.button(choice, async () => {
      await this.give(place, `“${choice}”`);
      for (const [other, each] of buttons.entries()) each.setAttribute("aria-pressed", other === this.answers[this.poll.number]);
    }, { pressed: false }));
    list.append(...buttons);
    return list;
  }

  // Before the teacher's own eyes: nobody's answer, only how many there are, and the way to what is true.
  waitingFor() {
    const { poll } = this, row = element("div", "uc-row"), parts = [];
    let truth = () => null;
    if (poll.kind === "choice") {
      const select = element("select");
      select.setAttribute("aria-label", "Which answer is right");
      select.append(new Option("none is marked as right", ""), ...poll.choices.map((choice, place) => new Option(`right: ${choice}`, place)));
      truth = () => (select.value === "" ? null : Number(select.value));
      row.append(select);
    } else if (poll.kind === "number") {
      const field = Object.assign(element("input"), { type: "text", inputMode: "decimal", placeholder: "the true number" });
      field.setAttribute("aria-label", "The true number, if there is one");
      truth = () => {
        const value = Number(field.value.trim().replace(",", ".").replace("−", "-"));
        return field.value.trim() && Number.isFinite(value) ? value : null;
      };
      row.append(field);
    } else parts.push(element("p", "", "The truth is the gradient of the run on screen, at the moment that you show then."));
    row.append(
      this.button("Show the answers", () => this.emit("reveal", { truth: truth(), cursor: this.live.board?.cursor ?? null }), { main: true }),
      this.button("Put away", () => this.emit("wish", "put away")),
    );
    return [...parts, row];
  }

  results() {
    const { poll } = this, parts = [];
    if (poll.kind === "choice") parts.push(this.bars());
    else if (poll.kind === "number") parts.push(this.numbers());
    else {
      const sketch = new Sketch(this.answers[poll.number] ?? undefined);
      for (const curve of poll.curves) sketch.line("uc-theirs", curve);
      if (poll.median.length) sketch.line("uc-middle", poll.median);
      if (poll.truth) sketch.line("uc-truth", poll.truth);
      sketch.svg.append(sketch.mine);
      sketch.svg.setAttribute("aria-label", `${poll.answers} sketched curves${poll.truth ? " and the measured one" : ""}.`);
      const mine = this.answers[poll.number] ? "orange: yours, " : "";
      parts.push(sketch.svg, element("p", "", `${poll.answers === 1 ? "1 curve" : `${poll.answers} curves`}${poll.curves.length < poll.answers ? ` (${poll.curves.length} of them drawn)` : ""}, dashed: their median, ${mine}${poll.truth ? "thick: measured." : "nothing was measured."}`));
    }
    if (this.data.steers) {
      const row = element("div", "uc-row");
      row.append(this.button("Put away", () => this.emit("wish", "put away")));
      parts.push(row);
    }
    return parts;
  }

  bars() {
    const { poll } = this, list = element("dl", "uc-result"), all = poll.counts.reduce((sum, count) => sum + count, 0);
    poll.choices.forEach((choice, place) => {
      const right = poll.truth === place ? " uc-right" : "", bar = element("dd", `uc-share${right}`), fill = element("i");
      fill.style.width = `${all ? (100 * poll.counts[place]) / all : 0}%`;
      bar.append(fill);
      const own = this.answers[poll.number] === place ? " (yours)" : "";
      list.append(element("dt", right.trim(), `${right ? "✓ " : ""}${choice}${own}`), bar, element("dd", "uc-count", String(poll.counts[place])));
    });
    return list;
  }

  numbers() {
    const { poll } = this, own = this.answers[poll.number];
    const parts = [poll.answers === 1 ? "1 answer" : `${poll.answers} answers`];
    if (poll.values.length) parts.push(`from ${poll.values[0]} to ${poll.values.at(-1)}, half of them at most ${poll.median}`);
    if (own !== undefined) parts.push(`yours ${own}`);
    if (poll.truth !== null) parts.push(`the true number is ${poll.truth}`);
    const holder = element("div"), svg = drawn("svg", { viewBox: "0 0 360 56", role: "img", "aria-label": parts.join(", ") });
    const all = [...poll.values, ...(poll.truth === null ? [] : [poll.truth])];
    const low = Math.min(...all), high = Math.max(...all), x = (value) => 20 + (high > low ? (value - low) / (high - low) : 0.5) * 320;
    svg.append(drawn("path", { class: "uc-grid", d: "M20 40H340" }));
    const height = new Map();
    for (const value of poll.values) {
      const at = Math.round(x(value) / 4) * 4, up = height.get(at) ?? 0;
      height.set(at, up + 1);
      svg.append(drawn("circle", { cx: at, cy: 36 - Math.min(up, 8) * 4, r: 2.2, fill: value === own ? "#c2570c" : "currentColor", opacity: 0.7 }));
    }
    if (poll.truth !== null) svg.append(drawn("path", { class: "uc-truth", d: `M${x(poll.truth)} 4V46` }));
    holder.append(svg, element("p", "", `${parts.join(", ")}.`));
    return holder;
  }

  leave() {
    this.stream?.close();
    clearTimeout(this.waiting);
    clearTimeout(this.repeat);
    this.mark?.remove();
    for (const [name, act] of this.listeners) document.removeEventListener(name, act);
    document.dispatchEvent(new CustomEvent("unrolled:lead", { detail: null }));
    document.documentElement.classList.remove("uc-present");
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".uc");
  if (!classes.has(root)) classes.set(root, new Classroom(root));
  const classroom = classes.get(root);
  classroom.update(data, (name, value) => setTriggerValue(name, value));
  return () => setTimeout(() => {
    if (root.isConnected) return;
    classroom.leave();
    classes.delete(root);
  });
}
