"""Networks for actions from skeletons."""

__all__ = [
    "co_oad_tr",
    "co_st_gcn",
    "tcn",
]
