"""Every frame of a recording, a rosbag2 or a film, and what was seen in it as JSON lines. ROS need not be there.

python examples/07_recordings.py RECORDING [OUTPUT] [TOPIC]
"""

import json
import sys

import opendr_perception as op


def main(path: str, output: str = "people.jsonl", topic: str = "") -> int:
    op.zoo.fetch(["nanodet"])
    perceive = op.people.build()
    memory = perceive.new_memory()
    recording = op.open_source(path, topic=topic)
    count = 0
    with open(output, "w", encoding="utf-8") as lines:
        for frame in recording:
            count += 1
            people = perceive(frame.image, memory, (frame.stamp or 0) * 1e-9)
            found = zip(people.tracks, people.detections.scores.tolist(), people.detections.boxes.tolist(), strict=True)
            line = {"stamp": frame.stamp, "people": [{"track": t, "score": s, "box": b} for t, s, b in found]}
            lines.write(json.dumps(line) + "\n")
    recording.close()
    print(f"{count} frames -> {output}")
    return count


if __name__ == "__main__":
    main(*sys.argv[1:])
