"""The pictures that a lesson may show, by the page that they are on: names of the boards of app.board.views."""

PICTURES: dict[str, tuple[str, ...]] = {
    "gradient_flow": ("strip", "curve", "training", "loss", "score", "clipping", "gates"),
    "truncation_lab": ("strip", "reach", "diagram", "bias", "loss", "score", "cost", "influence"),
    "clipping_lab": ("norms", "share", "angle", "update", "twins", "spike", "kinds", "cliff"),
    "compare": ("strips", "curves", "table", "progress", "score", "loss"),
    "untrained": ("starts", "by_length", "costs"),
    "inside_the_cell": ("paths", "probe", "forced", "retention", "saturation", "gates", "gate_time", "gate_training"),
    "microscope": ("slow", "theory", "singular", "spectrum", "radius", "exponents", "check"),
    "language": ("loss", "writing", "origin"),
    "memory": ("evidence", "answer", "fading", "capacity", "leak"),
}
