// The knobs of one picture. A moved one is answered at once; the page hears of it when it comes to rest.
const SETTLE_MS = 300, TYPED_MS = 350;

class Knobs {
  constructor(board) {
    this.board = board;
    this.element = make("div", "ub-knobs");
    this.parts = new Map();
  }

  show(all) {
    const knobs = all.filter((knob) => !knob.hidden);
    const shape = JSON.stringify(knobs.map(({ value, ...rest }) => rest));
    if (shape !== this.shape) this.draw(knobs);
    this.shape = shape;
    for (const knob of knobs) this.set(knob);
  }

  draw(knobs) {
    const focused = document.activeElement?.dataset?.knob;
    this.parts = new Map(knobs.map((knob) => [knob.name, this.made(knob)]));
    this.element.replaceChildren(...[...this.parts.values()].map((part) => part.label));
    this.parts.get(focused)?.input.focus();
  }

  made(knob) {
    return knob.text ? this.line(knob) : knob.options.length ? this.select(knob) : this.slider(knob);
  }

  // Asked when the typing rests; what comes back meanwhile does not write over what is being typed.
  line(knob) {
    const input = Object.assign(make("input"), { type: "text", maxLength: knob.text, placeholder: knob.hint, spellcheck: false, autocomplete: "off" });
    const list = Object.assign(make("datalist"), { id: `ub-list-${knob.name}` });
    list.append(...knob.options.map(([value]) => new Option(value, value)));
    input.setAttribute("list", list.id);
    const turn = () => {
      clearTimeout(this.typing);
      this.typing = null;
      const value = input.value.replace(/[\x00-\x1f\x7f]/g, " ").trim();
      if (value !== (this.board.knobs[knob.name] ?? "")) this.board.turn(knob.name, value, true);
    };
    input.addEventListener("input", () => { clearTimeout(this.typing); this.typing = setTimeout(turn, TYPED_MS); });
    input.addEventListener("change", turn);
    const write = (value) => { if (document.activeElement !== input && !this.typing) input.value = value; };
    return { input, label: this.label(knob, input, list), write };
  }

  select(knob) {
    const input = make("select");
    input.append(...knob.options.map(([value, text]) => new Option(text, value)));
    input.addEventListener("change", () => this.board.turn(knob.name, input.value, true));
    return { input, label: this.label(knob, input), write: (value) => { input.value = value; } };
  }

  slider(knob) {
    const input = Object.assign(make("input"), { type: "range" }), output = make("output"), part = { input };
    const [to, from] = knob.log ? [Math.log10, (at) => 10 ** at] : [Number, Number];
    Object.assign(input, { min: to(knob.minimum), max: to(knob.maximum), step: knob.step ?? "any" });
    const read = () => String(Number(Math.min(knob.maximum, Math.max(knob.minimum, from(Number(input.value)))).toPrecision(knob.log ? 3 : 8)));
    const tell = (value) => {
      const text = `${written(Number(value))}${knob.unit && ` ${knob.unit}`}`;
      say(output, text);
      input.setAttribute("aria-valuetext", text);
    };
    const turn = (settled) => { tell(read()); this.board.turn(knob.name, read(), settled); };
    input.addEventListener("input", () => turn(false));
    input.addEventListener("change", () => turn(true));
    part.label = this.label(knob, input, output);
    part.write = (value) => { input.value = to(Number(value)); tell(value); };
    return part;
  }

  label(knob, input, ...more) {
    const label = make("div", "ub-knob"), name = make("span");
    input.dataset.knob = knob.name;
    input.setAttribute("aria-label", knob.label);
    explain(name, knob.label);
    label.append(name, input, ...more);
    return label;
  }

  // A slider that is being dragged is the visitor's: an answer to where it stood before does not pull it back.
  set(knob) {
    const part = this.parts.get(knob.name);
    if (!this.board.turning(knob.name)) part.write(knob.value);
  }
}
