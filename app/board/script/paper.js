// Pictures out of sight count on paper, and for who reads a page by ear. All catch up where nothing moves, and at once
// before the browser prints.
const PAPER_WIDTH = 690, PRINT_MS = 4000;

class Paper {
  constructor(board) {
    this.board = board;
    this.onBefore = () => this.print();
    this.onAfter = () => this.done();
    window.addEventListener("beforeprint", this.onBefore);
    window.addEventListener("afterprint", this.onAfter);
  }

  get wantsAll() { return this.printing || this.rested === this.moment(); }

  moment() {
    const { source, cursor, knobs, pins } = this.board;
    return JSON.stringify([source, cursor, knobs, pins]);
  }

  // What is in sight comes first; the rest once that is there and stays.
  note({ pending, transport }) {
    const { replay, dragging } = this.board.transport;
    if (transport.moving || transport.phase === "preview" || replay || dragging) this.rested = null;
    else if (!pending) this.rested = this.moment();
  }

  // The printer waits for no promise: all is asked for and drawn before this returns. A run that goes on is held at the
  // moment on screen, the same for every picture.
  print() {
    const { board } = this;
    this.step = board.reply?.transport.shown;
    if (this.step === undefined || this.step === null || !window.Plotly || !board.root.isConnected) return;
    board.drop();
    this.printing = true;
    Object.assign(board.root.style, { width: `${PAPER_WIDTH}px` });
    board.root.classList.add("ub-paper");
    const until = performance.now() + PRINT_MS;
    let body = null;
    do {
      const found = this.ask(body?.seq);
      if (found === null) break;  // refused, or out of reach: what stands there is printed
      if (found) this.put((body = found));
    } while (body?.pending && performance.now() < until);
    for (const view of Object.values(board.views)) view.fit();
  }

  put(body) {
    this.board.transport.show(body.transport);
    if (body.caption) this.board.showCaption(body.caption);
    this.board.draw(window.Plotly, body);
  }

  // The answer; undefined where nothing is newer than `seq`, null where there is none.
  ask(seq) {
    const request = new XMLHttpRequest();
    try {
      request.open("GET", this.board.address(this.board.query(), seq), false);
      request.send();
    } catch {
      return null;
    }
    return request.status === 200 ? JSON.parse(request.responseText) : request.status === 204 ? undefined : null;
  }

  done() {
    if (!this.printing) return;
    this.printing = false;
    this.board.root.classList.remove("ub-paper");
    this.board.root.style.width = "";
    for (const view of Object.values(this.board.views)) view.fit();
    this.board.kick();
  }

  leave() {
    window.removeEventListener("beforeprint", this.onBefore);
    window.removeEventListener("afterprint", this.onAfter);
  }
}
