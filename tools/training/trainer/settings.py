"""A run's settings: configs/NAME.toml, read once, and the files of the run."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path

from . import architecture

ROOT = Path(__file__).resolve().parent.parent
# Texts of others are not part of the repository; they lie beside it, or where --corpus says.
CORPUS = (ROOT / "../../../shared/data/corpus").resolve()
RUNS = ROOT / "runs"
LAYOUTS = ("rows", "stream")


@dataclass(frozen=True)
class Data:
    """source: the function that writes the documents. layout and mask: see text/pack.py. window: tokens of a sequence."""

    source: str
    vocabulary: int
    window: int
    layout: str = "rows"
    mask: str = "all"
    tokenizer: str = ""


@dataclass(frozen=True)
class Training:
    """How a run goes. Coefficients multiply the auxiliary losses; fractions are of all steps.

    initial: the configuration whose trained weights and tokenizer this run begins with; none: random weights.
    """

    steps: int
    batch: int
    seed: int = 1
    initial: str = ""
    optimiser: str = "adamw"
    learning_rate: float = 2.5e-3
    matrix_learning_rate: float = 5e-3
    weight_decay: float = 0.1
    clip: float = 1.0
    warmup_fraction: float = 0.02
    decay_fraction: float = 0.2
    membership: float = 0.02
    balance: float = 0.1
    z: float = 0.0
    capacity_warmup_fraction: float = 0.0
    threshold_fraction: float = 0.0
    log_every: int = 50
    save_every_seconds: int = 120


@dataclass(frozen=True)
class Settings:
    name: str
    model: dict
    data: Data
    training: Training
    folder: Path
    sampling: dict = field(default_factory=dict)

    @property
    def checkpoint(self) -> Path:
        return self.folder / "checkpoint.pt"

    @property
    def log(self) -> Path:
        return self.folder / "log.jsonl"

    @property
    def export(self) -> Path:
        return self.folder / "export"

    @property
    def made_with(self) -> dict:
        """What a run cannot change on its way. Steps and rates it can: a run may be given more steps."""
        training = self.training
        fixed = {"seed": training.seed, "batch": training.batch, "optimiser": training.optimiser}
        return {**fixed, "initial": training.initial, "window": self.data.window, **self.model}

    def packed(self, part: str) -> Path:
        """The prefix of a part's packed arrays: train, validation."""
        return self.folder / "data" / part


def read(name: str, runs: Path = RUNS) -> Settings:
    """The settings of a configuration by name. An unknown key is an error: a misspelt option must not do nothing."""
    path = ROOT / "configs" / f"{name}.toml"
    if not path.exists():
        known = ", ".join(sorted(file.stem for file in path.parent.glob("*.toml")))
        raise SystemExit(f"There is no configuration {name}; there are {known}.")
    with open(path, "rb") as file:
        tables = tomllib.load(file)
    unknown = set(tables) - {"model", "data", "training", "sampling"}
    if unknown:
        raise SystemExit(f"{path.name}: unknown table {', '.join(sorted(unknown))}.")
    model = dict(tables["model"], vocab_size=tables["data"]["vocabulary"])
    architecture.check(model, path.name)
    data = known_only(Data, tables["data"], path)
    if data.layout not in LAYOUTS:
        raise SystemExit(f"{path.name}: the layout is {' or '.join(LAYOUTS)}, not {data.layout}.")
    if model.get("max_position_embeddings", 0) < data.window:
        raise SystemExit(f"{path.name}: max_position_embeddings is at least the window of {data.window} tokens.")
    return Settings(
        name=name,
        model=model,
        data=data,
        training=known_only(Training, tables["training"], path),
        folder=runs / name,
        sampling=tables.get("sampling", {}),
    )


def known_only(kind: type, table: dict, path: Path):
    unknown = set(table) - {known.name for known in fields(kind)}
    if unknown:
        raise SystemExit(f"{path.name}: unknown key {', '.join(sorted(unknown))}.")
    return kind(**table)
