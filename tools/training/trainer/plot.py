"""The plot of a run: loss, and how its routers decided, from the log."""

from __future__ import annotations

import json
from pathlib import Path


def plot(log: Path, picture: Path, title: str) -> None:
    """Draws the picture; not where a run was cut before its first line or resumed before it."""
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    if not entries:
        return
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    tokens = [entry["tokens"] / 1e6 for entry in entries]
    figure, (above, below) = pyplot.subplots(2, 1, figsize=(9, 8), sharex=True)
    above.plot(tokens, [entry["loss"] for entry in entries], linewidth=0.6, label="training loss")
    above.plot(tokens, smoothed([entry["loss"] for entry in entries]), label="smoothed")
    above.set_ylabel("nats per token")
    above.set_title(title)
    above.legend()
    for name, style in (("selected", "-"), ("above_threshold", "--"), ("agreement", ":"), ("dead", "-.")):
        for index in range(len(entries[0].get(name, []))):
            label = name if name == "dead" else f"{name} {index + 1}"
            below.plot(tokens, smoothed([entry[name][index] for entry in entries]), style, linewidth=1, label=label)
    for index in range(len(entries[0].get("depth_fraction", []))):
        series = smoothed([entry["depth_fraction"][index] for entry in entries])
        below.plot(tokens, series, linewidth=1, label=f"depth {index + 1}")
    below.set_xlabel("million tokens")
    below.set_ylabel("fraction")
    if below.lines:
        below.legend(fontsize="small", ncol=3)
    figure.tight_layout()
    figure.savefig(picture, dpi=90)
    pyplot.close(figure)


def smoothed(values: list[float], keep: float = 0.9) -> list[float]:
    """An exponential mean, corrected for its start."""
    result, mean, weight = [], 0.0, 0.0
    for value in values:
        mean, weight = keep * mean + (1 - keep) * value, keep * weight + (1 - keep)
        result.append(mean / weight)
    return result
