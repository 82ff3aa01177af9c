"""A node of your own, with streams, parameters, diagnostics and statistics: the brightest point of each image.

python examples/05_own_node.py --ros-args -r image_raw:=/camera/image_raw
"""

import cv2
from geometry_msgs.msg import Point, PointStamped

from opendr_perception.ros.node import main
from opendr_perception.ros.perception.node import PerceptionNode
from opendr_perception.tasks.imaging import to_bgr
from opendr_perception.tasks.perceiver import ImagePerceiver


class Brightest(ImagePerceiver):
    def new_memory(self):
        return None  # every image is looked at by itself

    def perceive(self, moments):
        for moment in moments:
            grey = cv2.cvtColor(to_bgr(moment.input), cv2.COLOR_BGR2GRAY)
            yield cv2.minMaxLoc(cv2.blur(grey, (5, 5)))[3]


class BrightestNode(PerceptionNode):
    NAME = "brightest"
    RESULT = (PointStamped, "brightest")

    def build(self):
        return Brightest(self.params)

    def message(self, frame, result):
        return PointStamped(point=Point(x=float(result[0]), y=float(result[1])))


if __name__ == "__main__":
    main(BrightestNode)
