"""The simulated world as an environment of gymnasium, `opendr_perception/People-v0`, and its settings."""

from opendr_perception.training.view.world.config import WorldConfig, default_config
from opendr_perception.training.view.world.environment import ID, PeopleEnvironment

__all__ = ["ID", "PeopleEnvironment", "WorldConfig", "default_config"]
