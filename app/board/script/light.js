// A matrix whose rows are thrown as curves: the chosen row follows the pointer, a finger or a slider, from what is there.
const LIGHT_BASE = 90, LIGHT_REST_MS = 400;

class Light {
  constructor(board, view) {
    this.board = board;
    this.view = view;
    this.element = make("div", "ub-light");
    this.input = Object.assign(make("input"), { type: "range", min: 0, step: 1 });
    this.input.setAttribute("aria-label", "loss");
    this.sentence = make("span", "ub-light-words");
    this.sentence.setAttribute("aria-live", "polite");
    this.input.addEventListener("input", () => this.choose(Number(this.input.value)));
    this.element.append(this.input, this.sentence);
    view.holder.before(this.element);
    for (const kind of ["pointermove", "pointerdown"]) view.plot.addEventListener(kind, (event) => this.point(event));
  }

  // What the server says; whoever has chosen a loss keeps it, as near as there still is one.
  take(body) {
    this.body = body;
    this.input.max = body.rows.length - 1;
    this.element.hidden = body.rows.length < 2;
    const asked = body.at[body.chosen];
    if (asked !== this.asked && asked !== this.told) this.wanted = asked;
    this.asked = asked;
    const apart = body.at.map((step) => Math.abs(step - (this.wanted ?? asked)));
    this.row = apart.indexOf(Math.min(...apart));
    this.say();
    if (this.row !== body.chosen) this.draw();
  }

  point(event) {
    const { plot } = this.view, axis = plot._fullLayout?.yaxis;
    if (!axis || !this.body) return;
    const box = plot.getBoundingClientRect(), y = event.clientY - box.top - axis._offset;
    if (y < 0 || y > axis._length) return;
    const step = axis.p2d(y), apart = this.body.at.map((at) => Math.abs(at - step));
    this.choose(apart.indexOf(Math.min(...apart)));
  }

  choose(row) {
    if (row === this.row) return;
    this.row = row;
    this.wanted = this.body.at[row];
    this.say();
    this.frame ??= requestAnimationFrame(() => { this.frame = null; this.draw(); });
    clearTimeout(this.settle);
    this.settle = setTimeout(() => this.board.put({ [this.body.knob]: String(this.told = this.wanted) }), LIGHT_REST_MS);
  }

  say() {
    this.input.value = this.row;
    this.input.setAttribute("aria-valuetext", `loss at step ${this.body.at[this.row]}`);
    say(this.sentence, this.body.words[this.row]);
  }

  draw() {
    const { body, row } = this, { plot } = this.view, step = body.at[row];
    if (!plot.data || !body.rows[row]) return;
    window.Plotly.restyle(plot, { x: [[0.5, step + 0.5], body.x], y: [[step, step], this.values(body.rows[row])] }, [body.pointer, body.curve]);
  }

  values(text) {
    const { low, high } = this.body, place = (code) => code - FIRST - (code > BACKSLASH ? 1 : 0);
    return Array.from({ length: text.length / 2 }, (_, k) => {
      if (text[2 * k] === " ") return null;
      const level = place(text.charCodeAt(2 * k)) * LIGHT_BASE + place(text.charCodeAt(2 * k + 1));
      return 10 ** (low + ((high - low) * level) / (LIGHT_BASE * LIGHT_BASE - 1));
    });
  }

  leave() {
    clearTimeout(this.settle);
    cancelAnimationFrame(this.frame);
  }
}
