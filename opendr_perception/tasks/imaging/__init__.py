"""Images and heatmaps: what all capabilities begin with."""
