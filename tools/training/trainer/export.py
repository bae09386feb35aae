"""A run's model as a Hugging Face folder, which `moredge quantize` takes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from text.bpe import Tokenizer
from text.documents import read_documents, render
from twin import build, safetensors
from twin.decoder import Decoder


# The class and the type of a model with one of these objects in its configuration.
ROUTED = {
    "mor": ("MoRLlama", "llama"),
    "mod": ("MixtureOfDepths", "mixture_of_depths"),
    "moe": ("MixtureOfExperts", "mixture_of_experts"),
}

ATTENTION = {"num_attention_heads", "num_key_value_heads", "head_dim"}

# More than the 256 tokens that the runtime scores, of any tokenizer.
REPORT_CHARACTERS = 3000


def export(
    model: Decoder, tokenizer: Tokenizer, folder: Path, name: str, sampling: dict, report: str = ""
) -> None:
    """Writes config.json, model.safetensors (float32, every name of the state dict) and the tokenizer's files.

    `sampling` becomes generation_config.json: how the runtime samples unless told otherwise. `report` becomes
    report.txt, a held-out text on which the runtime measures what an option costs.
    """
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    (partial / "config.json").write_text(json.dumps(configuration(model.config, name, tokenizer), indent=1) + "\n")
    if sampling:
        (partial / "generation_config.json").write_text(json.dumps(sampling, indent=1) + "\n")
    if report:
        (partial / "report.txt").write_text(report, encoding="utf-8")
    tensors = {key: value.float().contiguous() for key, value in model.state_dict().items()}
    safetensors.write(partial / "model.safetensors", tensors)
    tokenizer.save(partial, model.shape.positions)
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)


def report_text(documents: Path) -> str:
    """The first held-out documents as text, whole ones, up to REPORT_CHARACTERS."""
    parts: list[str] = []
    for document in read_documents(documents) if documents.exists() else ():
        text = render(document).rstrip("\n") + "\n"
        if parts and sum(map(len, parts)) + len(text) > REPORT_CHARACTERS:
            break
        parts.append(text)
    return "".join(parts)


def load(folder: Path) -> tuple[Decoder, Tokenizer]:
    """An exported model, ready to be asked; ends with one sentence where there is none."""
    if not (folder / "config.json").exists():
        raise SystemExit(f"{folder} holds no exported model, which train.py leaves behind a run.")
    model = build(json.loads((folder / "config.json").read_text())).eval()
    model.load_state_dict(safetensors.read(folder / "model.safetensors"))
    return model, Tokenizer.load(folder)


def configuration(config: dict, name: str, tokenizer: Tokenizer) -> dict:
    """The fields a reader needs, Llama's and the `mor` object (specs/mixture-of-recursions.md section 5.7)."""
    tokens = {
        "bos_token_id": tokenizer.end_of_text,
        "eos_token_id": [tokenizer.end_of_text, tokenizer.message_end],
        "torch_dtype": "float32",
    }
    if config.get("model_type") == "retnet":
        # flash-linear-attention's names; a shape that is made from Llama's carries its attention along.
        own = {key: value for key, value in config.items() if key not in ATTENTION}
        return {"architectures": ["RetNetForCausalLM"], **tokens, **own}
    model_class, model_type = next((value for key, value in ROUTED.items() if key in config), ("Llama", "llama"))
    result = {
        "architectures": [f"{model_class}ForCausalLM"],
        "model_type": model_type,
        "rms_norm_eps": 1e-5,
        **({} if "rope_parameters" in config else {"rope_theta": 10000.0}),
        "tie_word_embeddings": True,
        "hidden_act": "silu",
        **tokens,
        **config,
    }
    if "mor" in config:
        result["mor"] = routing(config, name)
    return result


def routing(config: dict, name: str) -> dict:
    """The `mor` object with what the twin takes where the configuration is silent, since readers' defaults differ."""
    stated = config["mor"]
    function = stated.get("router_func", "softmax" if stated["type"] == "token" else "sigmoid")
    return {
        "base_depth": base_depth(config),
        "sharing": "middle_cycle",
        "router_type": "linear",
        "router_func": function,
        "alpha": 1.0 if function == "softmax" else 0.1,
        "temp": 1.0,
        "gating": "weighted",
        "inference_mode": "threshold",
        "source_name": name,
        **stated,
    }


def base_depth(config: dict) -> int:
    middle = config["mor"].get("sharing", "middle_cycle").startswith("middle_")
    return (config["num_hidden_layers"] - (2 if middle else 0)) // config["mor"]["num_recursion"]
