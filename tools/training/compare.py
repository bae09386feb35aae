#!/usr/bin/python3
"""Trains every architecture of the family at equal training FLOPs on the same text, and writes one table and one plot.

    python3 tools/training/compare.py --flops 2e13

Each run resumes like any other; finished ones are not trained again. The first seed of each is exported as a Hugging
Face folder, which `moredge quantize` takes. COMPARISON.md tells what was found.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import replace
from pathlib import Path

from trainer import settings

ROUTED = {"num_recursion": 3, "sharing": "middle_cycle"}

# What each architecture changes in the base shape. All unroll to eight layers; widths of the feed-forward parts are
# chosen so that a token that takes everything costs about the same in each.
VARIANTS: dict[str, dict] = {
    "vanilla": {},
    "recursive N=3": {"mor": {"type": "none", **ROUTED}},
    "MoR expert N=2": {"mor": {"type": "expert", **ROUTED, "num_recursion": 2}},
    "MoR expert N=3": {"mor": {"type": "expert", **ROUTED}},
    "MoR expert N=3, shared KV": {"mor": {"type": "expert", **ROUTED, "kv_sharing": True}},
    "MoR token N=3": {"mor": {"type": "token", **ROUTED}},
    "Mixture-of-Depths": {"mod": {"layers": [1, 3, 5, 7], "capacity": 0.125}},
    "RetNet": {"model_type": "retnet", "num_heads": 3, "expand_v": 2, "intermediate_size": 384,
               "tie_word_embeddings": True},
    "mixture of experts": {"moe": {"hidden": 256, "experts": 4, "used": 2}},
}

# The pairs that lie close together get three seeds, so that the table can say how much chance there is in a difference.
SEEDS = {name: 3 for name in ("vanilla", "recursive N=3", "MoR expert N=2", "MoR expert N=3")}


def main() -> int:
    arguments = parse()
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(arguments.threads)
    import torch

    from comparison import report, run
    from trainer import preparation

    torch.set_num_threads(arguments.threads)
    base = settings.read("compare", arguments.runs)
    if arguments.batch:
        base = replace(base, training=replace(base.training, batch=arguments.batch))
    tokenizer = preparation.prepare(base, arguments.corpus)
    chosen = [name for name in VARIANTS if not arguments.only or name in arguments.only]
    for seed, name in order(chosen, arguments.seeds):
        model = {**base.model, **VARIANTS[name]}
        folder = base.folder / f"{name.replace(' ', '-').replace(',', '')}-{seed}"
        training = replace(base.training, seed=seed)
        this = replace(base, name=name, model=model, training=training, folder=folder)
        run.one(base, this, arguments)
        if seed == 1:
            run.exported(this, tokenizer)
    results = [json.loads(path.read_text()) for path in sorted(base.folder.glob("*/result.json"))]
    report.write(base.folder, list(VARIANTS), results)
    print((base.folder / "table.md").read_text())
    print(f"{len(tokenizer)} tokens of vocabulary; table.md and plot.png are in {base.folder}.")
    return 0


def order(names: list[str], seeds: list[int] | None) -> list[tuple[int, str]]:
    """The runs (seed, name), seed by seed, so that a comparison cut short is one of all architectures."""
    each = {name: seeds or range(1, 1 + SEEDS.get(name, 1)) for name in names}
    every = sorted({seed for own in each.values() for seed in own})
    return [(seed, name) for seed in every for name in names if seed in each[name]]


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train every architecture at equal training FLOPs and compare them.")
    parser.add_argument("--flops", type=float, default=2e13, help="training FLOPs of each run (default 2e13)")
    parser.add_argument("--batch", type=int, help="windows to a step: a small budget needs more, smaller steps")
    parser.add_argument(
        "--only", nargs="+", choices=list(VARIANTS), metavar="NAME",
        help=f"architectures, for a part of the comparison: {', '.join(map(repr, VARIANTS))}",
    )
    parser.add_argument(
        "--seeds", nargs="+", type=settings.count, metavar="SEED",
        help="which seeds, of each of those architectures (default: 1, or 1 to 3 of the close pairs)",
    )
    parser.add_argument("--corpus", type=Path, default=settings.CORPUS, help="folder of texts")
    parser.add_argument("--runs", type=Path, default=settings.RUNS, help="where runs are kept (default: runs)")
    parser.add_argument("--threads", type=settings.count, default=os.cpu_count() or 1)
    parser.add_argument("--bfloat16", action="store_true", help="on a processor that multiplies bfloat16 fast")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
