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


def main() -> int:
    arguments = parse()
    # Before torch starts its threads; OpenBLAS has a pool of its own.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(arguments.threads)
    import torch

    from text import pack
    from trainer import evaluation, preparation, settings
    from trainer.batches import Batches
    from trainer.export import export
    from trainer.loop import Loop
    from trainer.plot import plot
    from twin import build

    run = settings.read(arguments.config, arguments.runs)
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(run.training.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    tokenizer = preparation.prepare(run, arguments.corpus)
    model = build(run.model)
    print(f"{run.name}: {sum(p.numel() for p in model.parameters()):,} parameters on {device}", flush=True)
    batches = Batches(pack.load_arrays(run.packed("train")), run.data.window, run.training.batch, run.training.seed)
    loop = Loop(run, model, batches, device, half=arguments.bfloat16 or device.type == "cuda")
    complete = loop.run(arguments.minutes)
    plot(run.log, run.folder / "plot.png", run.name)
    export(model, tokenizer, run.export, run.name, run.sampling)
    if not complete:
        print(f"{run.name}: stopped at step {loop.step} of {run.training.steps}; the same command goes on.")
        return 0
    report = evaluation.evaluate(run, model)
    report["hours"] = round(loop.seconds / 3600, 3)
    (run.folder / "evaluation.json").write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(report, indent=1))
    return 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train a model by its configuration in configs/.")
    root = Path(__file__).resolve().parent
    parser.add_argument("--config", required=True, help="name of a file in configs/, without .toml")
    parser.add_argument("--corpus", type=Path, default=root.parents[2] / "shared/data/corpus", help="folder of texts")
    parser.add_argument("--runs", type=Path, default=root / "runs", help="where runs are kept (default: runs)")
    parser.add_argument("--minutes", type=float, help="stop after so many minutes; the same command goes on")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--bfloat16", action="store_true", help="on a processor that multiplies bfloat16 fast, too")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
