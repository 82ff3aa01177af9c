"""Ports by which the state enters and leaves an exported graph: without copies that a step can do without."""

from __future__ import annotations

from collections.abc import Iterable, MutableSequence

from onnx import GraphProto, ValueInfoProto

SCATTERS = ("ScatterElements", "ScatterND")
"""Operators that replace entries of their first input."""


def merge_rows(graph: GraphProto, names: Iterable[str]) -> None:
    """Take states as the graph computes with them, where it only merges the axis of streams with the next one.

    A graph that starts by reshaping `state.<name>` (B, rows, c) to (B rows, c), and ends by the opposite, copies the
    state twice, because its inputs and outputs have buffers of their own. The memory is the same in both shapes, so the
    graph can take and give the merged one.
    """
    for name in names:
        entry = _named(graph.input, f"state.{name}")
        readers = [node for node in graph.node if entry.name in node.input]
        exit_ = _named(graph.output, f"new.{name}")
        writer = next(node for node in graph.node if exit_.name in node.output)
        if [node.op_type for node in readers] != ["Reshape"] or writer.op_type != "Reshape" or _rank(entry) != 3:
            continue
        for node in graph.node:
            _rename(node.input, readers[0].output[0], entry.name)
        before = writer.input[0]
        for node in graph.node:
            _rename(node.output, before, exit_.name)
            _rename(node.input, before, exit_.name)
        graph.node.remove(readers[0])
        graph.node.remove(writer)
        for port in (entry, exit_):
            shape = port.type.tensor_type.shape
            channels = shape.dim[2].dim_value
            del shape.dim[1:]
            shape.dim[0].dim_param = "rows"
            shape.dim.add().dim_value = channels


def replaced_in_place(graph: GraphProto, names: Iterable[str]) -> list[str]:
    """States of which a step replaces single entries: nothing reads the old state but what writes the new one."""
    found = []
    for name in names:
        readers = [node for node in graph.node if f"state.{name}" in node.input and node.op_type != "Shape"]
        if [(node.op_type in SCATTERS, *node.output) for node in readers] == [(True, f"new.{name}")]:
            found.append(name)
    return found


def _named(ports: Iterable[ValueInfoProto], name: str) -> ValueInfoProto:
    return next(port for port in ports if port.name == name)


def _rank(port: ValueInfoProto) -> int:
    return len(port.type.tensor_type.shape.dim)


def _rename(names: MutableSequence[str], old: str, new: str) -> None:
    for place, name in enumerate(names):
        if name == old:
            names[place] = new
