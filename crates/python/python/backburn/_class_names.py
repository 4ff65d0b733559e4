"""The labels of classes as names that the library keeps apart."""

from __future__ import annotations

import numpy as np


def class_names(classes: np.ndarray) -> list[str]:
    """A name for each class: its label as text, or its position where the labels are not clear as text.

    The library compares text without spaces around it, and numbers by their value.
    """
    if classes.dtype.kind in "iu":
        return [str(int(label)) for label in classes]
    labels = [str(label) for label in classes]
    is_text = classes.dtype.kind in "bU" or all(isinstance(label, str) for label in classes)
    different = len({label.casefold() for label in labels}) == len(labels)
    if is_text and different and all(_is_clear(label) for label in labels):
        return labels
    return [str(position) for position in range(len(labels))]


def _is_clear(label: str) -> bool:
    """Whether a label is a word, and no number."""
    if not label or label != label.strip() or not label.isprintable():
        return False
    try:
        float(label)
    except ValueError:
        return True
    return False
