"""From an ordinary network to a streaming one, with the same parameters under the same names.

A chain of layers becomes a chain of blocks. Of any other network the graph is read by `torch.fx`: each layer is
converted where it is used, and where branches meet, those that are ahead wait. Output number j of the network for clips
is made of values number j of all branches, and a value comes out when the frames that it needs are there; so a branch
waits for as many frames as the other one needs more. This is exact for every network whose clips keep their alignment
by themselves, padded or not.
"""

from opendr_perception.streaming.convert.layers import convert

__all__ = [
    "convert",
]
