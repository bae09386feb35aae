"""Compares the twin with numbers that others computed: ../shared/golden, from the authors' code and from equations.

    python3 tools/training/check_golden.py [--shared DIR]

Prints one line per check. Everything runs in float64.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import torch
from torch import Tensor

import twin
from twin import retention, safetensors
from twin.caches import Cache
from twin.experts import clamped_swiglu
from twin.gates import Gate, choose
from twin.retnet import normalised, rotate_adjacent
from twin.rope import Frequencies, frequencies, parameters_of

ROOT = Path(__file__).resolve().parents[2]
# The references are stored with nine digits, and computed with rotary tables in float32.
TOLERANCE = 1e-4


class Checks:
    def __init__(self) -> None:
        self.passed = self.failed = 0

    def that(self, name: str, holds: bool, detail: str = "") -> None:
        self.passed, self.failed = self.passed + holds, self.failed + (not holds)
        print(f"{'ok  ' if holds else 'FAIL'} {name}{'  ' + detail if detail else ''}")

    def close(self, name: str, actual: Tensor, expected: Tensor, tolerance: float) -> None:
        difference = (actual.double() - expected.double()).abs().max().item()
        holds = actual.shape == expected.shape and difference <= tolerance
        self.that(name, holds, f"largest difference {difference:.1e}")


def config_of(golden: dict, weights: dict[str, Tensor]) -> dict:
    """The config.json of a stored Mixture-of-Recursions reference."""
    ends = 2 if golden["sharing"].startswith("middle") else 0
    router = "mlp" if any(name.endswith("router.2.weight") for name in weights) else "linear"
    names = ("num_recursion", "sharing", "capacity", "router_func", "alpha", "temp", "gating", "kv_sharing")
    names += ("update_cache",)
    mor = {name: golden[name] for name in names if golden.get(name) is not None}
    mor |= {"type": golden["mor_type"], "router_type": router, "attention_tied": False, "hybrid_position_zero": True}
    mor["balancing"] = "loss_free" if any(name.endswith("router_bias") for name in weights) else "loss"
    mor.setdefault("router_func", "none")
    sizes = ("hidden_size", "vocab_size", "num_attention_heads", "num_key_value_heads", "rms_norm_eps", "rope_theta")
    return {
        **{name: golden[name] for name in sizes},
        "intermediate_size": next(x for name, x in weights.items() if name.endswith("gate_proj.weight")).shape[0],
        "num_hidden_layers": ends + golden["num_recursion"] * golden["base_depth"],
        "tie_word_embeddings": True,
        "mor": mor,
    }


def model_of(golden: dict, path: Path) -> twin.Decoder:
    weights = safetensors.read(path)
    model = twin.build(config_of(golden, weights)).double().eval()
    model.load_state_dict(weights, strict=True)
    return model


def numbers(values) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def selected(depth: Tensor, recursions: int) -> list[list[int]]:
    """The positions that ran recursion 0, 1, …: a dropped token never returns."""
    return [(depth[0] > recursion).nonzero().flatten().tolist() for recursion in range(recursions)]


@torch.no_grad()
def check_reference(checks: Checks, path: Path) -> None:
    """Prompt and decoded tokens of one file that the authors' code computed."""
    golden = json.loads(path.read_text())
    model = model_of(golden["config"], path.with_suffix(".safetensors"))
    cache = Cache()
    logits, trace = model(torch.tensor([golden["prefill_ids"]]), cache=cache)
    checks.close(f"{path.stem}: prompt", logits[0], numbers(golden["prefill_logits"]), TOLERANCE)
    if golden["prefill_depth0"] is not None:
        routed = (trace.depth[0] - 1).tolist() == golden["prefill_depth0"]
    else:
        routed = selected(trace.depth, model.recursions) == golden["prefill_selected_absolute"]
    checks.that(f"{path.stem}: routing", routed)
    rows = [model(torch.tensor([[token]]), cache=cache)[0][0, 0] for token in golden["decode_ids"]]
    checks.close(f"{path.stem}: decoded", torch.stack(rows), numbers(golden["decode_logits"]), TOLERANCE)


@torch.no_grad()
def check_threshold(checks: Checks, path: Path) -> None:
    """A text in threshold mode, at once and in chunks."""
    golden = json.loads(path.read_text())
    name = golden["note"].rsplit("Model: ", 1)[1].removesuffix(".safetensors")
    config = path.with_name(f"{name}.json")
    if name.startswith("threshold"):  # weights without a file of their own: the configuration of the shared cache
        config = path.with_name(f"{name.replace('threshold', 'expert')}.json")
    model = model_of(json.loads(config.read_text())["config"], path.with_name(f"{name}.safetensors"))
    ids, expected = torch.tensor([golden["ids"]]), numbers(golden["logits"])
    logits, trace = model(ids, "threshold")
    checks.close(f"{path.stem}: text", logits[0], expected, TOLERANCE)
    reached = [rows for rows in selected(trace.depth, model.recursions) if rows]
    checks.that(f"{path.stem}: routing", reached == [rows for rows in golden["selected_absolute"] if rows])
    for sizes in ((7, 1, 1, 8), (1,) * 17):
        cache = Cache()
        parts = [model(part, "threshold", cache)[0][0] for part in ids.split(sizes, 1)]
        checks.close(f"{path.stem}: chunks of {', '.join(map(str, sizes[:4]))}", torch.cat(parts), expected, TOLERANCE)


class Generator:
    """The generator of the stored numbers: x ← 1664525 x + 1013904223, of which the upper 24 bits lie in [-1, 1)."""

    def __init__(self, seed: int):
        self.state = seed

    def next(self) -> float:
        self.state = (1664525 * self.state + 1013904223) & 0xFFFFFFFF
        return (self.state >> 8) / float(1 << 24) * 2 - 1

    def tensor(self, *shape: int) -> Tensor:
        return numbers([self.next() for _ in range(torch.Size(shape).numel())]).view(shape)


def check_retention(checks: Checks, golden: dict) -> None:
    """The forms of retention on fixed numbers: two heads of 4 × 6, 12 tokens. Spec sections A.4 and A.15."""
    generator, decay = Generator(12345), retention.decays(2)
    queries, keys, values = (generator.tensor(2, 12, width)[None] for width in (4, 4, 6))
    angles = 10000.0 ** -torch.linspace(0, 1, 2, dtype=torch.float64)
    turned = torch.arange(12)[:, None] * angles
    rotation = (turned.cos(), turned.sin())
    queries, keys = rotate_adjacent(queries, rotation), rotate_adjacent(keys * 4**-0.5, rotation)
    powers = retention.discount(decay, 12, queries)
    plain, state = retention.recurrent(queries, keys, values, powers)
    by_row, scaled, total = retention.torchscale_recurrent(queries, keys, values, decay)
    by_chunk, chunk_state, chunk_total = retention.torchscale_chunkwise(queries, keys, values, decay, 4)
    at_once = retention.torchscale_parallel(queries, keys, values, decay)
    checks.close("retention: decay", decay, numbers(golden["gamma"]), 0)
    checks.close("retention: angles", angles, numbers(golden["angles"]), 1e-15)
    for head in range(2):
        stored = {name: numbers(value) for name, value in golden[f"h{head}"].items()}
        pairs = {
            "q_rot_n11": queries[0, head, 11], "k_rot_n11": keys[0, head, 11], "v_n0": values[0, head, 0],
            "raw_canonical_n11": plain[0, head, 11], "raw_recurrent_n11": by_row[0, head, 11],
            "raw_parallel_n11": at_once[0, head, 11], "normed_n0": normalised(at_once, 0.0)[0, head, 0],
            "normed_n11": normalised(plain, 0.0)[0, head, 11], "S_rec_row0_final": scaled[0, head, 0],
            "s_final": total[head],
        }
        for name, actual in pairs.items():
            checks.close(f"retention: head {head}, {name}", actual, stored[name], 1e-13)
    forms = {"parallel": at_once, "by row": by_row, "chunks of 4": by_chunk}
    forms["state once"] = retention.parallel(queries, keys, values, powers)[0]
    for name, actual in forms.items():
        expected = normalised(plain, 0.0)
        checks.close(f"retention: {name} = canonical, normalised", normalised(actual, 0.0), expected, 1e-12)
    checks.close("retention: S √s = Rᵀ", scaled * total.sqrt()[:, None, None], state.transpose(-1, -2), 1e-14)
    checks.close("retention: X s = R", chunk_state * chunk_total[:, None, None], state, 1e-14)


def check_gates(checks: Checks, golden: dict) -> None:
    """The gates on 16 stored logits, and the other numbers that concern experts and retention."""
    logits, bias = numbers(golden["logits"])[None], numbers(golden["bias"])
    rules = {
        "mixtral_qwen3_granite": [Gate(4, "softmax", renormalise=True), Gate(4, "softmax_chosen")],
        "olmoe_qwen2moe": [Gate(4, "softmax")],
        "lfm2": [Gate(4, "sigmoid", renormalise=True, epsilon=1e-6)],
    }
    for name, gates in rules.items():
        for gate in gates:
            chosen, weights, _ = choose(logits, gate, bias if name == "lfm2" else None)
            checks.that(f"gate {name}, {gate.score}: choice", chosen[0].tolist() == golden[name]["idx"])
            checks.close(f"gate {name}, {gate.score}: weights", weights[0], numbers(golden[name]["w"]), 1e-14)
    wrong = choose(logits, Gate(4, "softmax_chosen"))[1][0]
    differs = (wrong - numbers(golden["olmoe_qwen2moe"]["w"])).abs().max().item() > 1e-3
    checks.that("gate olmoe: softmax over the chosen is another", differs)
    activated = numbers(golden["gptoss_act"])
    actual = clamped_swiglu(activated[:, 0], activated[:, 1])
    checks.close("expert gpt_oss: activation", actual, activated[:, 2], 1e-13)
    for head, (_, closed, _) in golden["s_fp32_vs_closed_20000"].items():
        decay = retention.decays(int(head) + 1)[-1:]
        actual = retention.summed_decay(decay, torch.tensor([[20000]])).flatten()
        checks.close(f"retention: s after 20000 tokens, head {head}", actual / closed, torch.ones(1), 1e-12)


def check_rope(checks: Checks, golden: dict) -> None:
    """Scaled rotary positions, and the embedding scale of Gemma. Spec sections D.3 and D.4."""
    llama3 = {"rope_type": "llama3", "factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0}
    llama3 |= {"original_max_position_embeddings": 8192}
    divisors = numbers(golden["llama3_1b_hd64_div"])
    for width in (64, 128):
        plain, scaled = (rope({"rope_theta": 5e5, **each}, width).angles for each in ({}, {"rope_scaling": llama3}))
        if width == 128:
            places, divisors = numbers(golden["llama3_3b_hd128_div_nontrivial"]).unbind(1)
            plain, scaled = plain[places.long()], scaled[places.long()]
        ratio = plain / scaled / divisors
        checks.close(f"rope llama3: divisors, head width {width}", ratio, torch.ones_like(ratio), 2e-6)
    stored = golden["gptoss_yarn"]
    yarn = {"rope_type": "yarn", "factor": 32.0, "original_max_position_embeddings": 4096, "truncate": False}
    exact = rope({"rope_theta": 150000.0, "rope_scaling": yarn}, 64)
    cut = rope({"rope_theta": 150000.0, "rope_scaling": {**yarn, "truncate": True}}, 64)
    expected = numbers(stored["inv_freq_8_20_untr"])
    checks.close("rope yarn: angles", exact.angles[8:20] / expected, torch.ones(12), 2e-6)
    largest = (exact.angles / cut.angles - 1).abs().max()
    checks.close("rope yarn: what truncation changes", largest, numbers(stored["maxrel_trunc"]), 1e-5)
    checks.close("rope yarn: amplitude", numbers(exact.amplitude), numbers(stored["attn_factor"]), 1e-12)
    longrope = {"rope_type": "longrope", "short_factor": [1.0] * 48, "long_factor": [2.0] * 48}
    phi = {"max_position_embeddings": 131072, "original_max_position_embeddings": 4096, "rope_scaling": longrope}
    checks.close(
        "rope longrope: amplitude", numbers(rope(phi, 96).amplitude), numbers(golden["phi35_longrope_attn"]), 1e-12
    )
    for width, (exactly, rounded, _) in golden["gemma_embed_scale"].items():
        scale = numbers(int(width)).sqrt()
        checks.close(f"gemma: scale of an embedding of {width}", scale, numbers(exactly), 1e-13)
        checks.close(f"gemma: the same in bfloat16, {width}", scale.bfloat16(), numbers(rounded), 0)


def rope(config: dict, head_width: int) -> Frequencies:
    return frequencies(parameters_of(config, "full_attention"), head_width)


def check_permutation(checks: Checks) -> None:
    """Turning adjacent pairs is turning halves after a permutation. Spec section A.15, point 5."""
    x = Generator(5).tensor(1, 1, 1, 8)
    turned = numbers([[0.3, 0.7, 0.11, 0.9]])
    rotation = (turned.cos(), turned.sin())
    permuted = torch.cat((x[..., 0::2], x[..., 1::2]), -1)
    adjacent = rotate_adjacent(x, rotation)
    expected = torch.cat((adjacent[..., 0::2], adjacent[..., 1::2]), -1)
    checks.close("rotation: adjacent = halves, permuted", twin.layers.rotate(permuted, rotation), expected, 0)


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--shared", type=Path, default=ROOT.parent / "shared", help="the folder that holds golden/")
    golden = arguments.parse_args().shared / "golden"
    checks = Checks()
    for path in sorted((golden / "mor").glob("*.json")):
        check = check_threshold if path.stem.startswith("threshold") else check_reference
        check(checks, path)
    families = golden / "retnet-mod-moe"
    check_retention(checks, json.loads((families / "retnet_golden.json").read_text()))
    misc = json.loads((families / "misc_golden.json").read_text())
    check_gates(checks, misc)
    check_rope(checks, misc)
    check_permutation(checks)
    print(f"{checks.passed} passed, {checks.failed} failed")
    return 1 if checks.failed or not checks.passed else 0


if __name__ == "__main__":
    sys.exit(main())
