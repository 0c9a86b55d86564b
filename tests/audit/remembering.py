"""What stands over and in place of the Memory page's pictures."""

from __future__ import annotations

import numpy as np

from tests.audit.hints import said_so
from tests.audit.reading import Facts, Rules, Said, claim, near
from tests.audit.truth import Truth

FADING, CAPACITY, EVIDENCE, LEAK = (Rules() for _ in range(4))
FADING_ALT, CAPACITY_ALT, EVIDENCE_ALT, LEAK_ALT, ANSWER_ALT = (Rules() for _ in range(5))
R2 = "(?:R² [\\d.]+|[\\d.]+ %|(?:R² )?not a number|no number)"
AMOUNT = f"{{amount:{R2}}}"


class Curves:
    """What a readout gives back of earlier inputs, by lag."""

    def __init__(self, truth: Truth) -> None:
        found, self.meta = truth.answers["fading"].arrays, truth.answers["fading"].meta
        name = "decoded" if self.meta["symbols"] else "r2"
        self.lags, self.now, self.start = found["lag"], found[f"now.{name}"], found[f"start.{name}"]
        self.chance = found["guessed"] if self.meta["symbols"] else np.zeros(len(self.lags))

    def differs(self, k: int) -> bool:
        """Whether the input at this lag is not the same in (nearly) all sequences."""
        return bool(np.isfinite(self.start[k]) and self.chance[k] < 0.98)

    def half(self, values: np.ndarray) -> int | str:
        """The lag with less than half of what is known of the newest input; none or never where there is none."""
        gain = values - self.chance
        if not gain[0] > 0.02:
            return "none"
        below = [int(lag) for lag, each in zip(self.lags, gain) if each < gain[0] / 2]
        return below[0] if below else "never"


GONE = "gone [\\d,]+ steps? back|still there [\\d,]+ steps back|there was nothing to lose"


def _gone(curves: Curves, text: str, values: np.ndarray) -> None:
    half = curves.half(values)
    if text.startswith("gone") or text.startswith("half was gone"):
        claim(text.split()[-3].replace(",", "") == str(half), f"half of it is gone {half} back")
    elif "still" in text or "more than" in text:
        claim(half == "never", f"half of it is gone {half} back")
    else:
        claim(half == "none", f"half of it is gone {half} back")


@FADING(
    "The states are not finite: nothing can be {read:read} from them.",
    "This input never changes {there:there}: there is nothing to remember.",
    f"A linear readout of the state {{how:finds the input of this step:|gives the input of this step back with}} {AMOUNT}.",
    f"Half of that is {{now:{GONE}}}; in the untrained network {{then:{GONE}}}.",
    "So it keeps next to {nothing:nothing} of it.",
    "Untrained, {untrained:half was gone [\\d,]+ steps? back|more than half was kept [\\d,]+ steps back}.",
    "The newest inputs are the {same:same} in every sequence: nothing has to be remembered of them.",
    f"Of those {{lag}} step{{s:s?}} back a linear readout finds {AMOUNT}{{guess:|, where guessing gets [\\d.]+ %}}; untrained "
    f"{{start:{R2}}}.",
    "Fitted on half of {sequences} sequences and judged on the others, from the states of the last {last} step{s:s?}.",
)
def fading(truth: Truth, said: Said) -> Facts:
    curves, places = Curves(truth), said.places
    if "sequences" in places:
        said.exactly("sequences", curves.meta["sequences"])
        said.exactly("last", curves.meta["last"])
    elif "lag" in places:
        known = [k for k in range(len(curves.lags)) if curves.differs(k) and np.isfinite(curves.now[k])]
        said.exactly("lag", int(curves.lags[known[-1]]))
        said_so(said["amount"], curves.now[known[-1]])
        said_so(said["start"], curves.start[known[-1]])
        claim(not said["guess"] or near(said["guess"][21:], curves.chance[known[-1]]), "what guessing gets")
    elif "same" in places:
        claim(not curves.differs(0), "they differ")
    elif "untrained" in places or "nothing" in places:
        claim(curves.half(curves.now) == "none", "it keeps some")
        if "untrained" in places:
            _gone(curves, said["untrained"], curves.start)
        else:
            claim(curves.half(curves.start) == "none", "the untrained one keeps some")
    elif "now" in places:
        _gone(curves, said["now"], curves.now)
        _gone(curves, said["then"], curves.start)
        half = curves.half(curves.now)
        return {"half of an input": half} if isinstance(half, int) else {}
    elif "how" in places:
        claim(said["how"].startswith("finds") == curves.meta["symbols"], "symbols or numbers")
        said_so(said["amount"], curves.now[0])
    else:
        claim(not np.isfinite(curves.now).any(), "something is known")
        claim(("read" in places) == bool(np.isfinite(curves.start).any()), "whether the states are finite")
    return {}


@FADING_ALT(
    "{unit:Symbols found|R² of the readout} against the lag.",
    "{parts:lag \\d+: .+?, untrained .+?, chance .+?(?:; lag \\d+: .+?, untrained .+?, chance .+?)*}.",
)
def fading_alt(truth: Truth, said: Said) -> None:
    curves = Curves(truth)
    if "unit" in said.places:
        claim(said["unit"].startswith("Symbols") == curves.meta["symbols"], "symbols or numbers")
        return
    for part in said["parts"].split("; "):
        head, start, chance = part.split(", ")
        lag, now = head.removeprefix("lag ").split(": ")
        k = int(np.flatnonzero(curves.lags == int(lag))[0])
        for text, true in ((now, curves.now[k]), (start.removeprefix("untrained "), curves.start[k]),
                           (chance.removeprefix("chance "), curves.chance[k])):  # fmt: skip
            claim(near(text, float(true)), f"lag {lag}: {text} is {true}")


@ANSWER_ALT(
    "How well the answer can be read from the state at each step; chance is {chance}.",
    "{parts:step \\d+: .+?, untrained .+?(?:; step \\d+: .+?, untrained .+?)*}.",
)
def answer_alt(truth: Truth, said: Said) -> None:
    found = truth.answers["fading"]
    if "chance" in said.places:
        said.near("chance", found.meta["chance"])
        return
    for part in said["parts"].split("; "):
        head, start = part.split(", untrained ")
        step, now = head.removeprefix("step ").split(": ")
        k = int(np.flatnonzero(found.arrays["step"] == int(step))[0])
        claim(near(now, float(found.arrays["now.answer"][k])), f"step {step}: {now}")
        claim(near(start, float(found.arrays["start.answer"][k])), f"step {step}, untrained: {start}")


BOUND = "{bound:\\d[\\d,]* units?|\\d[\\d,]*, h(?: and c)?(?: of \\d layers)? of \\d[\\d,]* units?}"


def _sums(truth: Truth) -> tuple[float, float, int]:
    found = truth.answers["capacity"]
    return float(found.arrays["now"].sum()), float(found.arrays["start"].sum()), int(found.meta["bound"])


@CAPACITY(
    "The states are not finite: nothing can be {read:read} from them.",
    "{now} of at most " + BOUND + ", over lags 0 to {last}; untrained {start}.",
    "Trained, it keeps {less:less} of what comes at random; whether it kept what is asked stands above.",
    "Training made it remember {more:more}.",
    "Measured on the task's inputs in a random order{some:|, with [\\d,]+ sequences}: no unit can then hold more than one "
    "input.",
)
def capacity(truth: Truth, said: Said) -> None:
    now, start, bound = _sums(truth)
    if "now" in said.places:
        claim(said["bound"].split()[0].strip(",").replace(",", "") == str(bound), f"the bound is {bound}")
        for name, true in (("now", now), ("start", start)):
            said.near(name, min(max(true, 0), bound))
            low = near(said[name], 0) or not said[name].startswith("−")
            claim(low, "below nothing")
    elif "less" in said.places or "more" in said.places:
        claim(now < 0.9 * start if "less" in said.places else now > 1.1 * start, f"{now} against {start}")
    elif "read" in said.places:
        claim(not np.isfinite(now), "they are finite")


@CAPACITY_ALT("Capacity up to lag {last}: {now}, untrained {start}; the bound is {bound}.")
def capacity_alt(truth: Truth, said: Said) -> None:
    now, start, bound = _sums(truth)
    for name, value in (("now", now), ("start", start)):
        said.near(name, min(max(value, 0), bound) if np.isfinite(value) else value)
    said.exactly("bound", bound)
    claim(not np.isfinite(now) or now <= 1.15 * bound + 0.5, f"{now} of {bound}")


SURE = "(?:undecided|[^,.]+, (?:more than )?[\\d.]+ % sure)"


def _leans(truth: Truth, text: str, odds: float) -> None:
    """'liked, 72 % sure' is the side of the log odds, and the logistic function of them."""
    if text == "undecided":
        claim(abs(odds) < 0.05, f"its log odds are {odds}")
        return
    side, _, sure = text.partition(", ")
    claim(side == truth.config.task.answers[int(odds > 0)], f"its log odds are {odds}")
    share = 1 / (1 + np.exp(-min(abs(odds), 700)))
    sure = sure.removesuffix(" sure")
    claim(share > 0.999 if sure.startswith("more than") else near(sure, share), f"it is {share} sure")


@EVIDENCE(
    "What the network says is not a {number:number} here.",
    "At step {step} it answers {now}, and {right} is right; untrained it said {start}.",
    f"At step {{step}} it says {{leans:{SURE}}}; untrained it was at {{start:[+−]?[^ ]+?}}.",
    "A toss is never sure here: 0 is {even:even}.",
    "At step {step} its log odds of the right answer are {odds:[+−]?[^ ]+?}: {verdict:right with (?:more than )?[\\d.]+ % sure|"
    "less than all others together}; untrained {start:[+−]?[^ ]+?}.",
)
def evidence(truth: Truth, said: Said) -> None:
    found, places = truth.answers["evidence"].arrays, said.places
    now, start = found["now"], found["start"]
    known = np.flatnonzero(np.isfinite(now))
    if "number" in places or "even" in places:
        claim(not known.size if "number" in places else truth.config.task.kind == "chances", "it is not so")
        return
    k = int(known[-1])
    said.exactly("step", k + 1)
    claim(near(said["start"].lstrip("+"), float(start[k])), f"untrained it was at {start[k]}")
    if "now" in places:
        said.near("now", now[k])
        said.near("right", found["right"][k])
    elif "leans" in places:
        _leans(truth, said["leans"], float(now[k]))
    else:
        claim(near(said["odds"].lstrip("+"), float(now[k])), f"they are {now[k]}")
        claim(said["verdict"].startswith("right") == bool(now[k] > 0), f"they are {now[k]}")
        if now[k] > 0:
            share, text = 1 / (1 + np.exp(-float(now[k]))), said["verdict"].removeprefix("right with ")[:-5]
            claim(share > 0.999 if text.startswith("more") else near(text, share), f"it is {share}")


@EVIDENCE(
    "After “{word:.+?}” the evidence is {there:[+−]?[^ ,:]+}{later:|, [\\d,]+ (?:word|symbol|letter)s? later [+−]?[^ ,:]+}: "
    f"{{kept:|there is next to none, and |it turned round, and |it fades, and |it is kept, and |it grows, and }}asked after "
    f"the last {{unit:\\w+}} it would say {{leans:{SURE}}}.",
    "The untrained network is at {start:[+−]?[^ ]+?}.",
    f"{{none:No \\w+ here says whether it was [^;]+; a|A}}sked after the last {{unit:\\w+}} it would say {{leans:{SURE}}}, and "
    f"{{before:{SURE}}} untrained.",
    "After “{word:.+?}” the evidence is {there:[+−]?[^ ,:]+}{later:|, [\\d,]+ \\w+ later [+−]?[^ ,:]+}: of its verdicts the "
    f"network goes by “{{held:.+?}}”, and asked after the last {{unit:\\w+}} it would say {{leans:{SURE}}}.",
)
def evidence_of_words(truth: Truth, said: Said) -> None:
    task, found, places = truth.config.task, truth.answers["evidence"].arrays, said.places
    now, start, tokens = found["now"], found["start"], task.symbols(found["x"])
    last = int(np.flatnonzero(np.isfinite(now))[-1])
    verdicts = [k for k, token in enumerate(tokens) if task.speaks_for(token) is not None]
    if set(places) == {"start"}:
        claim(near(said["start"].lstrip("+"), float(start[last])), f"it is at {start[last]}")
        return
    _leans(truth, said["leans"], float(now[last]))
    if "before" in places:
        claim(not verdicts, "some word says so")
        _leans(truth, said["before"], float(start[last]))
        return
    k = verdicts[-1]
    claim(
        said["word"] == tokens[k] and near(said["there"].lstrip("+"), float(now[k])),
        f"after {tokens[k]} it is {now[k]}",
    )
    if said["later"]:
        claim(said["later"].split()[1] == str(last - k), f"{last - k} later")
        claim(near(said["later"].split()[-1].lstrip("+"), float(now[last])), f"it is {now[last]}")
    if said.places.get("kept"):
        small, turned = max(abs(now[k]), abs(now[last])) < 0.5, now[k] * now[last] < 0
        ratio = abs(now[last] / now[k])
        way = (
            "next to none"
            if small
            else "turned"
            if turned
            else "fades"
            if ratio < 0.5
            else "kept"
            if ratio < 1.5
            else "grows"
        )
        claim(way in said["kept"], f"from {now[k]} to {now[last]}")
    if "held" in places:
        claim(task.speaks_for(said["held"]) == int(now[last] > 0), "it goes by another")


@EVIDENCE_ALT(
    "{unit:Answer|Log odds of .+?}.",
    "{parts:step \\d+, .+?: .+?, untrained .+?(?:; step \\d+, .+?: .+?, untrained .+?)*}.",
)
def evidence_alt(truth: Truth, said: Said) -> None:
    found = truth.answers["evidence"].arrays
    if "unit" in said.places:
        return
    for part in said["parts"].split("; step "):
        head, start = part.removeprefix("step ").rsplit(", untrained ", 1)
        k = int(head.split(",")[0]) - 1
        claim(near(head.rsplit(": ", 1)[1], float(found["now"][k])), f"step {k + 1} is {found['now'][k]}")
        claim(near(start, float(found["start"][k])), f"step {k + 1}, untrained, is {found['start'][k]}")


@LEAK(
    "a = {a}: {newest%} of the newest input can be read, {ten%} of the one 10 steps back.",
    "All lags together are worth 1, one input for one unit{beyond:|; [^:]+}: a only says how it is spread.",
)
def leak(truth: Truth, said: Said) -> None:
    if "a" in said.places:
        a = float(said["a"])
        said.near("newest", 1 - a**2)
        said.near("ten", (1 - a**2) * a**20)


@LEAK_ALT("Capacity by lag for a = {a}: {newest} at lag 0, {ten} at lag 10; measured {first} and {second}.")
def leak_alt(truth: Truth, said: Said) -> None:
    a = float(said["a"])
    for name, true in (("newest", 1 - a**2), ("ten", (1 - a**2) * a**20)):
        said.near(name, true)
    claim(abs(float(said["first"]) - (1 - a**2)) < 0.01 and abs(float(said["second"]) - (1 - a**2) * a**20) < 0.01)
