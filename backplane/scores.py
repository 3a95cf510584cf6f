"""The scores of many nodes for a topic, or of nodes of several weights, by numpy on arrays that are kept."""

from collections.abc import Sequence

import numpy as np

from backplane.placement import MULTIPLIER

_MULTIPLIER = np.uint64(MULTIPLIER)
_SHIFT = np.uint64(32)
_MANTISSA_SHIFT = np.uint64(11)


class Scores:
    """Of nodes with these seeds and weights, for one topic after the other."""

    def __init__(self, seeds: Sequence[int], weights: Sequence[float]) -> None:
        self._seeds = np.array(seeds, dtype=np.uint64)
        self._topic, self._scores, self._shifted = np.zeros((), np.uint64), self._seeds.copy(), self._seeds.copy()
        self._weights = None if len(set(weights)) <= 1 else np.array(weights)

    def highest(self, topic: int) -> int:
        """Return the place of the highest score, the first one of several."""
        self._topic[()] = topic
        scores, shifted = self._scores, self._shifted
        np.bitwise_xor(self._seeds, self._topic, scores)
        np.multiply(scores, _MULTIPLIER, scores)
        np.right_shift(scores, _SHIFT, shifted)
        np.bitwise_xor(scores, shifted, scores)
        np.multiply(scores, _MULTIPLIER, scores)
        if self._weights is None:
            return int(scores.argmax())
        uniform = ((scores >> _MANTISSA_SHIFT) + 0.5) / 2.0**53
        return int((self._weights / -np.log(uniform)).argmax())
