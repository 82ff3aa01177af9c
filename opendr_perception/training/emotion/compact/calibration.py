"""Scores that mean something: a temperature [Guo 2017], and how rare expressions are thought to be [Menon 2021].

The logits of the training hold for expressions that are all as frequent. On a robot nobody knows how frequent they are;
half of what the set says (of its logarithms) is assumed. The temperature is fitted on faces for validation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from opendr_perception.evaluate.emotion.sets import FaceCrops
from opendr_perception.evaluate.measures import calibration_error
from opendr_perception.networks.emotion.compact import CompactNet, equalised

TEMPERATURES = np.exp(np.linspace(np.log(0.2), np.log(6.0), 137))
SHARE = 0.5
"""Of the logarithm of an expression's frequency, how much is added to its logit."""
TOGETHER = 256


@dataclass(frozen=True)
class ScoreCalibration:
    """Map from logits to probabilities: softmax((logits + prior) / temperature)."""

    temperature: float
    prior: Tensor


@torch.no_grad()
def logits_of(network: CompactNet, images: np.ndarray) -> Tensor:
    """Logits (n, classes) of grey faces (n, 48, 48) uint8."""
    device, parts = network.expression.weight.device, []
    for begin in range(0, len(images), TOGETHER):
        planes = equalised(torch.from_numpy(images[begin : begin + TOGETHER]).to(device).float()[:, None])
        parts.append(network(planes).cpu())
    return torch.cat(parts)


def fit(logits: Tensor, labels: Tensor, counts: Tensor, share: float = SHARE) -> ScoreCalibration:
    """The temperature with which the labels are likeliest.

    Args:
        logits: (n, classes) of faces for validation.
        labels: (n,) of these.
        counts: (classes,) faces of each expression in the training.
        share: see SHARE.
    """
    frequency = counts.clamp(min=1).float()
    prior = share * (frequency / frequency.sum()).log()
    prior = prior - prior.mean()
    losses = [F.cross_entropy((logits + prior) / t, labels).item() for t in TEMPERATURES.tolist()]
    return ScoreCalibration(float(TEMPERATURES[int(np.argmin(losses))]), prior)


def error_of_other_half(logits: Tensor, labels: Tensor, counts: Tensor) -> float:
    """Expected calibration error of each half of the faces with the temperature of the other one, both together."""
    odd = torch.arange(len(labels)) % 2 == 1
    sure, right = [], []
    for own in (odd, ~odd):
        calibration = fit(logits[~own], labels[~own], counts)
        found = ((logits[own] + calibration.prior) / calibration.temperature).softmax(1)
        sure.append(found.amax(1))
        right.append(found.argmax(1) == labels[own])
    return calibration_error(torch.cat(sure).numpy(), torch.cat(right).numpy())


def validated(network: CompactNet, crops: FaceCrops, counts: Tensor) -> dict[str, float]:
    """Measure a network on the faces for validation, calibrated on them: share of right answers, mean recall of
    expressions, and the calibration error of each half with the temperature of the other; empty without such faces."""
    kept = crops.part == "validation"
    if not kept.any():
        return {}
    logits, labels = logits_of(network, crops.images[kept]), torch.from_numpy(crops.label[kept])
    calibration = fit(logits, labels, counts)
    right = ((logits + calibration.prior).argmax(1) == labels).float()
    recalls = [right[labels == label].mean().item() for label in labels.unique()]
    figures = {
        "right": right.mean().item(),
        "mean recall": float(np.mean(recalls)),
        "calibration error": error_of_other_half(logits, labels, counts),
    }
    return {name: round(figure, 4) for name, figure in figures.items()}


def apply(network: CompactNet, calibration: ScoreCalibration) -> None:
    """Put a calibration into the weights of a network, once and for all."""
    with torch.no_grad():
        network.expression.bias.add_(calibration.prior)
        for parameter in network.expression.parameters():
            parameter.div_(calibration.temperature)
