"""The table and the plot of a comparison."""

from __future__ import annotations

from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Annotation


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
    places = []
    for group in groups:
        work = mean(result["decode_flops"] for result in group) / 1e6
        losses = [loss_of(result) for result in group]
        axes.scatter([work], [mean(losses)], s=60 * group[0]["parameters"] / 1e6, alpha=0.6)
        axes.plot([work, work], [min(losses), max(losses)], color="black", linewidth=0.8)
        places.append((group[0]["name"], (work, mean(losses))))
    axes.set_xlabel("million FLOPs per decoded token, matrix products only")
    axes.set_ylabel("held-out nats per token, causally routed")
    axes.set_title("Equal training FLOPs; the area is the number of unique parameters")
    # Room for the name of the rightmost point.
    axes.margins(x=0.1)
    figure.tight_layout()
    name_points(axes, places)
    figure.savefig(path, dpi=90)
    pyplot.close(figure)


def name_points(axes: Axes, places: list[tuple[str, tuple[float, float]]]) -> list[Annotation]:
    """Writes names beside their points, from the top down, each as far below as those before it leave room."""
    names: list[Annotation] = []
    renderer = axes.figure.canvas.get_renderer()
    for name, place in sorted(places, key=lambda named: -named[1][1]):
        # Unclipped, since what is clipped has no extent.
        text = axes.annotate(
            name, place, xytext=(6, 4), textcoords="offset points", fontsize=8, annotation_clip=False
        )
        while any(text.get_window_extent(renderer).overlaps(other.get_window_extent(renderer)) for other in names):
            x, y = text.get_position()
            text.set_position((x, y - 1))
        names.append(text)
    return names
