"""Streams: intervals that hold at all times, and detectors of change."""

from __future__ import annotations

from collections.abc import Mapping

from assay.stats.sequential.betting import BettingSequence
from assay.stats.sequential.confidence_sequence import ConfidenceSequence, SequenceInterval
from assay.stats.sequential.cusum import BernoulliCusum, Cusum
from assay.stats.sequential.detector import Detector, StreamUpdate
from assay.stats.sequential.e_detector import EDetector
from assay.stats.sequential.empirical_bernstein import EmpiricalBernsteinSequence
from assay.stats.sequential.proportion import ProportionSequence
from assay.stats.sequential.sub_gaussian import SubGaussianSequence

__all__ = [
    "DETECTORS",
    "SEQUENCES",
    "BernoulliCusum",
    "BettingSequence",
    "ConfidenceSequence",
    "Cusum",
    "Detector",
    "EDetector",
    "EmpiricalBernsteinSequence",
    "ProportionSequence",
    "SequenceInterval",
    "StreamUpdate",
    "SubGaussianSequence",
]

DETECTORS: Mapping[str, type[Detector]] = {made.name: made for made in (EDetector, Cusum, BernoulliCusum)}
SEQUENCES: Mapping[str, type[ConfidenceSequence]] = {
    made.name: made
    for made in (ProportionSequence, BettingSequence, EmpiricalBernsteinSequence, SubGaussianSequence)
}
