// In a class (app/classroom): what this board shows is told, and a follower's board is led to what the teacher's shows.
class Company {
  constructor(board) {
    this.board = board;
    this.led = false;
    this.onLead = ({ detail }) => this.lead(detail);
    document.addEventListener("unrolled:lead", this.onLead);
    document.dispatchEvent(new CustomEvent("unrolled:board"));  // one is here that may be led
  }

  say() {
    const { page, source, cursor, knobs, pins, beside } = this.board, detail = { page, source, cursor, knobs, pins, beside };
    const text = JSON.stringify(detail);
    if (text === this.said) return;
    this.said = text;
    document.dispatchEvent(new CustomEvent("unrolled:shown", { detail }));
  }

  // To where the teacher's board stands; null lets go. Nothing of it is news to Python, which is led by itself.
  lead(shown) {
    const { board } = this;
    this.led = Boolean(shown);
    if (!shown || shown.page !== board.page) return;
    const { source, cursor, knobs, pins, beside } = shown;
    if (source !== board.source) Object.assign(board, { source, known: null, reply: null, failures: 0 });
    Object.assign(board, { cursor, knobs: { ...knobs }, pins: [...pins], beside: [...beside] });
    board.transport.replay = null;
    board.kick();
  }

  leave() { document.removeEventListener("unrolled:lead", this.onLead); }
}
