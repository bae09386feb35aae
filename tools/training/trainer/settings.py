"""A run's settings: configs/NAME.toml, read once, and the files of the run."""

from __future__ import annotations

import argparse
import tomllib
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path

from text.documents import MASKS

from . import architecture

ROOT = Path(__file__).resolve().parent.parent
# Texts of others are not part of the repository; they lie beside it, or where --corpus says.
CORPUS = (ROOT / "../../../shared/data/corpus").resolve()
RUNS = ROOT / "runs"
LAYOUTS = ("rows", "stream")
# What generation_config.json may recommend to the runtime.
SAMPLING = {"do_sample", "temperature", "top_k", "top_p", "min_p", "repetition_penalty"}
# The settings that may be 0; no other count may.
MAY_BE_ZERO = {"seed", "save_every_seconds"}
KINDS = {"int": (int,), "float": (int, float), "str": (str,)}


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
    tables = read_tables(path)
    model = dict(tables["model"], vocab_size=tables["data"].get("vocabulary"))
    data = known_only(Data, tables["data"], path)
    training = known_only(Training, tables["training"], path)
    architecture.check(model, path.name)
    for key, known in (("layout", LAYOUTS), ("mask", MASKS)):
        if getattr(data, key) not in known:
            raise SystemExit(f"{path.name}: the {key} is {' or '.join(known)}, not {getattr(data, key)}.")
    if model.get("max_position_embeddings", 0) < data.window:
        raise SystemExit(f"{path.name}: max_position_embeddings is at least the window of {data.window} tokens.")
    architecture.known_only(tables.get("sampling", {}), SAMPLING, "sampling", path.name)
    if training.initial == name:
        raise SystemExit(f"{path.name}: the run would begin with itself; initial names another configuration.")
    return Settings(
        name=name,
        model=model,
        data=data,
        training=training,
        folder=runs / name,
        sampling=tables.get("sampling", {}),
    )


def count(text: str) -> int:
    """What an option such as --threads takes."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"it is a number of 1 or more, not {text}")
    return int(text)


def read_tables(path: Path) -> dict:
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise SystemExit(f"{path.name}: it is no TOML: {error}.") from None
    unknown = set(tables) - {"model", "data", "training", "sampling"}
    if unknown:
        raise SystemExit(f"{path.name}: unknown table {', '.join(sorted(unknown))}.")
    for name in ("model", "data", "training"):
        if not isinstance(tables.get(name), dict):
            raise SystemExit(f"{path.name}: there is no table {name}.")
    return tables


def known_only(kind: type, table: dict, path: Path):
    """A table as what it describes; ends with one sentence where a key is unknown or missing, or its value is none."""
    unknown = set(table) - {known.name for known in fields(kind)}
    if unknown:
        raise SystemExit(f"{path.name}: unknown key {', '.join(sorted(unknown))}.")
    for known in fields(kind):
        if known.name in table:
            check_value(known.name, known.type, table[known.name], path)
        elif known.default is MISSING:
            raise SystemExit(f"{path.name}: there is no {known.name} in {kind.__name__.lower()}.")
    return kind(**table)


def check_value(name: str, kind: str, value: object, path: Path) -> None:
    if isinstance(value, bool) or not isinstance(value, KINDS[kind]):
        raise SystemExit(f"{path.name}: {name} is {'a text' if kind == 'str' else 'a number'} ({kind}), not {value!r}.")
    if kind != "str" and value < 0 or kind == "int" and value == 0 and name not in MAY_BE_ZERO:
        raise SystemExit(f"{path.name}: {name} is {'0 or' if kind == 'float' else '1 or'} more, not {value}.")
