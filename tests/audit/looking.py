"""What stands over and in place of the Microscope's pictures."""

from __future__ import annotations

import math

import numpy as np

from tests.audit.reading import Rules, Said, claim, near
from tests.audit.truth import Truth

SLOW, THEORY, SINGULAR, CHECK = (Rules() for _ in range(4))
SLOW_ALT, THEORY_ALT, SINGULAR_ALT, SPECTRUM_ALT, RADIUS_ALT, EXPONENTS_ALT, CHECK_ALT = (Rules() for _ in range(7))
WHO = "norm over {H} unit{s:s?}"


@SLOW(
    "Sequence {sequence} of the {of} this step learns from, " + WHO + ": its loss is {own}, the batch's {mean}.",
    "Play it, or step through it; gradients are those of its own loss until they are summed over the batch.",
    "Shown are {shown} of its {T} steps.",
)
def slow(truth: Truth, said: Said) -> None:
    claim(
        "own" in said.places or "shown" in said.places or truth.config.cell.normalisation != "batch", "it is batch norm"
    )
    found, meta = truth.answers["slow"].arrays, truth.answers["slow"].meta
    if "own" in said.places:
        said.exactly("of", truth.config.batch_size)
        said.exactly("H", truth.config.cell.hidden_size)
        said.near("own", float((found["loss"] * found["loss_weight"]).sum()))
        said.near("mean", meta["mean"])
    elif "shown" in said.places:
        said.exactly("T", truth.config.task.length)
        claim(said.whole("shown") < truth.config.task.length, "all are")


@SLOW(
    "Play it, or step through it; its gradients are {N} times those of the batch's loss by its own numbers, which under "
    "batch norm every sequence's loss depends on.",
    "N is {norm:batch|layer} norm with its gains, N′ what a gradient goes through on its way back.",
)
def normalised(truth: Truth, said: Said) -> None:
    kind = truth.config.cell.normalisation
    if "norm" in said.places:
        claim(said["norm"] == kind, f"its normalisation is {kind}")
    else:
        claim(kind == "batch", f"its normalisation is {kind}")
        said.exactly("N", truth.config.batch_size)


@SLOW_ALT(
    "State and gradient of sequence {sequence} at each of {T} steps, "
    + WHO
    + ": the gradient at h is {last} at the last step "
    "and {first} at the first."
)
def slow_alt(truth: Truth, said: Said) -> None:
    gradient = truth.answers["slow"].arrays["dh"]
    said.exactly("T", truth.config.task.length)
    said.exactly("H", truth.config.cell.hidden_size)
    said.near("last", float(gradient[-1]))
    said.near("first", float(gradient[0]))


# -- theory -----------------------------------------------------------------------------------------------------------


def _bounds(truth: Truth) -> tuple[int, dict[str, float]]:
    """(lag, what is left that many steps back: of the measured gradient, and as its bounds allow)."""
    found, meta = truth.answers["theory"].arrays, truth.answers["theory"].meta
    asked = int(meta["asked"])
    lag = min(truth.lag, asked)
    with np.errstate(all="ignore"):
        there = {
            "measured": float(found["flow"][asked - lag] / found["flow"][asked]),
            "product": float(found["bound"][asked - lag]),
        }
    phi = truth.config.cell.phi
    if phi is not None and not truth.config.cell.normalised and truth.config.cell.layers == 1:
        there["sigma_max"] = (phi.largest * float(meta["sigma_max.recurrent"])) ** lag
        there["rho"] = (phi.largest * float(meta["rho.recurrent"])) ** lag
    return lag, there


@THEORY(
    "The loss has no gradient that is a {number:number} here, so there is nothing to compare.",
    "{lag} step{s:s?} back the gradient is {measured} of what it was; the product of the steps' norms allows {product}{why:|, "
    "since it takes every step's worst direction, and no gradient lies in all|, all there is in one dimension}.",
    "(γ σ_max)ᵏ bounds no {stack:stack} of layers: its gradient goes through the W and U of each.",
    "(γ σ_max)ᵏ bounds no {gated:gated} cell: its steps hang on the gates as much as on U.",
    "(γ σ_max)ᵏ bounds no {normalised:normalised} cell: it divides by the size of U h₋, which U alone does not set.",
    "(γ σ_max)ᵏ, {base:.+?} to the power {lag}, allows {sigma_max}{leaves_out:|: it leaves out φ′ as well}.",
    "σ_max > 1 does not mean that gradients explode: these {vanish:vanish}.",
)
def theory(truth: Truth, said: Said) -> None:
    lag, there = _bounds(truth)
    cell, places = truth.config.cell, said.places
    if "number" in places:
        claim(not np.isfinite(there["measured"]), f"it is {there['measured']}")
    elif "measured" in places:
        said.exactly("lag", lag)
        said.near("measured", there["measured"])
        said.near("product", there["product"])
        claim(there["measured"] <= there["product"] * 1.0001, "it is above its bound")
        claim("in all" not in said["why"] or there["measured"] < 0.999 * there["product"], "it lies in all")
    elif "stack" in places:
        claim(cell.layers > 1, "it is none")
    elif "gated" in places or "normalised" in places:
        claim(bool(cell.gates) if "gated" in places else cell.normalised, "it is none")
    elif "sigma_max" in places:
        said.exactly("lag", lag)
        said.near("sigma_max", there["sigma_max"])
        claim(there["measured"] <= there["sigma_max"] * 1.0001, "it is above its bound")
        base = said["base"].rpartition(" × ")[2]
        claim(near(base, float(truth.answers["theory"].meta["sigma_max.recurrent"])), base)
        claim(bool(said["leaves_out"]) == (cell.phi is not None and cell.phi.bends != "nowhere"), "φ′")
    else:
        claim(float(truth.answers["theory"].meta["sigma_max.recurrent"]) > 1 and 0 < there["measured"] < 0.5, there)


@THEORY_ALT(
    "Measured gradient and its bounds at training step {step}, on a log scale; {lag} step{s:s?} back: {parts:.+?}."
)
def theory_alt(truth: Truth, said: Said) -> None:
    lag, there = _bounds(truth)
    said.exactly("step", truth.step)
    said.exactly("lag", lag)
    for part in said["parts"].split(", "):
        name, text = part.split(" ", 1)
        claim(near(text, there[name]), f"{name} is {there[name]}")


def _singular(truth: Truth) -> tuple[np.ndarray, np.ndarray, int]:
    found, meta = truth.answers["theory"].arrays, truth.answers["theory"].meta
    return found["singular"], found["at"], int(meta["asked"])


@SINGULAR(
    "The Jacobians are no {numbers:numbers} here.",
    "{lag} step{s:s?} back the best-kept direction is multiplied by {largest}; of {all} direction{s2:s?} {kept:none|[\\d,]+} "
    "keep{s3:s?} a hundredth or more.",
    "The measured gradient keeps {own}{why:|: it starts in a direction of its own}.",
)
def singular(truth: Truth, said: Said) -> None:
    values, at, asked = _singular(truth)
    k = int(np.abs(at - (asked - min(truth.lag, asked))).argmin())
    if "numbers" in said.places:
        claim(not np.isfinite(values[k, 0]), "they are")
        return
    if "own" in said.places:
        flow = truth.answers["theory"].arrays["flow"]
        own = float(flow[at[k]] / flow[asked])
        said.near("own", own)
        claim(own <= values[k, 0] * 1.001, "more than the best-kept direction")
        claim(bool(said["why"]) == (values.shape[1] > 1), "there is one direction only")
        return
    said.exactly("lag", asked - int(at[k]))
    said.near("largest", float(values[k, 0]))
    said.exactly("all", values.shape[1])
    kept = int((values[k] >= 0.01).sum())
    claim(said["kept"] == (f"{kept:,}" if kept else "none"), f"{kept} do")


@SINGULAR_ALT(
    "Singular values on a log scale at {n} time steps: the largest is {largest} at lag {lag} and 1 at lag 0.",
    "Values too small to resolve beside the largest are left out.",
)
def singular_alt(truth: Truth, said: Said) -> None:
    values, at, asked = _singular(truth)
    if "largest" in said.places:
        said.exactly("n", len(at))
        said.near("largest", float(values[0, 0]))
        said.exactly("lag", asked - int(at[0]))


@SPECTRUM_ALT(
    "Eigenvalues of U{gate:| of \\w+} at training step {step}: spectral radius {rho}, norm {sigma}{earlier:|, with [\\d,]+ "
    "earlier moments?}."
)
def spectrum_alt(truth: Truth, said: Said) -> None:
    found, meta = truth.answers["spectra"].arrays, truth.answers["spectra"].meta
    gate = meta["gates"][0]
    claim(said["gate"] in ("", f" of {gate}"), f"of {gate}")
    said.exactly("step", int(found["step"][-1]))
    said.near("rho", float(found[f"{gate}.rho"][-1]))
    said.near("sigma", float(found[f"{gate}.sigma_max"][-1]))
    earlier = len(found["step"]) - 1
    claim(said["earlier"] == (f", with {earlier} earlier moment{'s' * (earlier > 1)}" if earlier else ""), f"{earlier}")


@RADIUS_ALT(
    "Spectral radius {rho} and norm {sigma} at training step {step}.",
    "Spectral radius from {first} to {rho} and norm from {begin} to {sigma}, training steps {from} to {step}.",
)
def radius_alt(truth: Truth, said: Said) -> None:
    found, gate = truth.answers["spectra"].arrays, truth.answers["spectra"].meta["gates"][0]
    said.near("rho", float(found[f"{gate}.rho"][-1]))
    said.near("sigma", float(found[f"{gate}.sigma_max"][-1]))
    said.exactly("step", int(found["step"][-1]))
    claim(("from" in said.places) == (len(found["step"]) > 1), "how many moments there are")
    if "from" in said.places:
        said.near("first", float(found[f"{gate}.rho"][0]))
        said.near("begin", float(found[f"{gate}.sigma_max"][0]))


@EXPONENTS_ALT(
    "{n} exponent{s:s?} from {first} down; the first one is a factor of {factor} per step.",
    "There is no {one:exponent}.",
)
def exponents_alt(truth: Truth, said: Said) -> None:
    values = truth.answers["exponents"].arrays["exponents"]
    if "one" in said.places:
        claim(not np.isfinite(values[0]), "there is")
        return
    said.exactly("n", len(values))
    said.near("first", 0.0 if abs(values[0]) < 1e-6 else float(values[0]))
    said.near("factor", math.exp(values[0]))


# -- check ------------------------------------------------------------------------------------------------------------


def _errors(truth: Truth) -> np.ndarray:
    found, meta = truth.answers["check"].arrays, truth.answers["check"].meta
    apart = np.abs(found["quotient"] - meta["independent"])
    apart = apart / abs(meta["independent"]) if meta["independent"] else apart
    return apart[np.isfinite(apart)]


METHOD = "{method:complex step|forward-mode product}"
WHERE = "∂ℓ/∂{part:\\w} of unit {unit}{layer:| of layer \\d} at state {t}{alone:|, of the last loss alone}"


@CHECK(
    WHERE
    + ": the "
    + METHOD
    + ", which goes forwards and shares no line with our backward pass, {how:gives the same to the "
    "last digit|agrees to [^ ]+(?: × [^ ]+)?}.",
    WHERE
    + " is {mine:[^ ]+(?: × [^ ]+)?} in ours, by the "
    + METHOD
    + ", {other:[^ ]+(?: × [^ ]+)?}: rounding has left no "
    "digit of it, the numbers are too large.",
    WHERE + " is exactly {zero:0}, in ours and by the " + METHOD + ".",
    WHERE + " is not {finite:finite}, {whose:[^.]+}.",
    "The plain quotient comes within {best} at its best ε: larger ones feel the curvature, smaller ones leave only rounding.",
    "The plain quotient comes within {best} at its best ε.",
    "The plain quotient drowns: it subtracts two losses that agree in nearly all their digits, and even with the best ε it is "
    "off by {drowned%}.",
    "A {way:complex step|forward-mode product} subtracts nothing.",
    "The plain quotient can only say that it is {small:small}.",
    "The plain quotient asks another question: it knows nothing of the gradient that {why:truncation cuts|the peepholes stop|the "
    "cell stops} on purpose.",
)
def check(truth: Truth, said: Said) -> None:
    meta, places = truth.answers["check"].meta, said.places
    ours, theirs = float(meta["ours"]), float(meta["independent"])
    large = not truth.frame.loss < 1e8
    if "method" in places:
        claim(said["method"] == meta["method"], f"by the {meta['method']}")
    if "alone" in places:
        layers = truth.config.cell.layers
        claim(said["layer"] == ("" if layers == 1 else f" of layer {layers}"), f"there are {layers} layers")
        claim(bool(said["alone"]) == bool(meta["alone"]), "of which losses")
    if "how" in places:
        relative = abs(ours - theirs) / max(abs(theirs), 1e-300)
        claim(said["how"].startswith("gives") == (ours == theirs), f"{ours} and {theirs}")
        claim(ours == theirs or near(said["how"].removeprefix("agrees to "), relative), f"to {relative}")
        claim(relative < 1e-6 or (relative < 0.5 and large), f"they differ by {relative}")
    elif "mine" in places:
        claim(near(said["mine"], ours) and near(said["other"], theirs), f"{ours} and {theirs}")
        claim(large and abs(ours - theirs) >= 0.5 * abs(theirs), f"{ours} and {theirs} at a loss of {truth.frame.loss}")
    elif "zero" in places:
        claim(ours == theirs == 0, f"{ours} and {theirs}")
    elif "finite" in places:
        claim(not (np.isfinite(ours) and np.isfinite(theirs)), "it is")
    elif "best" in places or "drowned" in places:
        name = "best" if "best" in places else "drowned"
        said.near(name, float(_errors(truth).min()))
        claim(meta["same_question"] and (_errors(truth).min() > 0.01) == (name == "drowned"), "whether it drowns")
    elif "way" in places:
        claim(meta["method"] == said["way"], f"it is the {meta['method']}")
    elif "small" in places:
        claim(theirs == 0, f"it is {theirs}")
    elif "why" in places:
        claim(not meta["same_question"], "it asks the same")
        claim((said["why"] == "truncation cuts") == bool(meta["cut"]), "why")


EXACT = "(?:0, exactly|not a number|[^ ]+(?: × 10[^ ;,]+)?)"


@CHECK_ALT(
    f"Ours is {{ours:{EXACT}}}, the {{method:.+?}} gives {{theirs:{EXACT}}}; the plain quotient's error {{rest:.+?}}."
)
def check_alt(truth: Truth, said: Said) -> None:
    meta, known = truth.answers["check"].meta, _errors(truth)
    for name, true in (("ours", meta["ours"]), ("theirs", meta["independent"])):
        claim(true == 0 if "exactly" in said[name] else near(said[name], float(true)), f"{name} is {true}")
    if "between" in said["rest"]:
        ends = said["rest"].split(" is between ")[1].split(" and ")
        claim(near(ends[0], known.min()) and near(ends[1], known.max()), f"{known.min()} to {known.max()}")
    else:
        claim(not known.size, "it is known")
