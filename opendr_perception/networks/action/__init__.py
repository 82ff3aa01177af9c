"""Networks for actions from skeletons."""

__all__ = [
    "co_st_gcn",
    "tcn",
]
