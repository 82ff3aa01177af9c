"""Networks for actions from skeletons."""
