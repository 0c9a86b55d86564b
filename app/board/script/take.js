// What can be taken along: files of the server's, and each picture as it stands here, with its title, legend, settings and
// link in it.
const SVG = "http://www.w3.org/2000/svg", TAKEN_WIDTH = 1200, SHARP = 2;

class Take {
  constructor(board, offers) {
    this.board = board;
    this.box = board.find("take");
    this.button = board.find("take-open");
    this.files = make("div", "ub-offers");
    this.pictures = make("div", "ub-offers");
    this.said = make("p", "ub-said");
    this.said.setAttribute("role", "status");
    const close = makeButton("ub-button ub-close", "×", () => this.box.close(), "Close");
    this.box.replaceChildren(
      close, make("h2", "", "Take it with you"), make("h3", "", "This run, at the step on screen"), this.files,
      make("h3", "", "Pictures, with title, settings and link"), this.pictures, this.said,
    );
    this.files.append(...offers.map((offer) => this.offer(offer)));
    this.button.addEventListener("click", () => this.open());
    this.box.addEventListener("click", ({ target }) => target === this.box && this.box.close());
  }

  offer({ name, title, help }) {
    const row = make("div", "ub-offer"), words = make("span", "ub-help", help);
    row.append(makeButton("ub-button", title, () => this.fetched(name, title)), words);
    return row;
  }

  open() {
    say(this.said, "");
    const drawn = Object.values(this.board.views).filter((view) => view.plot.data);
    this.pictures.replaceChildren(...drawn.map((view) => {
      const row = make("div", "ub-offer");
      row.append(
        makeButton("ub-button", "PNG", () => this.picture(view, "png"), `${view.title.textContent} as PNG`),
        makeButton("ub-button", "SVG", () => this.picture(view, "svg"), `${view.title.textContent} as SVG`),
        make("span", "ub-help", view.title.textContent),
      );
      return row;
    }));
    this.box.showModal();
  }

  // The step on screen, whether it is scrubbed to or the newest.
  address(name) {
    const query = new URLSearchParams(this.board.query()), { shown } = this.board.reply.transport;
    query.set("views", Object.keys(this.board.views).join(","));
    query.set("tables", "");
    if (shown !== null && shown !== undefined) query.set("cursor", shown);
    query.set("link", location.href);
    return `runs/${encodeURIComponent(this.board.source)}/take/${name}?${query}`;
  }

  async fetched(name, title) {
    sayWithCode(this.said, `${title}: being made …`);
    try {
      const response = await fetch(this.address(name));
      if (!response.ok) {
        sayWithCode(this.said, (await response.json()).error);
        return;
      }
      const file = /filename="([^"]+)"/.exec(response.headers.get("content-disposition"))[1];
      this.save(await response.blob(), file);
    } catch {
      sayWithCode(this.said, "The server cannot be reached. Try again in a moment.");
    }
  }

  save(blob, name) {
    const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    sayWithCode(this.said, `${name} is saved where your browser keeps downloads.`);
  }

  // -- pictures -------------------------------------------------------------------------------------------------------

  async picture(view, kind) {
    const svg = await this.drawn(view), text = new XMLSerializer().serializeToString(svg);
    const name = `unrolled-${view.name}-${this.board.reply.transport.shown ?? 0}.${kind}`;
    const plain = new Blob([text], { type: "image/svg+xml" });
    this.save(kind === "svg" ? plain : await this.painted(text, svg), name);
  }

  async painted(text, svg) {
    const image = new Image();
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
    await image.decode();
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width: SHARP * svg.getAttribute("width"), height: SHARP * svg.getAttribute("height") });
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    return new Promise((done) => canvas.toBlob(done, "image/png"));
  }

  // Title, legend and scales over the plot, settings and link under it.
  async drawn(view) {
    const style = getComputedStyle(this.board.root), ink = style.color, font = style.fontFamily;
    const width = Math.max(480, Math.min(TAKEN_WIDTH, view.plot.clientWidth)), pad = 16, inner = width - 2 * pad;
    const svg = this.node("svg", { xmlns: SVG, width, "font-family": font, fill: ink });
    const ground = svg.appendChild(this.node("rect", { width, fill: style.getPropertyValue("--st-background-color") || "#fff" }));
    let y = pad;
    const lines = (text, size, more = {}) => {
      for (const line of this.wrapped(text, inner, size, font)) {
        y += size * 1.35;
        const node = svg.appendChild(this.node("text", { x: pad, y, "font-size": size, ...more }));
        node.textContent = line;
      }
    };
    lines(view.title.textContent, 18, { "font-weight": 650 });
    lines(view.hint.textContent, 13, { opacity: 0.7 });
    y = this.legend(svg, view, pad, y + 8, inner, font);
    const { height } = view.plot.getBoundingClientRect();
    const url = await window.Plotly.toImage(view.plot, { format: "svg", width: inner, height, imageDataOnly: true });
    const plot = new DOMParser().parseFromString(url, "image/svg+xml").documentElement;
    for (const [name, value] of Object.entries({ x: pad, y, width: inner, height })) plot.setAttribute(name, value);
    svg.append(document.importNode(plot, true));
    y += height + 4;
    lines(`${this.board.reply.label}, ${this.board.settings.join(", ")}`, 12, { opacity: 0.8 });
    lines(location.href, 10, { opacity: 0.6 });
    svg.setAttribute("height", Math.ceil(y + pad));
    svg.setAttribute("viewBox", `0 0 ${width} ${Math.ceil(y + pad)}`);
    ground.setAttribute("height", "100%");
    return svg;
  }

  legend(svg, view, left, top, inner, font) {
    let x = left, y = top;
    const place = (own, label, size = 24) => {
      const width = size + 8 + this.measure(label, 12, font) + 18;
      if (x > left && x + width > left + inner) [x, y] = [left, y + 18];
      const group = svg.appendChild(this.node("g", { transform: `translate(${x} ${y})`, "font-size": 12 }));
      group.append(...own);
      const text = group.appendChild(this.node("text", { x: size + 8, y: 9, opacity: 0.8 }));
      text.textContent = label;
      x += width;
    };
    for (const entry of view.keys.querySelectorAll(".ub-key")) {
      place([...entry.querySelector("svg").children].map((part) => part.cloneNode(true)), entry.textContent);
    }
    for (const scale of view.scales.querySelectorAll(".ub-scale")) {
      const stops = [...getComputedStyle(scale.querySelector(".ub-bar")).backgroundImage.matchAll(/(rgba?\([^)]*\)) ([\d.]+)%/g)];
      const id = `scale-${svg.querySelectorAll("linearGradient").length}`, gradient = this.node("linearGradient", { id });
      gradient.append(...stops.map(([, color, at]) => this.node("stop", { offset: `${at}%`, "stop-color": color })));
      const ticks = [...scale.querySelectorAll(".ub-ticks span")].map((tick) => tick.textContent);
      const bar = this.node("rect", { y: 1, width: 160, height: 8, rx: 2, fill: `url(#${id})` });
      place([gradient, bar], `${scale.firstChild.textContent}: ${ticks.at(0)} to ${ticks.at(-1)}`, 160);
    }
    return x > left ? y + 20 : y;
  }

  node(name, attributes) {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  }

  measure(text, size, font) {
    this.ruler ??= document.createElement("canvas").getContext("2d");
    this.ruler.font = `${size}px ${font}`;
    return this.ruler.measureText(text).width;
  }

  // An address has no spaces: it breaks wherever it has to.
  wrapped(text, width, size, font) {
    const lines = [""];
    for (const word of text.match(/\S{1,80}\s?/g) ?? []) {
      if (lines.at(-1) && this.measure(lines.at(-1) + word, size, font) > width) lines.push("");
      lines[lines.length - 1] += word;
    }
    return lines;
  }
}
