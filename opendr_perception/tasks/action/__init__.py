"""Actions from the keypoints of tracked people."""
