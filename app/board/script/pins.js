// Curves kept for comparison: a button to keep the one on screen, and the list of those that are kept.
const MOST_PINS = 4;

class Pins {
  constructor(board, view) {
    this.board = board;
    this.list = make("div", "ub-keys ub-pins");
    view.tools.append(makeButton("ub-button ub-pin", "Pin this curve", () => this.add()));
    view.keys.after(this.list);
  }

  add() {
    const { pins, reply } = this.board, shown = reply?.transport.shown;
    if (shown !== null && shown !== undefined) this.set([...new Set([...pins, `${reply.id}@${shown}`])]);
  }

  set(pins) {
    this.board.pins = pins.slice(-MOST_PINS);
    this.board.tell("pins", this.board.pins);
    this.board.kick();
  }

  show(pins) {
    const text = JSON.stringify(pins);
    if (text !== this.shown) this.list.replaceChildren(...pins.map((pin) => this.entry(pin)));
    this.shown = text;
  }

  entry(pin) {
    const entry = keyOf({ label: pin.label, color: pin.color ?? "currentColor", dash: pin.dash, width: 1.5, kind: "line" });
    const remove = () => this.set(this.board.pins.filter((id) => id !== pin.id));
    entry.append(makeButton("", "×", remove, `Remove the pinned curve ${pin.label}`));
    return entry;
  }
}
