"""The action network: steps answer like clips, and what is missing says nothing."""

from __future__ import annotations

import torch

from opendr_perception.networks.action.tcn import ActionTcn, Geometry


def network() -> ActionTcn:
    torch.manual_seed(0)
    return ActionTcn(5, 8, (1, 2, 4)).eval()


def clip(frames: int = 20) -> torch.Tensor:
    torch.manual_seed(1)
    return torch.rand(2, 5, frames, 17, 1)


def test_steps_answer_like_a_clip_from_the_first_frame_on() -> None:
    net, seen = network(), clip()
    streamed, state = net.steps(seen, net.initial_state(2))
    with torch.no_grad():
        torch.testing.assert_close(streamed, net(seen), atol=1e-5, rtol=1e-5)
    assert net.delay == 0
    assert net.receptive_field == 1 + 2 * (1 + 1 + 2 + 4)
    assert net.valid(state).all()


def test_an_answer_depends_on_the_receptive_field_only() -> None:
    net, seen = network(), clip(40)
    other = seen.clone()
    other[:, :, : 40 - net.receptive_field] = 0.3
    with torch.no_grad():
        torch.testing.assert_close(net(seen)[..., -1], net(other)[..., -1])
        assert not torch.allclose(net(seen)[..., -2], net(other)[..., -2])


def test_a_distance_to_a_missing_joint_is_zero_wherever_the_joint_is() -> None:
    geometry, seen = Geometry(), clip(1)
    seen[:, :3, :, 9] = 0.0  # the left wrist
    features = geometry(seen)[:, 53:, 0]
    assert features.shape == (2, Geometry.COUNT - 53)
    missing = (geometry.first == 9) | (geometry.second == 9)
    assert not features[:, missing].any()
    assert (features[:, ~missing] > 0).all()
    away = seen.clone()
    away[:, :2] += 5.0  # somewhere else
    torch.testing.assert_close(geometry(away)[:, 53:, 0][:, ~missing], features[:, ~missing], atol=1e-3, rtol=1e-3)
