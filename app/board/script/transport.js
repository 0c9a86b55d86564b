// The transport row: where training stands, the scrubber, replay, and the keys for both.
const REPLAY_MS = 100, REPLAY_UPDATES = 200;
const BUTTONS = { t: "Train", p: "Pause", s: "Step", 0: "Reset" };  // keys of the page's own buttons
const TYPING = "input, textarea, select, [contenteditable=true], [role=slider], [role=listbox], [role=tablist]";

class Transport {
  constructor(board) {
    this.board = board;
    this.range = board.root.querySelector(".ub-scrub input");
    this.speed = board.find("speed").querySelector("select");
    this.progress = board.find("progress");
    this.listen();
  }

  get now() { return this.board.reply?.transport; }

  listen() {
    const { range, speed, board } = this;
    range.addEventListener("input", () => { this.dragging = true; this.scrub(Number(range.value), false); });
    range.addEventListener("change", () => { this.dragging = false; this.scrub(Number(range.value), true); });
    board.find("live").addEventListener("click", () => this.scrub(Infinity, true));
    board.find("play").addEventListener("click", () => this.togglePlay());
    speed.addEventListener("change", () => { if (this.replay) this.replay.speed = Number(speed.value); });
    this.onKey = (event) => this.key(event);
    document.addEventListener("keydown", this.onKey);
  }

  show(transport) {
    const { total, step, shown, stride } = transport, { board, range, progress } = this, live = board.cursor === null;
    Object.assign(range, { max: total, step: stride, disabled: step < 1 });
    if (!this.dragging) range.value = shown ?? 0;
    range.setAttribute("aria-valuetext", `training step ${shown ?? 0} of ${total}`);
    progress.setAttribute("aria-valuemax", total);
    progress.setAttribute("aria-valuenow", Math.max(step, 0));
    progress.firstElementChild.style.width = `${(100 * Math.max(step, 0)) / total}%`;
    say(board.find("where"), transport.text);
    const liveButton = board.find("live"), play = board.find("play");
    liveButton.setAttribute("aria-pressed", live);
    say(liveButton, transport.moving ? "Live" : "Latest");
    play.disabled = step < 1;
    play.setAttribute("aria-pressed", Boolean(this.replay));
    say(play, this.replay ? "Hold" : "Replay");
    if (this.phase !== transport.phase) say(board.find("announce"), `Training ${transport.phase}: ${transport.text}`);
    this.phase = transport.phase;
  }

  scrub(step, released) {
    const { board, now } = this;
    if (!now) return;
    const snapped = Math.max(0, Math.round(step / now.stride) * now.stride);
    clearTimeout(this.settle);
    this.replay = null;
    board.cursor = snapped >= now.step ? null : snapped;
    if (released) board.tell("cursor", board.cursor);
    if (released) board.kick();
    else board.nudge();
  }

  // -- replay -------------------------------------------------------------------------------------------------------

  togglePlay() {
    if (!this.now || this.now.step < 1) return;
    if (this.replay) return this.stop(this.board.cursor);
    this.play(this.board.cursor ?? 0);
    this.board.kick();
  }

  play(from) {
    this.replay = { at: from, speed: Number(this.speed.value) };
    this.board.cursor = from;
  }

  stop(cursor) {
    this.replay = null;
    this.board.cursor = cursor;
    this.board.tell("cursor", cursor);
    this.board.kick();
  }

  // At 1× every frame is shown; a long run is played in twenty seconds.
  advance() {
    const { replay, now, board } = this;
    if (!replay || !now) return;
    replay.at += replay.speed * Math.max(now.stride, now.step / REPLAY_UPDATES);
    board.cursor = Math.floor(replay.at / now.stride) * now.stride;
    if (board.cursor >= now.step) this.stop(null);
  }

  // -- keys ---------------------------------------------------------------------------------------------------------

  key(event) {
    const from = event.composedPath()[0], { board, now } = this;
    if (from.closest?.(TYPING) || event.ctrlKey || event.metaKey || event.altKey || !board.root.isConnected) return;
    if (document.querySelector("[data-testid=stDialog]")) return;
    const pressed = BUTTONS[event.key.toLowerCase()];
    if (pressed) return document.querySelector(`.st-key-transport-${pressed} button:not(:disabled)`)?.click();
    const here = board.cursor ?? now?.step;
    const target = { ArrowLeft: here - now?.stride, ArrowRight: here + now?.stride, Home: 0, End: Infinity }[event.key];
    if (target === undefined || !now || now.step < 1) return;
    event.preventDefault();
    this.scrub(target, false);
    this.settle = setTimeout(() => board.tell("cursor", board.cursor), 400);
  }

  leave() {
    clearTimeout(this.settle);
    document.removeEventListener("keydown", this.onKey);
  }
}
