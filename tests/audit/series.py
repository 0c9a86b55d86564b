"""What the page Series says: how far off the network is, and those who need none."""

from __future__ import annotations

import numpy as np

from tests.audit.figures import FIGURES
from tests.audit.pages import WHO, network
from tests.audit.reading import Facts, Rules, Said, claim, near
from tests.audit.shared import SHARED
from tests.audit.truth import Truth

SERIES = Rules(SHARED)
FORECAST, ONE_STEP, AHEAD = Rules(), Rules(), Rules()
ORDER = ("network", "autoregression", "season", "last")
NAME = "{%s:the network|the linear autoregression of [\\d,]+ values?|the season of [\\d,]+ steps?|the last value}"
STEPS = "{ahead:One step ahead|[\\d,]+ steps ahead}"


def named(truth: Truth, text: str) -> str:
    """Who is meant; its numbers are those of the task."""
    who = next(who for who, word in zip(ORDER, ("network", "autoregression", "season", "last")) if word in text)
    numbers = [int(part.replace(",", "")) for part in text.split() if part[0].isdecimal()]
    task = truth.config.task
    claim(numbers == {"autoregression": [task.order], "season": [task.season]}.get(who, []), text)  # type: ignore[attr-defined]
    return who


def off(truth: Truth, who: str) -> float:
    """Root mean square error one horizon ahead, of the held-out part's own standard deviation."""
    meta = truth.answers["forecast"].meta
    return meta["off"][who] / np.sqrt(truth.config.task.variance)


def errors(truth: Truth) -> np.ndarray:
    return truth.answers["forecast"].arrays["error"] / np.sqrt(truth.config.task.variance)


def steps(said: Said, name: str = "ahead") -> int:
    text = said[name]
    return 1 if text.startswith("One") else int(text.split()[0].replace(",", ""))


@SERIES("The task {task:[^.]+} asks for no next number: there is nothing to forecast.",
        "Choose Sines, Mackey-Glass, a drifting series or a CSV of yours as the {last:task}.")  # fmt: skip
def no_series(truth: Truth, said: Said) -> None:
    claim(not hasattr(truth.config.task, "horizon"), "it is one")
    claim("task" not in said.places or said["task"] == truth.config.task.title, "another task")


@SERIES("How far is " + WHO + " off?", "It is being measured.",
        "Errors are root mean squares over the held-out part, as shares of its standard deviation.")  # fmt: skip
def measured(truth: Truth, said: Said) -> None:
    known = truth.answers.get("forecast")
    claim(known is None or not np.isfinite(known.arrays["ahead"][0]).all() or np.isnan(off(truth, "network")), "it is")
    if said.places:
        network(truth, said)


@SERIES("The forecasts of " + WHO + " are not numbers.")
def no_numbers(truth: Truth, said: Said) -> None:
    network(truth, said)
    claim(not np.isfinite([off(truth, "network"), *errors(truth)[0]]).all(), "they are")


@SERIES(STEPS + ", " + WHO + " is off by {off%} of the spread: {than:less than|about as much as|more than} "
        + NAME % "rival" + " with {other%}.")  # fmt: skip
def headline(truth: Truth, said: Said) -> Facts:
    network(truth, said)
    claim(steps(said) == truth.config.task.horizon, "another horizon")  # type: ignore[attr-defined]
    rival = named(truth, said["rival"])
    own, other = off(truth, "network"), off(truth, rival)
    claim(other == min(off(truth, who) for who in ORDER[1:]), "it is not the best of the others")
    said.near("off", own)
    said.near("other", other)
    way = (
        "about as much as" if max(own, other) <= 1.05 * min(own, other) else "less than" if own < other else "more than"
    )
    claim(said["than"] == way, f"it is {way}")
    return {"off": own}


@SERIES(
    "The series has drifted: the held-out part lies {moved} standard deviations {way:above|below} what was learnt from."
)
def drifted(truth: Truth, said: Said) -> None:
    task = truth.config.task
    moved = float(np.mean(task.sample(np.random.default_rng(0), 4000, "held-out").target[-1]))
    claim(abs(moved) > 0.9 and abs(float(said["moved"]) - abs(moved)) < 0.15, f"it is {moved}")
    claim((said["way"] == "above") == (moved > 0), "the other way")


@SERIES("Its forecasts are of one channel alone, so it cannot go on by {itself:itself}.")
def cannot_go_on(truth: Truth, said: Said) -> None:
    claim(truth.config.task.input_size > 1, "it can")


@SERIES("Going on by itself it stays closer than the spread for all {K} step{s:s?} that were tried.",
        "Going on by itself it is off by the whole spread after {after} step{s:s?}.")  # fmt: skip
def goes_on(truth: Truth, said: Said) -> None:
    own = errors(truth)[0]
    if "K" in said.places:
        said.exactly("K", len(own))
        claim((own < 1).all(), "it does not")
    else:
        said.exactly("after", int(np.argmax(own >= 1)) + 1)
        claim((own >= 1).any(), "it is not")


@SERIES(STEPS + ", " + NAME % "best" + " is off least.")
def least(truth: Truth, said: Said) -> None:
    found = errors(truth)[:, steps(said) - 1]
    claim(named(truth, said["best"]) == ORDER[int(np.argmin(found))], f"errors are {found}")


@AHEAD(STEPS + ", " + NAME % "best" + " is off least{more:(?:; |, and ).*?|}.")
def least_twice(truth: Truth, said: Said) -> None:
    least(truth, said)
    if said["more"]:
        K, _, best = said["more"].removeprefix("; ").removeprefix(", and ").partition(" steps ahead")
        best = said["best"] if best == " too" else best.removeprefix(", ")
        claim(int(K) == errors(truth).shape[1], "another number of steps")
        claim(named(truth, best) == ORDER[int(np.argmin(errors(truth)[:, -1]))], "another is off least")


@AHEAD("The dotted line is the spread: so far off is who always answers the part's own {mean:mean}.",
       "The network's forecasts are not {numbers:numbers}.")  # fmt: skip
@ONE_STEP("All were fitted to the training part {alone:alone}.", "The network's forecasts are not {numbers:numbers}.")
def what_is_drawn(truth: Truth, said: Said) -> None:
    claim("numbers" not in said.places or not np.isfinite([off(truth, "network"), *errors(truth)[0]]).all(), "they are")


@ONE_STEP("Over the whole held-out part the network is off by {off%} of the spread, " + NAME % "one" + " by {a%}, "
          + NAME % "two" + " by {b%}, " + NAME % "three" + " by {c%}.")  # fmt: skip
def each_is_off(truth: Truth, said: Said) -> Facts:
    said.near("off", off(truth, "network"))
    for who, value in (("one", "a"), ("two", "b"), ("three", "c")):
        said.near(value, off(truth, named(truth, said[who])))
    return {"off": off(truth, "network")}


@FORECAST("The forecast begins at step {place}.", "Each value is forecast from the {T} value{s:s?} that end {h} "
          "step{t:s?} before it{more:: from [\\d,]+ steps ahead on these are in part forecasts themselves|}.",
          "The band holds 80 % of its errors, measured from {starts} place{s:s?} of the held-out part.")  # fmt: skip
def begins(truth: Truth, said: Said) -> None:
    task, found = truth.config.task, truth.answers["forecast"]
    if "place" in said.places:
        first = int(0.01 * task.split * len(task.known.values))  # type: ignore[attr-defined]
        claim(first < said.whole("place") <= len(task.known.values), "it is not held out")  # type: ignore[attr-defined]
    elif "starts" in said.places:
        said.exactly("starts", found.meta["starts"])
    else:
        said.exactly("T", task.length)
        said.exactly("h", task.horizon)  # type: ignore[attr-defined]
        claim(bool(said["more"]) == (task.input_size == 1), "whether it goes on")
        claim(not said["more"] or f" {task.horizon + 1} steps" in said["more"], "from when on")  # type: ignore[attr-defined]


@FIGURES("{network:.*} | off, the network", "{autoregression:.*} | off, linear autoregression",
         "{season:.*} | off, one season before", "{last:.*} | off, the last value")  # fmt: skip
def figures(truth: Truth, said: Said) -> None:
    ((who, text),) = said.places.items()
    known = "forecast" in truth.answers
    claim(
        text == "…" or (known and text == "–") or near(text, off(truth, who)), f"{who} is {known and off(truth, who)}"
    )
    claim((text == "…") == (not known), "whether it is known")
