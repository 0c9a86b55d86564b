// A chart to draw on. Time runs to the right, to the answer; heights are powers of ten. What is drawn is kept by a few
// handles, which keys move as well.
const LEFT = 46, RIGHT = 14, TOP = 12, BOTTOM = 34, HEIGHT = 260;
const sketches = new WeakMap();

function drawn(tag, attributes, text) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

function power(exponent) {
  const raised = [...String(Math.round(exponent))].map((sign) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[sign] ?? "⁻").join("");
  return Math.round(exponent) === 0 ? "1" : `10${raised}`;
}

class Sketch {
  constructor(root, tell) {
    Object.assign(this, { root, tell, touched: false, values: null });
    this.svg = drawn("svg", { role: "group", height: HEIGHT });
    this.svg.setAttribute("aria-label", "Sketch: the gradient at each time step as a share of the last one's");
    this.foot = Object.assign(document.createElement("div"), { className: "us-foot" });
    root.replaceChildren(this.svg, this.foot);
    this.svg.addEventListener("pointerdown", (event) => this.begin(event));
    this.svg.addEventListener("pointermove", (event) => this.from && this.draw(event));
    for (const kind of ["pointerup", "pointercancel"]) this.svg.addEventListener(kind, () => { this.from = null; });
    this.resizer = new ResizeObserver(() => this.show());
    this.resizer.observe(root);
  }

  update(data) {
    const given = data.sketched !== null;
    if (given || !this.values || this.given) this.values = [...(data.sketched ?? Array(data.handles).fill(0))];
    if (this.given && !given) this.touched = false;
    Object.assign(this, { data, given });
    this.show();
  }

  get width() { return Math.max(120, this.root.clientWidth - LEFT - RIGHT); }
  get height() { return HEIGHT - TOP - BOTTOM; }

  // Lag 0 stands on the right.
  x(lag) { return LEFT + this.width * (1 - lag / (this.data.lags - 1)); }
  y(value) { return TOP + (this.height * -value) / this.data.decades; }
  lag(handle) { return ((this.data.lags - 1) * handle) / (this.data.handles - 1); }

  show() {
    if (!this.data || !this.root.clientWidth) return;
    const focused = this.svg.querySelector(":focus")?.dataset.handle;
    this.svg.classList.toggle("us-given", this.given);
    const line = (points, name) => drawn("polyline", { class: name, points: points.map((point) => point.join(",")).join(" ") });
    const parts = this.axes();
    if (this.data.true) parts.push(line(this.data.true.map((value, lag) => [this.x(lag), this.y(value)]), "us-true"));
    if (this.touched || this.given) parts.push(line(this.values.map((value, at) => [this.x(this.lag(at)), this.y(value)]), "us-drawn"));
    this.svg.replaceChildren(...parts, ...this.values.map((value, at) => this.handle(value, at)));
    this.svg.querySelector(`[data-handle="${focused}"]`)?.focus();
    this.feet();
  }

  axes() {
    const { decades, lags } = this.data, every = Math.max(1, Math.ceil(decades / 6)), parts = [];
    for (let level = 0; level <= decades; level += every) {
      const y = this.y(-level);
      parts.push(drawn("line", { class: "us-grid", x1: LEFT, x2: LEFT + this.width, y1: y, y2: y }));
      parts.push(drawn("text", { x: LEFT - 8, y: y + 4, "text-anchor": "end" }, power(-level)));
    }
    for (const lag of [lags - 1, Math.round((lags - 1) / 2), 0]) {
      parts.push(drawn("text", { x: this.x(lag), y: HEIGHT - 16, "text-anchor": "middle" }, String(lags - lag)));
    }
    parts.push(drawn("text", { x: LEFT + this.width / 2, y: HEIGHT - 1, "text-anchor": "middle" }, "time step"));
    return parts;
  }

  // Where the answer is asked the share is 1, whatever one draws.
  handle(value, at) {
    const place = { cx: this.x(this.lag(at)), cy: this.y(value) };
    if (at === 0) return drawn("circle", { ...place, r: 5, class: "us-fixed" });
    const step = Math.round(this.data.lags - this.lag(at));
    const circle = drawn("circle", {
      ...place, r: 7, class: "us-handle", role: "slider", tabindex: this.given ? -1 : 0, "aria-label": `Gradient at time step ${step}`,
      "aria-valuemin": -this.data.decades, "aria-valuemax": 0, "aria-valuenow": value.toFixed(1), "aria-valuetext": `ten to the ${value.toFixed(1)}`,
      "aria-disabled": this.given,
    });
    circle.dataset.handle = at;
    circle.addEventListener("keydown", (event) => this.key(event, at));
    return circle;
  }

  key(event, at) {
    const by = { ArrowUp: 0.5, ArrowDown: -0.5, PageUp: 2, PageDown: -2, Home: Infinity, End: -Infinity }[event.key];
    if (by === undefined || this.given) return;
    event.preventDefault();
    this.put(at, this.values[at] + by);
    this.show();
  }

  put(at, value) {
    this.touched = true;
    if (at > 0) this.values[at] = Math.round(10 * Math.min(0, Math.max(-this.data.decades, value))) / 10;
  }

  begin(event) {
    if (this.given) return;
    this.svg.setPointerCapture(event.pointerId);
    this.from = this.at(event);
    this.draw(event);
  }

  at(event) {
    const box = this.svg.getBoundingClientRect();
    const lag = (1 - (event.clientX - box.left - LEFT) / this.width) * (this.data.handles - 1);
    return { at: lag, value: (-(event.clientY - box.top - TOP) * this.data.decades) / this.height };
  }

  // Every handle between here and where the pointer was before lies on the way.
  draw(event) {
    const to = this.at(event), from = this.from, [first, last] = [from, to].sort((one, other) => one.at - other.at);
    const near = Math.min(this.data.handles - 1, Math.max(0, Math.round(to.at)));
    if (Math.abs(near - to.at) < 0.5 || to.at > near) this.put(near, to.value);
    for (let at = Math.max(0, Math.ceil(first.at)); at <= Math.min(this.data.handles - 1, last.at); at += 1) {
      const way = last.at === first.at ? 0 : (at - first.at) / (last.at - first.at);
      this.put(at, first.value + way * (last.value - first.value));
    }
    this.from = to;
    this.show();
  }

  feet() {
    const entry = (name, text) => {
      const key = Object.assign(document.createElement("span"), { className: "us-key" });
      key.append(Object.assign(document.createElement("i"), { className: name }), text);
      return key;
    };
    if (this.given) return this.foot.replaceChildren(entry("", "your sketch"), entry("us-solid", "measured"));
    this.button ??= Object.assign(document.createElement("button"), { type: "button", textContent: "Commit" });
    this.button.onclick = () => this.tell(this.values);
    this.button.disabled = !this.touched;
    if (this.foot.firstChild !== this.button) this.foot.replaceChildren(this.button, "Draw with mouse or finger, or move the circles with the arrow keys.");
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".us-sketch");
  if (!sketches.has(root)) sketches.set(root, new Sketch(root, (values) => setTriggerValue("sketch", values)));
  const sketch = sketches.get(root);
  sketch.tell = (values) => setTriggerValue("sketch", values);
  sketch.update(data);
  return () => setTimeout(() => root.isConnected || sketch.resizer.disconnect());
}
