"""Drawing a timeline: angles, gestures, postures, exercises and falls of each person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import Any
import warnings

import numpy as np

from pose_ros.core.motion.events import subject_label, title_with_hand
from pose_ros.extras import library
from pose_ros.plotting.recording import PersonTimeline, Recording, Span

MAX_TRACKS = 30
"""An image of more would be too high to look at."""
MAX_ANGLES = 6
"""Of a person, if none are chosen: those that move most."""

_WIDTH, _DPI = 13.0, 110  # [inch], [px/inch]
_TITLE, _CURVES, _LANE, _AXIS = 0.4, 2.4, 0.27, 0.45  # heights [inch]
_LETTER = 0.068  # width of one [inch]
_LEFT, _RIGHT = 0.125, 0.88  # of the width: before the axes, and where the legend begins
# Of Okabe and Ito, told apart by the colour-blind, too; red is for falls alone.
_JOINTS = {
    'elbow': '#0072B2',
    'shoulder': '#E69F00',
    'hip': '#009E73',
    'knee': '#CC79A7',
    'ankle': '#56B4E9',
    'neck': '#8C6D1F',
    'trunk': '#222222',
}
_POSTURES = {
    'standing': '#D5E3D3',
    'sitting': '#BFD3E6',
    'crouching': '#EADFB4',
    'bending': '#E3C9DE',
    'lying': '#F0BDB2',
}
_GESTURE, _GOOD, _FAULTY = '#4C78A8', '#5B8C5A', '#C98B2B'
_FALLS = {'falling': '#EE7A70', 'fallen': '#D62728'}


@dataclass
class _Lane:
    """One row of bars: (span, words, colour).

    Attributes
    ----------
    title
        Left of it.
    ink
        Colour of the words in a bar.
    strip
        Whether bar follows bar: then there is no room for words beside them.
    bars
        From left to right.
    """

    title: str
    ink: str = 'white'
    strip: bool = False
    bars: list[tuple[Span, str, str]] = field(default_factory=list)


def draw(timeline: Recording, path: Path, angles: Sequence[str] = ()) -> None:
    """Draw all people of a timeline, one below the other, into a PNG.

    Parameters
    ----------
    timeline
        Of at least one person.
    path
        Of the PNG.
    angles
        Those to draw, of everybody; else those that move most.

    Raises
    ------
    ValueError
        If there are no people, too many, or an angle that no person has.
    OSError
        If the image cannot be written.
    MissingLibraryError
        Without matplotlib.
    """
    figure = figure_of(timeline, angles)
    with warnings.catch_warnings():
        # Characters in the name of an input that the font lacks.
        warnings.filterwarnings('ignore', 'Glyph')
        figure.savefig(path, format='png')


def figure_of(timeline: Recording, angles: Sequence[str] = ()) -> Any:
    """Figure with two axes for each person: curves above, bars below; as `draw`."""
    matplotlib = library('matplotlib.figure', 'plot')
    tracks = timeline.tracks
    if not tracks:
        raise ValueError('there is nothing to draw: no angles and no events')
    if len(tracks) > MAX_TRACKS:
        raise ValueError(
            f'{len(tracks)} people are too many for one image, at most {MAX_TRACKS} are allowed: '
            'choose some of them, or fewer files'
        )
    known = list(dict.fromkeys(name for track in tracks for name in track.names))
    for name in angles:
        if name not in known:
            raise ValueError(f'unknown angle {name!r}, there are: {", ".join(known) or "none"}')
    times = {s: _times([t for t in tracks if t.source == s]) for s in {t.source for t in tracks}}
    shown = [
        (track, _lanes(track, times[track.source][1]), _chosen(track, angles)) for track in tracks
    ]
    heights = [_heights(lanes, names) for _, lanes, names in shown]
    titles = _titles([track.source for track in tracks])
    total = below = sum(map(sum, heights))
    figure = matplotlib.Figure(figsize=(_WIDTH, total), dpi=_DPI)
    for (track, lanes, names), (title, upper, lower, axis) in zip(shown, heights):
        below -= title + upper
        curves = figure.add_axes((_LEFT, below / total, _RIGHT - _LEFT, upper / total))
        below -= lower
        bars = figure.add_axes((_LEFT, below / total, _RIGHT - _LEFT, lower / total))
        below -= axis
        curves.set_title(f'{titles[track.source]}{_title(track, names)}', loc='left', fontsize=11)
        _draw_curves(curves, track, names)
        start, end = times[track.source]
        _draw_lanes(bars, lanes, (_RIGHT - _LEFT) * _WIDTH / (end - start))
        for axes in (curves, bars):
            _draw_falls(axes, track.falls(end))
            axes.set_xlim(start, end)
            axes.grid(axis='x', color='#DDDDDD', linewidth=0.6)
            axes.set_axisbelow(True)
            axes.spines[['top', 'right']].set_visible(False)
        curves.tick_params(labelbottom=False, bottom=False)
        bars.set_xlabel('time [s]', loc='right', fontsize=9, labelpad=1)
    return figure


def _times(tracks: Sequence[PersonTimeline]) -> tuple[float, float]:
    """From the first to the last that is known of some tracks; from 0, if that is near."""
    start, end = min(t.start for t in tracks), max(t.end for t in tracks)
    return (0.0 if 0 <= start < 0.2 * end else start), max(end, start + 0.1)


def _heights(lanes: Sequence[_Lane], names: Sequence[str]) -> tuple[float, float, float, float]:
    """Of title, curves, lanes and axis [inch]."""
    return _TITLE, _CURVES if names else 0.05, _LANE * max(len(lanes), 1), _AXIS


def _titles(sources: Sequence[str]) -> dict[str, str]:
    """Names of files, with their folders where the names are the same."""
    names = Counter(Path(source).name for source in set(sources))
    return {s: Path(s).name if names[Path(s).name] == 1 else s for s in sources}


def _title(track: PersonTimeline, names: Sequence[str]) -> str:
    title = f' · {"person " if track.person >= 0 else ""}{subject_label(track.person)}'
    if not names:
        return title
    count = '' if len(names) == len(track.names) else f'{len(names)} of {len(track.names)} '
    return f'{title}    ({count}angles ± standard deviation)'


def _chosen(track: PersonTimeline, wanted: Sequence[str]) -> list[str]:
    """Names of the angles to draw: the wanted, else those that move most."""
    if wanted:
        return [name for name in track.names if name in wanted]
    ranges = {name: track.curve(name).range for name in track.names}
    moving = sorted((n for n in ranges if ranges[n] > 0), key=lambda n: -ranges[n])[:MAX_ANGLES]
    return [name for name in track.names if name in moving]


def _draw_curves(axes: Any, track: PersonTimeline, names: Sequence[str]) -> None:
    """Angles [deg] with a band of one standard deviation."""
    if not names:
        axes.set_axis_off()
        return
    for name in names:
        curve = track.curve(name)
        angles, deviations = np.degrees(curve.angles), np.degrees(curve.deviations)
        side, _, joint = name.rpartition('_')
        colour = _JOINTS.get(joint, '#777777')
        style = '--' if side == 'right' else '-'
        label = name.replace('_', ' ')
        axes.plot(curve.times, angles, style, color=colour, linewidth=1.3, label=label)
        band = (angles - deviations, angles + deviations)
        axes.fill_between(curve.times, *band, color=colour, alpha=0.15, linewidth=0)
    axes.set_ylabel('angle [°]', fontsize=9)
    axes.set_ylim(0, 190)
    axes.set_yticks(range(0, 181, 45))
    axes.grid(axis='y', color='#DDDDDD', linewidth=0.6)
    axes.legend(loc='upper left', bbox_to_anchor=(1.005, 1.02), frameon=False, fontsize=9)


def _draw_falls(axes: Any, falls: Sequence[Span]) -> None:
    """Red behind everything else."""
    for fall in falls:
        colour = _FALLS[fall.label]
        axes.axvspan(fall.start, fall.end, color=colour, alpha=0.25, linewidth=0, zorder=0.5)


def _draw_lanes(axes: Any, lanes: Sequence[_Lane], scale: float) -> None:
    """Bars with their words, one row a lane, the first on top; the scale is in inches a second."""
    untold: dict[str, Any] = {}
    for row, lane in enumerate(lanes):
        nexts = [span.start for span, *_ in lane.bars[1:]] + [inf]
        for (span, words, colour), after in zip(lane.bars, nexts):
            bar = axes.barh(row, span.end - span.start, left=span.start, height=0.78, color=colour)
            need = _LETTER * (len(words) + 1) / scale
            look = {'va': 'center', 'fontsize': 8, 'clip_on': True}
            if need < span.end - span.start:
                axes.text(span.start, row, f' {words}', color=lane.ink, **look)
            elif lane.strip:
                untold[words] = bar
            elif need < after - span.end:
                axes.text(span.end, row, f' {words}', color='black', **look)
    if untold:
        place = {'loc': 'upper left', 'bbox_to_anchor': (1.005, 1.05), 'handlelength': 1.2}
        axes.legend(untold.values(), untold.keys(), frameon=False, fontsize=8, **place)
    axes.set_yticks(range(len(lanes)), [lane.title for lane in lanes], fontsize=9)
    axes.set_ylim(max(len(lanes), 1) - 0.5, -0.5)
    axes.tick_params(axis='y', length=0)


def _lanes(track: PersonTimeline, end: float) -> list[_Lane]:
    """Rows of bars: the posture, then one for each gesture and exercise, then the falls."""
    lanes: dict[str, _Lane] = {}

    def add(title: str, bar: tuple[Span, str, str], **look: Any) -> None:
        lanes.setdefault(title, _Lane(title, **look)).bars.append(bar)

    for span in track.spans('posture'):
        colour = _POSTURES.get(span.label, '#E0E0E0')
        add('posture', (span, span.label, colour), ink='black', strip=True)
    for span in track.spans('gesture'):
        words = f'{span.end - span.start:.1f} s'
        add(title_with_hand(span.label, span.hand), (span, words, _GESTURE))
    for event in (e for e in track.events if e.kind == 'exercise'):
        span = Span(event.time - event.duration, event.time, event.name)
        faults = [f['name'] for f in event.details.get('faults', ()) if f['certain']]
        words = ', '.join([str(event.details.get('repetitions', '')), *faults]).replace('_', ' ')
        add(event.title, (span, words, _FAULTY if faults else _GOOD))
    for span in track.falls(end):
        add('fall', (span, span.label, _FALLS[span.label]), strip=True)
    return list(lanes.values())
