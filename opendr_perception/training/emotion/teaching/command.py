"""From faces and labels to a model with its card, as `opendr-perception teach expressions` does it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from opendr_perception import zoo
from opendr_perception.training.common.lessons import AdapterPlan, check_output
from opendr_perception.training.emotion.teaching.faces import gather
from opendr_perception.training.emotion.teaching.learn import learn, read_source, write


def teach_expressions(
    paths: Sequence[Path],
    labels: Path | None,
    output: Path,
    model: str,
    detector: str,
    plan: AdapterPlan,
    tell: Callable[[int, float], None] = lambda step, loss: None,
) -> str:
    """Teach expressions, and write the model and its card; what was done, in a line.

    Args:
        paths: Folders of images by expression, or films, bags and folders of frames.
        labels: What is shown when in the latter.
        output: The .onnx file.
        model: What to begin with: of the zoo, or an .onnx file.
        detector: Of the faces.
        plan: How to learn.
        tell: Is told each step and its loss.

    Raises:
        DatasetError, ZooError, EngineError, OSError: Something of it cannot be used; nothing is written then.
    """
    check_output(output)
    source = read_source(zoo.require(model).path, model)
    faces = gather(paths, labels, source.crop, detector)
    lesson = learn(source, faces, plan, tell)
    write(output, lesson, source, faces, plan)
    return f"wrote {output}: {', '.join(lesson.taught)}; {lesson.learned:,} parameters learned"
