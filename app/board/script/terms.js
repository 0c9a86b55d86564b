// Words that explain themselves where they stand: the first of each in a text opens one sentence.
const NO_LETTER = ["(?<![\\p{L}\\p{N}])", "(?![\\p{L}\\p{N}])"];
let glossary = { pattern: null, terms: new Map(), box: null };

// `terms` are [forms, sentence] pairs; `box` is where a sentence opens, which the browser closes by itself.
function learnTerms(terms, box) {
  const forms = terms.flatMap(([written]) => written).sort((one, other) => other.length - one.length);
  const escaped = forms.map((form) => form.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  glossary = {
    pattern: new RegExp(`${NO_LETTER[0]}(${escaped.join("|")})${NO_LETTER[1]}`, "giu"),
    terms: new Map(terms.flatMap(([written, sentence]) => written.map((form) => [form.toLowerCase(), sentence]))),
    box,
  };
  box.addEventListener("toggle", ({ newState }) => newState === "open" && placeTerm(box));
}

// As `say`, with its terms marked; who stands on one keeps standing there.
function explain(element, text = "") {
  if (element.textContent === text) return;
  const focused = element.contains(document.activeElement) ? document.activeElement.textContent : null;
  element.replaceChildren(...explained(text));
  if (focused) [...element.querySelectorAll(".ub-term")].find((term) => term.textContent === focused)?.focus();
}

function explained(text) {
  const parts = [], told = new Set();
  let end = 0;
  for (const found of glossary.pattern ? text.matchAll(glossary.pattern) : []) {
    const sentence = glossary.terms.get(found[0].toLowerCase());
    if (told.has(sentence)) continue;
    told.add(sentence);
    parts.push(text.slice(end, found.index), termOf(found[0], sentence));
    end = found.index + found[0].length;
  }
  return [...parts, text.slice(end)].filter(Boolean);
}

// Not a button element, which would let a line break between it and the bracket before it.
function termOf(word, sentence) {
  const term = make("span", "ub-term", word), { box } = glossary;
  const open = () => box.opener === term && box.matches(":popover-open");
  let wasOpen = false;
  Object.assign(term, { role: "button", tabIndex: 0 });
  term.addEventListener("pointerdown", () => { wasOpen = open(); });  // the browser closes it before the click
  term.addEventListener("click", () => {
    if (wasOpen) return;
    box.textContent = sentence;
    box.opener = term;
    box.showPopover();
  });
  term.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    wasOpen = open();
    if (wasOpen) box.hidePopover();
    else term.click();
  });
  return term;
}

function placeTerm(box) {
  const at = box.opener.getBoundingClientRect(), room = box.getBoundingClientRect();
  const left = Math.max(8, Math.min(at.left, window.innerWidth - room.width - 8));
  const below = at.bottom + 6 + room.height < window.innerHeight;
  Object.assign(box.style, { left: `${left}px`, top: `${below ? at.bottom + 6 : at.top - room.height - 6}px` });
}
