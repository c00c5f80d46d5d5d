"""Overlapping boxes: which of them are one."""

from __future__ import annotations

import numpy as np


def iou(box: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Intersection over union of one box [4] with boxes [N, 4] (x0, y0, x1, y1)."""
    sides = np.minimum(box[2:], boxes[:, 2:]) - np.maximum(box[:2], boxes[:, :2])
    intersection = sides.clip(0).prod(axis=1)
    union = (box[2:] - box[:2]).prod() + (boxes[:, 2:] - boxes[:, :2]).prod(axis=1) - intersection
    return np.asarray(intersection / np.maximum(union, 1e-12))


def overlapping(corners: np.ndarray, scores: np.ndarray, most: float) -> list[np.ndarray]:
    """Boxes grouped around the surest of them: greedy non-maximum suppression.

    Parameters
    ----------
    corners
        [N, 4]: (x0, y0, x1, y1).
    scores
        [N].
    most
        A box that overlaps the surest of a group more than this (IoU) belongs to it.

    Returns
    -------
    list of int [M]
        Indices of each group's boxes, the surest first; groups in the order of their surest.
    """
    groups = []
    left = np.argsort(-scores, kind='stable')
    while len(left):
        together = iou(corners[left[0]], corners[left]) > most
        together[0] = True  # also a box without area
        groups.append(left[together])
        left = left[~together]
    return groups
