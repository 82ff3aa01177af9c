"""CoOadTR, online detection of actions in a stream of features [Hedegaard 2022, Continual Transformers, sec. 4.1].

OadTR without its decoder: each frame is scored by the last n, with a whole encoder's answer and the cost of a step.

    network = CoOadTr(3072, 22, blocks=1)
    state = network.initial_state(1)
    scores, state = network.step(features, state)  # from the first frame of a film on: places not seen are masked
"""

from __future__ import annotations

from typing import Literal

from opendr_perception.networks.co_transformer import CoTransformer

Positions = Literal["fixed", "learned"]
Period = Literal["n", "2n-1"]
PERIODS = ("n", "2n-1")


class CoOadTr(CoTransformer):
    """CoOadTR-b1 and -b2, and deeper ones whose blocks in the middle encode the whole window.

    In the last block only the newest token asks, and keys and values of the others are folded into its query, which
    the published network computes for all n.

    Args:
        features: Numbers of a frame (B, features); 3072 of TSN on ActivityNet, 4096 on Kinetics.
        classes: Scores of a frame, with that of no action; 22 of THUMOS14.
        blocks: 1 for b1, 2 for b2.
        positions: Fixed (sines and cosines) or learned recycling positions.
        period: Positions before they repeat: with n, a token m frames old cannot be told from one n - m frames old.
        class_token: Block that a class token joins, from 2 on; 0 for none, as in the published continual networks.
        window: Frames n that are looked at.
        channels: Of a token.
        heads: Attention heads.
        hidden: Channels of the feed-forward nets.
        dropout: In training.
        local: Dilations of causal convolutions before the first block, which the published network has none of.

    Raises:
        ValueError: An argument is none of these; or a class token shall join the first block, in which it would be a
            second token with each step.
    """

    def __init__(
        self,
        features: int = 3072,
        classes: int = 22,
        blocks: int = 1,
        *,
        positions: Positions = "fixed",
        period: Period = "2n-1",
        class_token: int = 0,
        window: int = 64,
        channels: int = 1024,
        heads: int = 8,
        hidden: int = 1024,
        dropout: float = 0.1,
        local: tuple[int, ...] = (),
    ) -> None:
        if positions not in ("fixed", "learned"):
            raise ValueError(f"positions are fixed or learned, not '{positions}'")
        if period not in PERIODS:
            raise ValueError(f"the period is one of {', '.join(PERIODS)}, not '{period}'")
        super().__init__(
            features,
            classes,
            channels=channels,
            heads=heads,
            window=window,
            hidden=hidden,
            layers=blocks,
            period=window if period == "n" else 2 * window - 1,
            learned_positions=positions == "learned",
            dropout=dropout,
            class_token=class_token,
            local=local,
        )
