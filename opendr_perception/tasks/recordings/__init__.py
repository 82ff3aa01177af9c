"""Films, bags, cameras and folders of images as one stream of frames."""
