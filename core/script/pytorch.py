"""A run as a program in plain PyTorch: the same data, the same start, the same updates, and autograd's own gradient.

What of it hangs on task and cell is this project's own source (core.script.slicing), so every setting is in it that the
engine knows; what stands here is the loop around it. Its gradients are autograd's and its sums torch's, so it ends
where the run ended up to float32's rounding, which a long training may magnify.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from dataclasses import fields
from typing import Any

import torch

from core.cells import cell_of
from core.cells.initialisation import Start, draw
from core.config import RunConfig
from core.errors import UnrolledError
from core.learning_rate import rate_at
from core.network import Network
from core.script.slicing import Program
from core.training.optimizers import optimizer_of

COVERED = frozenset(
    {"optimizer", "weight_decay", "lr", "lr_schedule", "warmup_steps", "batch_size", "steps", "seed", "truncation",
     "truncation_length", "truncation_stride", "clip", "clip_threshold", "trained"}
)  # fmt: skip
"""Settings that the loop below knows; a later one has to be as it was before it existed."""
OF_CELLS = ("name", "hidden_size", "layers", "init", "forget_bias", "rho", "sigma_max")
"""Those of a cell that the loop knows or the initialisation takes; its variants are in its textbook step."""

SECTION = "# ---- "
"""What a line begins with that a new part of the program stands under."""


def script(config: RunConfig, link: str = "") -> str:
    """The program as text. Raises UnrolledError where a setting has no place in it."""
    _check_covered(config)
    cell, _ = cell_of(config.cell).of_layer({}, 0)
    names = frozenset(Network.drawn(config).layer.of_layer(0).params)
    data, model, rest = Program(), Program({"params": names}), Program()
    data.function(config.task.sample, {"part": "training"}, "sample")
    start = Start(**dict(zip(Start.__dataclass_fields__, _start(config), strict=True)))
    model.function(draw, {"anatomy": config.cell, "start": start, "dtype": torch.float32}, "draw")
    model.function(cell.step, {}, "step" if config.cell.layers == 1 else "step_of_layer")
    if config.lr_schedule != "constant":
        rest.function(rate_at, {"config": config}, "rate_at")
    if config.truncation in ("sliding", "stream"):
        rest.function(config.truncated.passes, {}, "passes")
    imports = dict(sorted({**data.imports, **model.imports, **rest.imports, **_imports(config)}.items()))
    parts = [
        _sizes(config),
        _section("the data: batch s is drawn anew from the seed and s", data.text + _BATCH),
        _section("the network", model.text + _network(config)),
        _section("one gradient through time", (rest.text + "\n\n\n" if rest.text else "") + _gradients(config)),
        _section("the training", _training(config)),
        _section("the picture", _PICTURE),
    ]
    text = "\n\n\n".join(part.strip("\n") for part in parts) + "\n"
    used = {name: line for name, line in imports.items() if re.search(rf"\b{name}\b", text)}
    future = "from __future__ import annotations\n\n" if "@dataclass" in text else ""
    return f"{_head(config, link)}\n\n{future}{chr(10).join(_sorted(used))}\n\n\n{text}"


def _check_covered(config: RunConfig) -> None:
    flat, before = config.to_flat(), config.before(config.to_flat())
    of_cell = {f"cell.{field.name}" for field in fields(cell_of(config.cell).of_layer({}, 0)[0])}
    of_cell |= {f"cell.{name}" for name in OF_CELLS}
    for key, value in flat.items():
        known = key in COVERED or key in of_cell or key.startswith("task.") or key in config.idle
        if not known and not (key in before and before[key] == value):
            raise UnrolledError(
                f"`{key}` (={value}) has no place in the PyTorch script yet. Take the run file or the numbers, or set "
                f"`{key}` back."
            )


def _start(config: RunConfig) -> tuple[Any, ...]:
    how = config.cell.start
    return how["scheme"], how.get("forget_bias"), how.get("scale"), config.task.length


def _imports(config: RunConfig) -> dict[str, str]:
    found = {"math": "import math", "np": "import numpy as np", "torch": "import torch",
             "go": "import plotly.graph_objects as go"}  # fmt: skip
    if config.task.kind != "numbers":
        found["functional"] = "from torch.nn import functional"
    return found


def _sorted(imports: dict[str, str]) -> list[str]:
    """The standard library's first, whole modules before names."""
    ours = ("numpy", "torch", "plotly")
    foreign = [line for line in imports.values() if line.split()[1].split(".")[0] in ours]
    own = [line for line in dict.fromkeys(imports.values()) if line not in foreign]
    return [*_together(own), "", *_together(foreign)] if own else _together(foreign)


def _together(lines: Iterable[str]) -> list[str]:
    """Whole modules, then what is taken from each in one line."""
    whole = sorted({line for line in lines if not line.startswith("from")})
    taken: dict[str, set[str]] = {}
    for line in lines:
        if line.startswith("from"):
            module, _, names = line.partition(" import ")
            taken.setdefault(module, set()).add(names)
    return [*whole, *(f"{module} import {', '.join(sorted(names))}" for module, names in sorted(taken.items()))]


def _head(config: RunConfig, link: str) -> str:
    idle = config.idle
    told = "\n".join(f"    {key} = {value}" for key, value in config.to_flat().items() if key not in idle)
    seen = f"\nThe run itself: {link}\n" if link else ""
    return f'''"""{config.label}, trained in plain PyTorch, with the gradient of every time step.

{told}
{seen}
Needs torch, numpy and plotly. It draws the batches and the weights that the run had, learns by autograd, and writes
gradient.html: how much of the loss's gradient arrives at the state of each time step.
"""'''


def _sizes(config: RunConfig) -> str:
    task, cell = config.task, config.cell
    return (
        f"T, N, C, H, O = {task.length}, {config.batch_size}, {task.input_size}, {cell.hidden_size}, "
        f"{task.output_size}  # steps, sequences, inputs, hidden units, outputs\n"
        f"STEPS, SEED = {config.steps}, {config.seed}\n"
        f"DTYPE = torch.float32  # as in the run; {_why_double(config)}\n\n"
        "torch.set_default_dtype(DTYPE)\n"
        "torch.set_num_threads(1)  # this and the next decide the last digits, and save time\n"
        "torch.set_flush_denormal(True)"
    )


def _why_double(config: RunConfig) -> str:
    if config.cell.normalisation == "none":
        return "torch.float64 tells what is rounding"
    return "small nets with a norm magnify rounding, step by step: torch.float64 tells how much"


def _section(title: str, body: str) -> str:
    return f"{SECTION}{title} {'-' * max(0, 111 - len(title))}\n\n\n{body}"


_BATCH = '''


def batch(step):
    """What training step ``step`` learns from: inputs (T, N, C), targets (T, N), shares of the loss."""
    drawn = sample(np.random.default_rng([1, SEED, step]), N)
    asked = torch.tensor(drawn.asked, dtype=DTYPE)
    return torch.tensor(drawn.x, dtype=DTYPE), torch.tensor(drawn.target), asked / asked.sum(dim=0).clamp(min=1)
'''


def _network(config: RunConfig) -> str:
    parts, layers = len(config.cell.states), config.cell.layers
    came = ""
    if config.truncation in ("windows", "sliding", "stream"):
        came = "tuple(part.detach() if t in cuts else part for part in state)"
    if config.truncation == "reset":
        came = "tuple(torch.zeros_like(part) if t in cuts else part for part in state)"
    cut = "" if config.truncation == "full" else ", cuts"
    why = {"": ""}.get(cut, " At the states ``cuts`` no gradient passes." if config.truncation != "reset"
                       else " At the states ``cuts`` it starts from zero again.")  # fmt: skip
    limit = ""
    if config.clip == "backprop":
        came = "tuple(limited(part) for part in " + (came or "state") + ")"
        limit = f'''


def limited(part):
    """A copy whose gradient comes back with every component of a sequence's within ±{config.clip_threshold:g}."""
    copy = part.clone()
    if copy.requires_grad:
        copy.register_hook(lambda grad: grad.clamp(-{config.clip_threshold!r} / N, {config.clip_threshold!r} / N))
    return copy
'''
    begins = f"        state = {came}\n        state, _ = step(params, x_t, state)" if came else (
        "        state, _ = step(params, x_t, state)")  # fmt: skip
    steps = "for t, x_t in enumerate(x)" if " t in cuts" in came else "for x_t in x"
    return f'''


def network():
    """The parameters as the run started: the cell's, then the readout's."""
    generator, bound = torch.Generator().manual_seed(SEED), 1 / math.sqrt(H)
{_drawn(layers)}
    for name, shape in (("readout.weight", (O, H)), ("readout.bias", (O,))):
        params[name] = torch.empty(shape, dtype=torch.float32).uniform_(-bound, bound, generator=generator)
    return {{name: value.to(DTYPE).requires_grad_() for name, value in params.items()}}{limit}{_stack(parts, layers)}


def forward(params, x, state{cut}):
    """The state before the first step and after each, tuples of (N, H).{why}"""
    states = [state]
    {steps}:
{begins}
        states.append(state)
    return states


def nothing():
    """The state at the start. It takes a gradient too."""
    return tuple(torch.zeros(N, H, requires_grad=True) for _ in range({parts * layers}))
'''


def _drawn(layers: int) -> str:
    if layers == 1:
        return "    params = draw(C, H, generator)"
    return f"""    params = {{}}
    for k in range({layers}):
        own = draw(H if k else C, H, generator)
        params |= {{f"{{name}}_l{{k}}": value for name, value in own.items()}}"""


def _stack(parts: int, layers: int) -> str:
    """The step of several layers, where there are several."""
    if layers == 1:
        return ""
    return f'''


def step(params, x_t, state):
    """One step of all {layers} layers, the h of one the input of the next; the top one's state comes first."""
    made = []
    for k in range({layers}):
        own = {{name.removesuffix(f"_l{{k}}"): value for name, value in params.items() if name.endswith(f"_l{{k}}")}}
        first = {parts} * ({layers - 1} - k)
        new, _ = step_of_layer(own, made[0] if made else x_t, state[first : first + {parts}])
        made = [*new, *made]
    return tuple(made), {{}}'''


def _gradients(config: RunConfig) -> str:
    loss = (
        "(answer.squeeze(-1) - target) ** 2"
        if config.task.kind == "numbers"
        else 'functional.cross_entropy(answer.movedim(-1, 1), target, reduction="none")'
    )
    common = f'''def losses(params, states, target, share):
    """What each answer (T, N) adds to the loss of the batch."""
    h = torch.stack([state[0] for state in states[1:]])
    answer = h @ params["readout.weight"].T + params["readout.bias"]
    return {loss} * share / N


def backward(loss, params, states):
    """∂loss/∂parameters by name, and ∂loss/∂state (T + 1, parts, N, H), total derivatives."""
    wanted = [*params.values(), *(part for state in states for part in state)]
    found = torch.autograd.grad(loss, wanted, allow_unused=True, materialize_grads=True)
    at_states = torch.stack(found[len(params) :]).view(len(states), -1, *states[0][0].shape)
    return dict(zip(params, found)), at_states


def flow_of(at_states):
    """(T + 1,) how much arrives at each state: the norm of one sequence's gradient, averaged over the batch."""
    return N * at_states.double().square().sum(dim=(1, 3)).sqrt().mean(dim=1)
'''
    if config.truncation == "stream":
        return common + _STREAM
    if config.truncation == "sliding":
        return common + _SLIDING
    given = "" if config.truncation == "full" else f", {config.truncated.cuts()}"
    return (
        common
        + f'''

def gradients(params, x, target, share):
    """The loss of a batch, and its gradient at the parameters and at every state."""
    states = forward(params, x, nothing(){given})
    loss = losses(params, states, target, share).sum()
    return loss, *backward(loss, params, states)
'''
    )


_SLIDING = '''

def gradients(params, x, target, share):
    """The loss of a batch, and its gradient at the parameters and at every state, a pass for losses that share cuts."""
    whole, grads, at_states = 0.0, {}, 0.0
    for each in passes((share.sum(dim=1).nonzero().squeeze(1) + 1).tolist()):
        states = forward(params, x, nothing(), each.cuts)
        own = [s - 1 for s in each.losses]
        loss = losses(params, states, target, share)[own].sum()
        found, at = backward(loss, params, states)
        whole, at_states = whole + loss, at_states + at
        grads = {name: grads.get(name, 0) + grad for name, grad in found.items()}
    return whole, grads, at_states
'''

_STREAM = '''

def stream(params, x, target, share, update):
    """Several updates on the way through one batch, each with what it sees of it; the loss and all their gradients."""
    whole, at_states, reached = 0.0, 0.0, 0
    states = [tuple(part.detach() for part in nothing())] * (T + 1)
    for each in passes((share.sum(dim=1).nonzero().squeeze(1) + 1).tolist()):
        for first, stop in ((reached, each.first), (each.first, each.stop)):
            if first < stop:  # run with the weights of now; what no loss looks at is run too
                start = tuple(part.requires_grad_() for part in states[first])
                window = forward(params, x[first:stop], start, [b - first for b in each.cuts])
                states[first + 1 : stop + 1] = [tuple(part.detach() for part in state) for state in window[1:]]
        own = slice(each.losses[0] - 1, each.stop)
        loss = losses(params, window, target[first:stop], share[first:stop])[own.start - first :].sum()
        grads, at = backward(loss, params, window)
        padded = torch.zeros(T + 1, *at.shape[1:])
        padded[first : stop + 1] = at
        whole, at_states, reached = whole + loss, at_states + padded, stop
        update(grads)
    return whole, at_states
'''


def _training(config: RunConfig) -> str:
    trained = "params" if config.trained == "all" else '[name for name in params if name.startswith("readout.")]'
    clip = {
        "none": "",
        "backprop": "",
        "norm": f"    torch.nn.utils.clip_grad_norm_(trained.values(), {config.clip_threshold!r})\n",
        "value": f"    torch.nn.utils.clip_grad_value_(trained.values(), {config.clip_threshold!r})\n",
    }[config.clip]
    rate = "" if config.lr_schedule == "constant" else '        optimizer.param_groups[0]["lr"] = rate_at(step)\n'
    whole = config.truncation != "stream"
    learn = (
        "        loss, grads, at_states = gradients(params, *batch(step))\n"
        "        if step < STEPS and loss.isfinite():\n            update(grads)\n"
        if whole
        else "        at_rest = step == STEPS\n"
        "        loss, at_states = stream(params, *batch(step), (lambda grads: None) if at_rest else update)\n"
    )
    return f'''params = network()
trained = {{name: params[name] for name in {trained}}}
optimizer = {_optimizer(config)}


def update(grads):
    """One step of the optimiser along what is left of the gradient."""
    for name, value in trained.items():
        value.grad = grads[name]
{clip}    optimizer.step()


def train():
    """The last loss and the gradient with it, (T + 1,)."""
    for step in range(STEPS + 1):
{rate}{learn}        if step % max(1, STEPS // 10) == 0 or step == STEPS:
            print(f"step {{step:6d}}  loss {{loss.item():.6f}}")
        if not loss.isfinite():
            break  # there is nothing more to learn
    return loss.item(), flow_of(at_states)


loss, flow = train()
'''


_PICTURE = """figure = go.Figure(go.Scatter(x=list(range(T + 1)), y=flow.tolist(), mode="lines+markers"))
figure.update_layout(
    title=f"How much of the gradient arrives at each time step (loss {loss:.4g})",
    xaxis_title="time step", yaxis_title="gradient (flow)", yaxis_type="log", template="plotly_white",
)
figure.write_html("gradient.html")
print("gradient.html shows the gradient of every time step.")
"""


def _optimizer(config: RunConfig) -> str:
    """Torch's optimiser with what is not as by default."""
    made = optimizer_of(config, torch.zeros(1, requires_grad=True), 0)
    usual = inspect.signature(type(made)).parameters
    said = {
        name: value for name, value in made.defaults.items() if name in usual and name not in ("lr", "foreach", "fused")
    }
    told = [f"{name}={value!r}" for name, value in said.items() if value != usual[name].default]
    return f"torch.optim.{type(made).__name__}({', '.join(['trained.values()', f'lr={config.lr!r}', *told])})"
