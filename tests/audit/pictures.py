"""By view: the rules of what stands over it, and of what stands in its place for whoever does not see it."""

from __future__ import annotations

from tests.audit import cutting, hints, looking, moved, over, remembering, series, texts, travelling
from tests.audit.reading import Rules

HINTS: dict[str, Rules] = {
    "strip": hints.STRIP, "curve": hints.CURVE, "training": hints.TRAINING, "loss": over.LOSS_HINT, "score": over.SCORE_HINT,
    "clipping": hints.NORMS, "gates": over.GATES_HINT, "layers": hints.LAYERS,
    "reach": hints.REACH, "bias": hints.BIAS, "cost": cutting.COST, "diagram": cutting.DIAGRAM,
    "influence": cutting.INFLUENCE,
    "norms": hints.NORMS, "share": hints.SHARE, "angle": hints.ANGLE, "update": over.UPDATE_HINT, "spike": cutting.SPIKE,
    "groups": moved.HINT,
    "kinds": cutting.KINDS, "twins": hints.TWINS, "sweep": cutting.SWEEP, "cliff": cutting.CLIFF,
    "paths": travelling.PATHS, "probe": hints.PROBE, "forced": travelling.FORCED, "retention": travelling.RETENTION,
    "saturation": travelling.SATURATION, "gate_time": travelling.GATE_TIME, "gate_training": travelling.GATE_TRAINING,
    "kept_training": travelling.KEPT, "landing": travelling.LANDING, "credit": travelling.CREDIT,
    "evidence": remembering.EVIDENCE, "answer": hints.ANSWER, "fading": remembering.FADING,
    "capacity": remembering.CAPACITY, "leak": remembering.LEAK,
    "slow": looking.SLOW, "theory": looking.THEORY, "singular": looking.SINGULAR, "spectrum": hints.SPECTRUM,
    "radius": hints.RADIUS, "exponents": hints.EXPONENTS, "check": looking.CHECK,
    "forecast": series.FORECAST, "one_step": series.ONE_STEP, "ahead": series.AHEAD,
    "writing": texts.WRITING, "origin": texts.ORIGIN, "perplexity": texts.PERPLEXITY,
}  # fmt: skip
HINTS = {name: Rules(rules, hints.OF_ONE_LAYER) for name, rules in HINTS.items()}
ALTS: dict[str, Rules] = {
    "strip": over.STRIP, "curve": over.CURVE, "training": over.TRAINING, "loss": over.LOSS, "score": over.SCORE,
    "clipping": over.NORMS, "gates": over.GATES,
    "reach": over.REACH, "bias": cutting.BIAS_ALT, "cost": cutting.COST_ALT, "diagram": cutting.DIAGRAM_ALT,
    "influence": cutting.INFLUENCE_ALT,
    "norms": over.NORMS, "share": over.SHARE, "angle": over.ANGLE, "update": over.UPDATE, "spike": cutting.SPIKE_ALT,
    "groups": moved.ALT,
    "kinds": cutting.KINDS_ALT, "twins": cutting.TWINS_ALT, "cliff": cutting.CLIFF_ALT,
    "paths": travelling.PATHS_ALT, "probe": travelling.PROBE_ALT, "forced": travelling.FORCED_ALT,
    "retention": travelling.RETENTION_ALT, "saturation": travelling.SATURATION_ALT, "gate_time": travelling.GATE_TIME_ALT,
    "gate_training": travelling.GATE_TRAINING_ALT, "kept_training": travelling.KEPT_ALT,
    "landing": travelling.LANDING_ALT, "credit": travelling.CREDIT_ALT,
    "evidence": remembering.EVIDENCE_ALT, "answer": remembering.ANSWER_ALT, "fading": remembering.FADING_ALT,
    "capacity": remembering.CAPACITY_ALT, "leak": remembering.LEAK_ALT,
    "slow": looking.SLOW_ALT, "theory": looking.THEORY_ALT, "singular": looking.SINGULAR_ALT,
    "spectrum": looking.SPECTRUM_ALT, "radius": looking.RADIUS_ALT, "exponents": looking.EXPONENTS_ALT,
    "check": looking.CHECK_ALT,
}  # fmt: skip
