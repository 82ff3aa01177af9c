"""Robots that are simulated: each sends people at a rate, over a line of its own.

    python robots.py ENDPOINT ROBOTS HERTZ SECONDS [DEVICE]

At the end: a line of JSON with the messages that each robot had, and the CPU seconds that all of it took.
"""

from __future__ import annotations

import json
import sys
import time

from opendr_perception.msg import Box, Person, PersonArray
from rclpy.serialization import serialize_message
from std_msgs.msg import Header

from opendr_perception.ros.fleet import Sender, read_rates


def people(stamp: float) -> bytes:
    """Four people, at a time."""
    header = Header(frame_id="map")
    header.stamp.sec, header.stamp.nanosec = int(stamp), int(stamp % 1 * 1e9)
    found = [Person(person_id=f"p{k}", visible=True, box=Box(x_max=50.0, y_max=100.0)) for k in range(4)]
    return bytes(serialize_message(PersonArray(header=header, people=found)))


def main(endpoint: str, robots: int, hertz: float, seconds: float) -> None:
    senders = {f"robot{k}": Sender(f"robot{k}", endpoint, read_rates(hertz, [])) for k in range(robots)}
    print("ready", flush=True)
    begin, busy, offered = time.monotonic(), time.process_time(), 0
    while time.monotonic() < begin + seconds:
        for sender in senders.values():
            sender.offer("front/people", people(time.time()))
        offered += 1
        time.sleep(max(0.0, begin + offered / hertz - time.monotonic()))
    used = time.process_time() - busy
    print(
        json.dumps({"offered": offered, "sent": sum(each.sent for each in senders.values()), "cpu": used}), flush=True
    )
    sys.stdin.readline()
    for sender in senders.values():
        sender.close()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4]))
