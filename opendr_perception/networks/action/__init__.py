"""Networks for actions from skeletons."""

__all__ = [
    "co_a_gcn",
    "co_oad_tr",
    "co_s_tr",
    "co_st_gcn",
    "online",
    "skeletons",
    "taught",
    "tcn",
]
