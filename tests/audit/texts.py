"""What the page Language says."""

from __future__ import annotations

import re
from math import exp, log

import numpy as np

from core.tasks import ContinualReber, Language
from core.tasks.endless import Endless
from core.tasks.tokens import joined
from tests.audit.reading import Facts, Rules, Said, claim, near
from tests.audit.shared import SHARED
from tests.audit.truth import Truth

LANGUAGE = Rules(SHARED)
COUNTED = ("the frequencies of the symbols", "the bigrams", "the trigrams")


def text_task(truth: Truth) -> Endless:
    task = truth.config.task
    claim(isinstance(task, Endless), "the task has no text")
    assert isinstance(task, Endless)
    return task


def nats(truth: Truth) -> float:
    """What a held-out symbol costs: the normalised error is that ÷ what it costs a model of frequencies."""
    return truth.frame.error * text_task(truth).text_read.grams[0]


@LANGUAGE("This page goes along an endless text, and the task {title:.+} has none.")
def no_text(truth: Truth, said: Said) -> None:
    claim(said["title"] == truth.config.task.title and not isinstance(truth.config.task, Endless), "it has one")


@LANGUAGE("Choose Language model, Your text or Continual Reber as the task.")
def choose(truth: Truth, said: Said) -> None:
    claim((Language.title, ContinualReber.title) == ("Language model", "Continual Reber"), "their names")


WHEN = (
    "{when:Untrained|At training step }{step:[\\d,]*}, it is as unsure of the next symbol as of a fair die with {unsure} "
    "sides: "
)


@LANGUAGE(
    WHEN + "better than {beaten:the [a-z ]+?}.",
    WHEN + "better than {beaten:the [a-z ]+?}, worse than {worse:the [a-z ]+}.",
    WHEN + "better than {beaten:the [a-z ]+?}, which know the {all:last two}.",
    WHEN + "worse than knowing how {none:frequent} each symbol is.",
    WHEN + "within {over%} of the least that is possible.",
)
def unsure(truth: Truth, said: Said) -> Facts:
    own, task = nats(truth), text_task(truth)
    said.near("unsure", exp(min(own, 50)))
    claim((said["when"] == "Untrained") == (truth.frame.score_step == 0), "when it was scored")
    if said["step"]:
        said.exactly("step", truth.frame.score_step)
    grams = task.text_read.grams
    if "over" in said.places:
        claim(own <= 1.02 * task.least_loss, "it is not within 2 %")
        said.near("over", max(own / task.least_loss - 1, 0))
    elif "none" in said.places:
        claim(own >= max(grams), "it beats one")
    else:
        claim(own < grams[COUNTED.index(said["beaten"])], "it does not beat it")
        claim("worse" not in said.places or own >= grams[COUNTED.index(said["worse"])], "it beats that too")
        claim("worse" in said.places or own < min(grams), "it does not beat all")
    return {"perplexity": exp(min(own, 50))}


@LANGUAGE("How well does it know a text that it has never seen?", "It is being measured.")
def unknown(truth: Truth, said: Said) -> None:
    claim(truth.frame.score_step < 0, "it is scored")


@LANGUAGE("Its state is carried on from one window of {T} symbols to the next; the gradient ends there.")
def carried(truth: Truth, said: Said) -> None:
    said.exactly("T", truth.config.task.length)
    claim(truth.config.truncation != "reset", "it is reset")


@LANGUAGE("In every window of {K} symbols its state starts from zero.")
def reset(truth: Truth, said: Said) -> None:
    claim(truth.config.truncation == "reset", "it is carried")
    said.exactly("K", min(truth.config.task.length, truth.config.truncation_length))


def text(truth: Truth) -> str:
    """What was written, after what was read first."""
    task, answer = text_task(truth), truth.answers["writing"]
    words = [*task.text_read.opening, *(task.text_read.symbols[place] for place in answer.arrays["places"])]
    return "".join(words) if task.text_read.tokens == "characters" else joined(words, "words")


@LANGUAGE("Brackets and quotation marks: {opened} opened, {closed} closed before another mark.")
def brackets(truth: Truth, said: Said) -> None:
    marks = re.findall("[()“”]", text(truth))
    pairs = [(a, b) for a, b in zip(marks, [*marks[1:], ""]) if a in "(“"]
    said.exactly("opened", len(pairs))
    said.exactly("closed", sum(a + b in ("()", "“”") for a, b in pairs))


@LANGUAGE("Of {whole} whole name{s:s?}, {new} are not in the list it learnt from.")
def names(truth: Truth, said: Said) -> None:
    read = text_task(truth).text_read
    known = "".join(read.symbols[place] for place in read.training).split("\n")
    found = [name for name in text(truth).split("\n")[:-1] if name]
    said.exactly("whole", len(found))
    said.exactly("new", sum(name not in known for name in found))


WAYS = {0: "T1 P2", 1: "S1 X3", 2: "T2 V4", 3: "X2 S5", 4: "P3 V5"}


def allowed(inner: str) -> bool:
    """Whether these are letters from the grammar's first state to its end."""
    state = 0
    for letter in inner:
        step = next((way for way in WAYS.get(state, "").split() if way[0] == letter), None)
        if step is None:
            return False
        state = int(step[1])
    return state == 5


@LANGUAGE("Of {whole} whole string{s:s?}, {right} are grammatical{continual: and close as they began|}.")
def strings(truth: Truth, said: Said) -> None:
    written = text(truth)
    if said["continual"]:
        found = re.findall(r"(?=EB([TP])B([TSXVP]*)E(.)EB)", written)
        right = [first == last and allowed(inner) for first, inner, last in found]
    else:
        found = written.split("B")[1:-1]
        right = [part[-1:] == "E" and allowed(part[:-1]) for part in found]
    said.exactly("whole", len(found))
    said.exactly("right", sum(right))


WRITING, ORIGIN, PERPLEXITY = Rules(LANGUAGE), Rules(), Rules()


@WRITING(
    "It reads what it has drawn, and draws the next symbol; on average they surprise it by {bits} bits.",
    "Its answers are no numbers here: it draws {even:evenly}.",
)
def surprised(truth: Truth, said: Said) -> None:
    nats = truth.answers["writing"].arrays["surprise"]
    claim(("even" in said.places) == (not np.isfinite(nats).all()), "whether they are numbers")
    if "bits" in said.places:
        said.near("bits", nats.mean() / log(2))


@ORIGIN(
    "After “…{before:.*?}” comes “{symbol:.+?}”, to which it gave {chance%}.",
    "“{strongest:.+?}”, {back} symbol{s:s?} before, matters most; a hundredth as much still arrives {far} symbol{p:s?} back.",
    "{none:No gradient} comes back from it.",
    "The gradient of this answer is no number {nan:here}.",
)
def came_from(truth: Truth, said: Said) -> None:
    answer, read = truth.answers["prediction-origin"], text_task(truth)
    at = answer.meta["at"] - 1
    credit, nats = answer.arrays["credit"][:at], answer.arrays["surprise"][at]
    symbols = [read.vocabulary[place] for place in answer.arrays["places"]]
    finite = bool(np.isfinite(credit).all() and np.isfinite(nats))
    claim(("nan" in said.places) != finite, "whether it is a number")
    if "chance" in said.places:
        said.near("chance", exp(-nats))
        claim(said["symbol"] == symbols[at], "which symbol comes")
    elif "back" in said.places:
        strongest = at - said.whole("back")
        claim(credit[strongest] == credit.max() and symbols[strongest] == said["strongest"], "another matters more")
        said.exactly("far", at - int(np.flatnonzero(credit >= 0.01 * credit.max())[0]))
    elif "none" in said.places:
        claim(not credit.any(), "one does")


@PERPLEXITY("{now:[^,]*?}, where models that count get what the lines say.")
def now(truth: Truth, said: Said) -> None:
    known = np.asarray(truth.scalars["error"], float)
    known = known[np.isfinite(known)]
    if said["now"] == "not measured yet":
        claim(not known.size, "it is measured")
        return
    claim(near(said["now"], exp(min(known[-1] * text_task(truth).text_read.grams[0], 50))), "another perplexity")
