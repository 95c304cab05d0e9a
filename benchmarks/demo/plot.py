"""The viewers' true satisfaction over the demo, as a picture."""

from __future__ import annotations

from pathlib import Path

from benchmarks.demo.story import Story


def plot_satisfaction(story: Story, file: Path) -> Path:
    """Draw how good the lists truly were, with the shift and the swap, and return the file."""
    import matplotlib.pyplot as plt  # noqa: PLC0415 - takes a second that an error need not wait for

    rows = story.drive["timeline"]
    seconds = [row["second"] for row in rows]
    figure, (upper, lower) = plt.subplots(2, 1, sharex=True, figsize=(9, 6), layout="constrained")
    upper.plot(seconds, [row["satisfaction"] for row in rows], color="#1f5fa8", label="lists shown")
    best = [row["satisfaction"] + row["regret"] for row in rows]
    upper.plot(seconds, best, color="#666666", linestyle="--", label="best lists possible")
    upper.set_ylabel("true satisfaction")
    lower.plot(seconds, [row["ndcg"] for row in rows], color="#1f5fa8")
    lower.set_ylabel("true NDCG@20")
    lower.set_xlabel("seconds of traffic")
    for axis in (upper, lower):
        axis.set_ylim(bottom=0)
        for moment, name in (
            (story.moments["shift"], "taste shifts"),
            (story.moments["swap"], "swap"),
        ):
            axis.axvline(moment, color="black", linewidth=0.8, linestyle=":")
            axis.annotate(name, (moment, 0.02), xycoords=("data", "axes fraction"), rotation=90)
    upper.legend(loc="lower left")
    figure.savefig(file, dpi=110)
    plt.close(figure)
    return file
