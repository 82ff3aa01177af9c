"""A robot that moves for surer poses, actions and expressions: what is wished, what tells it, and how it looks."""

from opendr_perception.ros.looking.answers import LOOK_FOR, NAMES, WISHES, Answers, Told, Wish
from opendr_perception.ros.looking.explorer import AnsweringTopicExplorer
from opendr_perception.ros.looking.topics import AnswerTopics

__all__ = ["LOOK_FOR", "NAMES", "WISHES", "AnswerTopics", "AnsweringTopicExplorer", "Answers", "Told", "Wish"]
