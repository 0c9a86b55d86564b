// One picture with its words, legend, knobs and numbers. Plotly.react keeps the node, and so zoom, hover and camera.
const FIRST = 35, LEVELS = 65, BACKSLASH = 92;
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

class Picture {
  constructor(board, { name, title, wide, height, sometimes }) {
    this.board = board;
    this.name = name;
    this.drawn = {};
    this.section = make("figure", `ub-view${wide ? " ub-wide" : ""}`);
    this.section.dataset.view = name;
    this.section.hidden = sometimes;
    this.title = make("h3");
    explain(this.title, title);
    this.hint = make("span", "ub-hint");
    this.toy = make("span", "ub-toy", "a toy of its own, not your network");
    this.more = make("details", "ub-more");
    this.rest = make("p", "");
    this.reset = makeButton("ub-button ub-reset", "Reset view", () => this.resetCamera());
    this.scales = make("div", "ub-scales");
    this.keys = make("div", "ub-keys");
    this.tools = make("div", "ub-tools");
    this.holder = make("div", "ub-plot");
    this.plot = make("div");
    this.marker = make("div", "ub-mark");
    this.details = make("details", "ub-numbers");
    this.rows = make("div", "ub-rows");
    this.knobs = new Knobs(board);
    this.problem = make("div", "ub-problem");
    this.problem.setAttribute("role", "status");
    this.assemble(height);
    this.plot.addEventListener("click", (event) => this.click && this.choose(event));
    if (name === "curve") this.pins = new Pins(board, this);
    this.letScroll();
  }

  // The wheel scrolls the page, wherever it is, and so does a finger where nothing can be dragged: Plotly's scene would
  // take both for itself.
  letScroll() {
    const still = () => this.plot._fullLayout?.dragmode === false;
    this.holder.addEventListener("wheel", (event) => event.stopPropagation(), { capture: true, passive: true });
    for (const kind of ["touchstart", "touchmove"]) {
      this.holder.addEventListener(kind, (event) => still() && event.stopPropagation(), { capture: true, passive: true });
    }
  }

  assemble(height) {
    const top = make("div", "ub-top"), words = make("div", "ub-words");
    this.holder.style.minHeight = `${height}px`;
    this.plot.setAttribute("role", "img");
    this.plot.setAttribute("aria-label", `${this.title.textContent}. Drawn when it comes into sight.`);
    this.details.append(make("summary", "", "numbers"), this.rows);
    this.details.addEventListener("toggle", () => this.details.open && this.board.kick());
    this.details.hidden = this.more.hidden = this.toy.hidden = this.reset.hidden = true;
    this.more.append(make("summary", "", "how to read this"), this.rest);
    this.tools.append(this.knobs.element, this.reset);
    words.append(this.title, this.toy, this.hint, this.more);
    top.append(words, this.scales, this.tools);
    this.holder.append(this.plot, this.marker);
    this.section.append(top, this.problem, this.keys, this.holder, this.details);
  }

  // `step` is the training step of the moment that all this is of.
  show(Plotly, body, template, step) {
    if (body.player && !(this.player ??= new Player(this.board, this)).show(body.player)) return;
    this.section.classList.remove("ub-past", "ub-absent", "ub-coming");
    this.holder.hidden = this.details.hidden = false;
    this.words(body.title, body.hint, body.more);
    this.toy.hidden = !body.toy;
    this.section.dataset.step = step;
    const when = body.toy || body.whole ? "" : ` Shown with training step ${step.toLocaleString("en")}.`;
    this.plot.setAttribute("aria-label", `${body.title}. ${body.alt}${when}`);
    this.once("keys", body.keys, () => this.keys.replaceChildren(...body.keys.map(keyOf)));
    this.once("scales", body.scales, () => this.scales.replaceChildren(...body.scales.map(scaleOf)));
    if (body.table) this.once("table", body.table, () => this.rows.replaceChildren(tableOf(body.table, body.title)));
    this.knobs.show(body.knobs);
    sayWithCode(this.problem, body.problems.join(" "));
    if (body.sheet) this.lay(body.sheet, body.title);
    else this.once("figure", [body.figure, template], () => this.react(Plotly, body.figure, template));
    this.player?.mark();
  }

  words(title, hint, more = "") {
    explain(this.title, title);
    explain(this.hint, hint);
    explain(this.rest, more);
    this.more.hidden = !more;
  }

  react(Plotly, { data, layout }, template) {
    this.axis = layout.meta?.axis;
    this.leads = layout.meta?.leads;
    this.click = layout.meta?.click;
    this.section.classList.toggle("ub-clicks", Boolean(this.click));
    this.holder.style.minHeight = `${layout.height}px`;
    if (this.plot.style.display) {
      this.plot.replaceChildren();
      this.plot.removeAttribute("style");
    }
    this.keepCamera(layout);
    const config = { displayModeBar: false, responsive: true, doubleClick: "reset" };
    Plotly.react(this.plot, data.map(unpacked), { ...layout, template }, config);
    if (!this.listening) this.follow();
    if (layout.meta?.light) (this.light ??= new Light(this.board, this)).take(layout.meta.light);
  }

  // A table in the picture's place.
  lay(sheet, title) {
    this.details.hidden = true;
    this.holder.style.minHeight = 0;
    this.plot.setAttribute("role", "region");
    this.once("sheet", sheet, () => this.plot.replaceChildren(sheetOf(sheet, title)));
  }

  // Plotly.react forgets a camera that was turned since its last full drawing, whatever its `uirevision`.
  keepCamera({ scene }) {
    const given = JSON.stringify(scene?.camera), turned = this.plot.layout?.scene?.camera;
    if (turned && given === this.camera) scene.camera = turned;
    this.camera = given;
    this.reset.hidden = !scene;
  }

  resetCamera() {
    window.Plotly.relayout(this.plot, { "scene.camera": JSON.parse(this.camera) });
  }

  // There is nothing to draw: what stands there is of another moment, and looks like it. What never stood there and
  // is not on its way needs no room, nor what only training will bring.
  missing(why, pending, untrained) {
    this.words(this.title.textContent, why);
    this.plot.setAttribute("aria-label", `${this.title.textContent}. ${why}`);
    this.section.classList.add("ub-past");
    this.section.classList.toggle("ub-absent", untrained && !pending);
    const empty = !this.plot.data && !this.drawn.sheet;
    this.section.classList.toggle("ub-coming", empty && pending);
    this.holder.hidden = empty && !pending;
  }

  once(part, value, draw) {
    const text = JSON.stringify(value);
    if (this.drawn[part] !== text) draw();
    this.drawn[part] = text;
  }

  // The first second of a fresh page goes into loading Plotly: till then the strip stands there as plain cells.
  sketch({ title, hint, figure: { data, layout } }) {
    const { z, zmin, zmax, colorscale, xgap = 0 } = data.find((trace) => trace.type === "heatmap");
    const bytes = Uint8Array.from(atob(z.bdata ?? ""), (character) => character.charCodeAt(0));
    const colors = [...new Float32Array(bytes.buffer)].map((value) => colorAt(colorscale, (value - zmin) / (zmax - zmin)));
    this.words(title, hint);
    const { l, r, t, b } = layout.margin;
    Object.assign(this.plot.style, { display: "flex", gap: `${xgap}px`, height: `${layout.height}px`, padding: `${t}px ${r}px ${b}px ${l}px` });
    this.plot.replaceChildren(...colors.map((color) => Object.assign(make("i"), { style: `flex: 1; margin: 7px 0; background: ${color}` })));
  }

  // -- one step marked in every picture -----------------------------------------------------------------------------

  follow() {
    this.listening = true;
    this.plot.on("plotly_hover", ({ points }) => this.board.mark(this.axis, points[0].x));
    this.plot.on("plotly_unhover", () => this.board.mark(null));
    this.plot.on("plotly_click", ({ points }) => {
      if (this.leads) points[0].customdata && location.assign(points[0].customdata);
      else if (this.name === "training") this.board.scrub(points[0].y, true);
      else if (this.axis === "training") this.board.scrub(points[0].x, true);
    });
  }

  // What was clicked on, a cell of a grid, becomes a knob's number, from 1 on; another picture may show what comes of it.
  choose({ clientX, clientY }) {
    const { xaxis, yaxis } = this.plot._fullLayout ?? {}, box = this.plot.getBoundingClientRect();
    if (!xaxis) return;
    const column = Math.round(xaxis.p2d(clientX - box.left - xaxis._offset)), row = Math.round(yaxis.p2d(clientY - box.top - yaxis._offset));
    const place = this.click.cells[row]?.[column] ?? -1;
    if (place < this.click.first) return;
    this.board.turn(this.click.knob, String(place + 1), true, this.click.beside);
    this.board.views[this.click.shown]?.section.scrollIntoView({ block: "nearest", behavior: STILL.matches ? "auto" : "smooth" });
  }

  mark(axis, x) {
    const size = this.plot._fullLayout?._size, scale = this.plot._fullLayout?.xaxis;
    const shown = Boolean(axis && this.axis === axis && size && scale);
    this.marker.style.display = shown ? "block" : "none";
    if (!shown) return;
    const left = scale.d2p(x - 0.5), width = Math.max(1, scale.d2p(x + 0.5) - left);
    Object.assign(this.marker.style, { left: `${size.l + left}px`, width: `${width}px`, top: `${size.t}px`, height: `${size.h}px` });
    if (left < -1 || left > size.w) this.marker.style.display = "none";
  }

  // At once; `resize` waits till the dragging of a window is over.
  fit() {
    if (this.plot.data && this.plot.clientWidth) window.Plotly.relayout(this.plot, { autosize: true });
  }

  resize() {
    if (this.plot.data && this.plot.clientWidth) window.Plotly.Plots.resize(this.plot);
  }

  leave() {
    this.player?.leave();
    this.light?.leave();
    if (this.plot.data) window.Plotly.purge(this.plot);
  }
}
