"""A hub that says what comes, a line of JSON for each message: python hub.py ENDPOINT."""

from __future__ import annotations

import json
import sys
import threading
import time

from opendr_perception.msg import PersonArray
from rclpy.serialization import deserialize_message

from opendr_perception.ros.fleet import Hub


def main(endpoint: str) -> None:
    hub = Hub(endpoint)
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.readline(), ended.set()), daemon=True).start()
    begin = time.process_time()
    print("ready", flush=True)
    while not ended.wait(0.005):
        now = time.time()
        for robot, topic, data in hub.take_fresh():
            message = deserialize_message(data, PersonArray)
            stamp = message.header.stamp.sec + message.header.stamp.nanosec * 1e-9
            print(json.dumps({"at": now, "robot": robot, "topic": topic, "age": now - stamp}), flush=True)
    told = {
        robot.name: {topic: [one.count, one.left_out] for topic, one in robot.topics.items()} for robot in hub.status()
    }
    print(json.dumps({"told": told, "cpu": time.process_time() - begin}), flush=True)
    hub.close()


if __name__ == "__main__":
    main(sys.argv[1])
