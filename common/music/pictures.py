"""Plots of piano rolls as PNG files, with tracks in colours and bar lines."""

import numpy as np

from .. import files
from . import notation

COLORS = ("#c0392b", "#d9730d", "#2e8b57", "#1f5fa8", "#6a4c93", "#6b6b6b")
WIDE = 256  # approximate number of steps per line of the picture


def piano_roll(path, tracks, bar=16, pickup=0, title=""):
    """Draws tracks over time, each in its own colour; drums are crosses below.

    Long pieces are split into lines with equal numbers of bars. Bars are counted from 1.

    Args:
        path: of the PNG file.
        tracks: list of `common.music.midi.Track`.
        bar, pickup: as in `common.music.midi.write`.
        title: of the picture.
    """
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    melodic = [track for track in tracks if not track.drums]
    pitches = [note[2] for track in melodic for note in track.notes] or [60]
    low, high = min(pitches) - 2, max(pitches) + 2
    drums = [track for track in tracks if track.drums and track.notes]
    kit = sorted({note[2] for track in drums for note in track.notes})
    floor = low - 2 * len(kit) - 2 if kit else low
    end = max([note[1] for track in tracks for note in track.notes] or [bar])
    lines = max(1, int(np.ceil(end / WIDE)))
    wide = bar * int(np.ceil(end / lines / bar))
    figure = Figure(figsize=(12, 0.6 + lines * max(2.2, (high - floor) * 0.075)))
    for line in range(lines):
        axes = figure.add_subplot(lines, 1, line + 1)
        first, last = line * wide, (line + 1) * wide
        for number, track in enumerate(tracks):
            color = COLORS[number % len(COLORS)]
            for start, stop, pitch, *_ in track.notes:
                if stop <= first or start >= last:
                    continue
                if track.drums:
                    height = floor + 1 + 2 * kit.index(pitch)
                    axes.plot(start, height, "x", color=color, markersize=4)
                    continue
                begin = max(start, first)
                axes.broken_barh(
                    [(begin, min(stop, last) - begin - 0.15)],
                    (pitch - 0.45, 0.9),
                    color=color,
                    alpha=0.85,
                    linewidth=0,
                )
        bars = np.arange(pickup, end + bar, bar)
        inside = [(step, n + 1) for n, step in enumerate(bars) if first <= step < last]
        for step, _ in inside:
            axes.axvline(step, color="#bbbbbb", linewidth=0.8, zorder=0)
        shown = inside[:: max(1, len(inside) // 16)]
        axes.set_xticks([step for step, _ in shown], [number for _, number in shown])
        octaves = [pitch for pitch in range(low, high + 1) if pitch % 12 == 0]
        axes.set_yticks(octaves, [notation.name(pitch) for pitch in octaves])
        axes.grid(axis="y", color="#e6e6e6", linewidth=0.8, zorder=0)
        axes.set_xlim(first, last)
        axes.set_ylim(floor, high + 1)
        axes.set_axisbelow(True)
        for side in ("top", "right", "left"):
            axes.spines[side].set_visible(False)
        axes.tick_params(length=0)
    axes.set_xlabel("bar")
    marks = [Patch(color=COLORS[n % len(COLORS)], label=t.name) for n, t in enumerate(tracks)]
    figure.legend(handles=marks, loc="upper right", ncols=len(marks), frameon=False)
    figure.suptitle(title, x=0.06, ha="left", fontsize=11)
    figure.tight_layout()
    with files.atomic(path, "wb") as file:
        figure.savefig(file, format="png", dpi=100)
