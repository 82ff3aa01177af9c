"""Body keypoints: single-person and bottom-up pose estimation, and keypoint layouts."""
