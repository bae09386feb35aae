#!/usr/bin/python3
"""Trains a model by its configuration: prepares the text, trains, evaluates, exports. Killed, it goes on where it was.

    python3 tools/training/train.py --config mor-stories
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from trainer import settings

# The exit code of a shell's command that Ctrl-C ended.
INTERRUPTED = 130

if TYPE_CHECKING:
    from text.bpe import Tokenizer
    from trainer.loop import Loop


def main() -> int:
    arguments = parse()
    # Before torch starts its threads; OpenBLAS has a pool of its own.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(arguments.threads)
    import torch

    torch.set_num_threads(arguments.threads)
    try:
        train(arguments.config, arguments, judged=True)
    except KeyboardInterrupt:
        print("Interrupted; the same command goes on from the last checkpoint.", file=sys.stderr)
        return INTERRUPTED
    return 0


def train(name: str, arguments: argparse.Namespace, judged: bool) -> bool:
    """Trains a configuration to its end, the one it begins with first. False if the time given was too short."""
    import torch

    from text import pack
    from trainer import checkpoints, preparation
    from trainer.batches import Batches
    from trainer.loop import Loop
    from twin import build

    run = settings.read(name, arguments.runs)
    if run.training.initial and not train(run.training.initial, arguments, judged=False):
        return False
    torch.manual_seed(run.training.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    tokenizer = preparation.prepare(run, arguments.corpus)
    try:
        model = build(run.model)
    except ValueError as error:
        raise SystemExit(f"{run.name}: {error}") from None
    print(f"{run.name}: {sum(p.numel() for p in model.parameters()):,} parameters on {device}", flush=True)
    if run.training.initial:
        checkpoints.load_weights(run.folder.with_name(run.training.initial) / "checkpoint.pt", model)
    batches = Batches(pack.load_arrays(run.packed("train")), run.data.window, run.training.batch, run.training.seed)
    loop = Loop(run, model, batches, device, half=arguments.bfloat16 or device.type == "cuda")
    complete = loop.run(arguments.minutes)
    if not complete:
        print(f"{run.name}: stopped at step {loop.step} of {run.training.steps}; the same command goes on.")
    if judged:
        finish(run, loop, tokenizer, complete)
    return complete


def finish(run: settings.Settings, loop: Loop, tokenizer: Tokenizer, complete: bool) -> None:
    """Plot and export of a run, and of a complete one what it is judged by."""
    from trainer import evaluation
    from trainer.export import export, report_text
    from trainer.plot import plot

    if run.log.exists():
        plot(run.log, run.folder / "plot.png", run.name)
    report = report_text(run.packed("validation").with_suffix(".jsonl"))
    export(loop.model, tokenizer, run.export, run.name, run.sampling, report)
    if complete:
        report = evaluation.evaluate(run, loop.model)
        report["hours"] = round(loop.seconds / 3600, 3)
        (run.folder / "evaluation.json").write_text(json.dumps(report, indent=1) + "\n")
        print(json.dumps(report, indent=1))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train a model by its configuration in configs/.")
    parser.add_argument("--config", required=True, help="name of a file in configs/, without .toml")
    parser.add_argument("--corpus", type=Path, default=settings.CORPUS, help="folder of texts")
    parser.add_argument("--runs", type=Path, default=settings.RUNS, help="where runs are kept (default: runs)")
    parser.add_argument("--minutes", type=float, help="stop after so many minutes; the same command goes on")
    parser.add_argument("--threads", type=settings.count, default=os.cpu_count() or 1)
    parser.add_argument("--bfloat16", action="store_true", help="on a processor that multiplies bfloat16 fast, too")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
