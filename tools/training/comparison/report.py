"""The table and the plot of a comparison."""

from __future__ import annotations

from pathlib import Path
from statistics import mean


def write(folder: Path, order: list[str], results: list[dict]) -> None:
    groups = [[result for result in results if result["name"] == name] for name in order]
    groups = [group for group in groups if group]
    (folder / "table.md").write_text(table(groups))
    picture(folder / "plot.png", groups)


def loss_of(result: dict) -> float:
    """The loss a runtime gives: causally routed where there is routing."""
    return result["nll"].get("threshold", result["nll"].get("full"))


def table(groups: list[list[dict]]) -> str:
    lines = [
        "| architecture | unique parameters | unrolled layers | training FLOPs | tokens | held-out NLL, causal |"
        " as trained (top-k) | decode FLOPs per token | KV bytes per token |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for group in groups:
        first = group[0]
        losses = [loss_of(result) for result in group]
        chance = f" (±{(max(losses) - min(losses)) / 2:.3f}, {len(losses)} seeds)" if len(losses) > 1 else ""
        trained = f"{mean(result['nll']['topk'] for result in group):.3f}" if "topk" in first["nll"] else "same"
        lines.append(
            f"| {first['name']} | {first['parameters'] / 1e6:.2f} M | {first['layers']}"
            f" | {first['training_flops']:.2e} | {first['tokens'] / 1e6:.2f} M | {mean(losses):.3f}{chance} | {trained}"
            f" | {mean(result['decode_flops'] for result in group) / 1e6:.2f} M"
            f" | {mean(result['cache_bytes'] for result in group):.0f} |"
        )
    return "\n".join(lines) + "\n"


def picture(path: Path, groups: list[list[dict]]) -> None:
    """Held-out loss over the work of a decoded token; the area of a point is the number of unique parameters."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(9, 6))
    for group in groups:
        work = mean(result["decode_flops"] for result in group) / 1e6
        losses = [loss_of(result) for result in group]
        axes.scatter([work], [mean(losses)], s=60 * group[0]["parameters"] / 1e6, alpha=0.6)
        axes.plot([work, work], [min(losses), max(losses)], color="black", linewidth=0.8)
        axes.annotate(group[0]["name"], (work, mean(losses)), xytext=(6, 4), textcoords="offset points", fontsize=8)
    axes.set_xlabel("million FLOPs per decoded token, matrix products only")
    axes.set_ylabel("held-out nats per token, causally routed")
    axes.set_title("Equal training FLOPs; the area is the number of unique parameters")
    figure.tight_layout()
    figure.savefig(path, dpi=90)
    pyplot.close(figure)
