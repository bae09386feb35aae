"""Writes tests/golden/twin: tiny random models of every architecture and option, and what the twin computes with them.

    python3 tools/training/make_golden.py            writes all folders
    python3 tools/training/make_golden.py --check    computes them again and compares with what is there

A folder is a Hugging Face checkpoint (config.json, model.safetensors) with a reference.json. The weights are random by
a seed and bfloat16 numbers, so that files are small and any reader has them exactly; the run is in float64.
"""

from __future__ import annotations

import argparse
import json
import sys
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator, Optional, Sequence

import numpy
import torch
from torch import Tensor, nn

import twin
import golden_cases
import golden_families
import golden_looped
from golden_cases import Case
from twin import experts, safetensors
from twin.caches import Cache
from twin.decoder import Trace
from twin.family_attention import OnePlusNorm

FOLDER = Path(__file__).resolve().parents[2] / "tests" / "golden" / "twin"
CASES = [*golden_cases.CASES, *golden_families.CASES, *golden_looped.CASES]
# --check accepts this much beside the rounding to seven digits, for another order of sums.
TOLERANCE = 2e-6


def randomise(model: nn.Module, seed: int) -> None:
    """Normal numbers at which every part matters: embeddings of 1/2, matrices 1/√inputs, norms around 1."""
    generator = numpy.random.RandomState(seed)  # its numbers are the same in all versions of NumPy
    for name, tensor in sorted(model.state_dict().items()):
        values = torch.from_numpy(generator.standard_normal(tuple(tensor.shape)))
        if ("embed" in name or "wte" in name) and tensor.dim() == 2:
            scale, middle = 0.5, 0.0
        elif "norm" in name or "ln_f" in name:
            scale, middle = 0.2, 0.0 if is_one_plus(model, name) else 1.0
        elif tensor.dim() == 1:
            scale, middle = 0.2, 0.0
        else:
            scale, middle = tensor.shape[-1] ** -0.5, 0.0
        tensor.copy_((middle + scale * values).bfloat16().to(tensor.dtype))


def is_one_plus(model: nn.Module, name: str) -> bool:
    """Whether a weight is of Gemma's norm, which multiplies by 1 + w."""
    return isinstance(model.get_submodule(name.rpartition(".")[0]), OnePlusNorm)


def rounded(rows: Tensor) -> list[list[float]]:
    return [[float(f"{value:.7g}") for value in row] for row in rows.tolist()]


def routing(trace: Trace) -> list[list]:
    """Each decision: the positions that were selected; for choices among several, the choice of each token."""
    decisions = []
    for step in trace.steps:
        if step.selected.dim() == 2:
            taken = step.selected[0] if step.valid is None else step.selected[0] & step.valid[0]
            decisions.append(step.rows[0][taken].tolist())
        else:
            decisions.append(step.rows[0].tolist())
    return decisions


def run(model: twin.Decoder, mode: str, prompt: list[int], decoded: list[int], steps: Sequence[int] = ()) -> dict:
    """A prompt at once, then tokens one by one. steps: how often the core of Huginn runs for each of these."""
    cache, routed = Cache(), "topk" if mode == "plain" else mode
    logits, trace = model(torch.tensor([prompt]), routed, cache)
    result = {"mode": mode, "prompt_ids": prompt, "decode_ids": decoded, "prompt_logits": rounded(logits[0])}
    if trace.depth is not None:
        result["depths"] = trace.depth[0].tolist()
    if trace.steps:
        result["routing"] = routing(trace)
    if "draft_size" in model.config.get("mor", {}):
        following = torch.tensor([prompt[1:]])
        result["second_draft_logits"] = rounded(model.draft(trace.left[:, :-1], following)[0])
    if mode == "steps":
        result |= {"prompt_steps": model.steps, "decode_steps": list(steps)}
    passes = []
    for index, token in enumerate(decoded):
        with core_steps(model, steps[index] if mode == "steps" else None):
            passes.append(model(torch.tensor([[token]]), routed, cache))
    result["decode_logits"] = rounded(torch.stack([logits[0, 0] for logits, _ in passes]))
    if trace.depth is not None:
        result["decode_depths"] = [int(trace.depth[0, 0]) for _, trace in passes]
    if trace.steps:
        result["decode_routing"] = [routing(trace) for _, trace in passes]
    return result


@contextmanager
def core_steps(model: twin.Decoder, count: Optional[int]) -> Iterator[None]:
    """Another number of steps for a while."""
    usual = getattr(model, "steps", None)
    if count is not None:
        model.steps = count
    yield
    if count is not None:
        model.steps = usual


def decisions_of(runs: list[dict]) -> list:
    return [[one.get(key) for key in ("depths", "decode_depths", "routing", "decode_routing")] for one in runs]


def is_sound(model: twin.Decoder, runs: list[dict], again) -> bool:
    """Tokens differ in how they are routed, and no decision hangs on the rounding of float32."""
    for one in runs:
        if "depths" in one and one["mode"] != "full" and len(set(one["depths"])) < 2 and not is_mean(model):
            return False
    noise = numpy.random.RandomState(0)
    for tensor in model.state_dict().values():
        tensor.mul_(1 + 3e-5 * torch.from_numpy(noise.standard_normal(tuple(tensor.shape))))
    return decisions_of(again()) == decisions_of(runs)


def is_mean(model: twin.Decoder) -> bool:
    return model.config.get("mod", {}).get("select") == "sequence_mean"


@torch.no_grad()
def computed(case: Case) -> tuple[dict, dict[str, Tensor]]:
    """The reference and the weights of a case, with the first seed whose decisions are sound."""
    for seed in range(zlib.crc32(case.name.encode()) % 100000, 2**31):
        model = twin.build(case.config).double().eval()
        randomise(model, seed)
        weights = {name: tensor.clone().bfloat16() for name, tensor in model.state_dict().items()}
        ids = numpy.random.RandomState(seed).randint(0, 64, case.prompt + case.decoded).tolist()

        def runs() -> list[dict]:
            prompt, decoded = ids[: case.prompt], ids[case.prompt :]
            return [run(model, mode, prompt, decoded, case.steps) for mode in case.modes]

        first = runs()
        if hasattr(model, "form"):
            check_forms(model, first[0])
        if is_sound(model, first, runs):
            return {"seed": seed, "runs": first}, saved(model, case, weights)
    raise AssertionError("No seed is left.")


def saved(model: twin.Decoder, case: Case, weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of model.safetensors, which are not always those of the model."""
    if hasattr(model, "as_saved"):
        return model.as_saved(weights)
    return experts.stacked(weights) if case.stacked else weights


def check_forms(model: twin.Decoder, expected: dict) -> None:
    """The chunkwise and the recurrent form give what the parallel form gave."""
    for form in ("chunkwise", "recurrent"):
        model.form, model.chunk = form, 4
        actual = run(model, "plain", expected["prompt_ids"], expected["decode_ids"])
        if largest_difference(actual, expected) > TOLERANCE:
            raise AssertionError(f"The {form} form differs.")
    model.form = "parallel"


def largest_difference(one: dict, other: dict) -> float:
    keys = [key for key in ("prompt_logits", "second_draft_logits", "decode_logits") if key in one]
    pairs = ((torch.tensor(one[key]), torch.tensor(other[key])) for key in keys)
    return max(((a - b).abs() / b.abs().clamp(min=1)).max().item() for a, b in pairs)


def text_of(value: dict) -> str:
    """JSON with one run, or one row of numbers, per line."""
    lines = json.dumps(value, separators=(",", ":")).replace('],[', '],\n[').replace(',"', ',\n"')
    return lines + "\n"


def write(case: Case, reference: dict, weights: dict[str, Tensor]) -> None:
    folder = FOLDER / case.name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(case.config, indent=2) + "\n")
    safetensors.write(folder / "model.safetensors", weights)
    (folder / "reference.json").write_text(text_of(reference))


def same_weights(stored: dict[str, Tensor], weights: dict[str, Tensor]) -> bool:
    """Whether all tensors are equal, but for the last bits of a table of cosines, which differ between PyTorches."""
    return stored.keys() == weights.keys() and all(
        tensor.dtype == weights[name].dtype and tensor.shape == weights[name].shape
        and torch.allclose(tensor, weights[name], rtol=0, atol=1e-6 if tensor.dtype == torch.float32 else 0)
        for name, tensor in stored.items()
    )


def difference(case: Case, reference: dict, weights: dict[str, Tensor]) -> str:
    """What differs from the stored folder, empty if nothing does."""
    folder = FOLDER / case.name
    if not (folder / "reference.json").exists():
        return "is not there"
    if json.loads((folder / "config.json").read_text()) != json.loads(json.dumps(case.config)):
        return "has another config.json"
    if not same_weights(safetensors.read(folder / "model.safetensors"), weights):
        return "has other weights"
    stored = json.loads((folder / "reference.json").read_text())
    if decisions_of(stored["runs"]) != decisions_of(reference["runs"]):
        return "routes otherwise"
    worst = max(largest_difference(one, two) for one, two in zip(reference["runs"], stored["runs"]))
    return f"differs by {worst:.1e}" if worst > TOLERANCE else ""


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--check", action="store_true", help="compare with the stored folders, write nothing")
    check, failed = arguments.parse_args().check, 0
    for case in CASES:
        reference, weights = computed(case)
        if check:
            problem = difference(case, reference, weights)
            failed += bool(problem)
            print(f"{'FAIL' if problem else 'ok  '} {case.name} {problem}".rstrip())
        else:
            write(case, reference, weights)
            print(f"wrote {case.name}")
    unknown = {path.name for path in FOLDER.iterdir() if path.is_dir()} - {case.name for case in CASES}
    for name in sorted(unknown):
        failed += 1
        print(f"FAIL {name} is no case")
    if check:
        print(f"{len(CASES) + len(unknown) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
