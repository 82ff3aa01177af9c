"""The command line: opendr-perception {models,gallery,evaluate,teach,process,query,view,fleet,run,bench,demo}."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from opendr_perception.evaluate.command import evaluate
from opendr_perception.gallery_cli import app as gallery
from opendr_perception.models_cli import app as models
from opendr_perception.teach_cli import app as teach

app = typer.Typer(
    help="Perception of people for robots.", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)
app.add_typer(models, name="models")
app.add_typer(gallery, name="gallery")
app.add_typer(teach, name="teach")
app.command(epilog="Example: opendr-perception evaluate actions kard.npz --json kard.json")(evaluate)

NODES = "opendr_perception.nodes"


@app.command(
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "allow_interspersed_args": False},
    epilog="Example: opendr-perception run video_source pose_estimation --ros-args -p path:=people.mp4",
)
def run(context: typer.Context) -> None:
    """Run nodes in one process: NODE... [--ros-args ...]."""
    arguments = context.args
    split = arguments.index("--ros-args") if "--ros-args" in arguments else len(arguments)
    names, ros_arguments = arguments[:split], arguments[split:]
    known = [module.name for module in pkgutil.iter_modules(importlib.import_module(NODES).__path__)]
    for name in names:
        if name not in known:
            raise typer.BadParameter(f"there is no node '{name}'; the nodes are {', '.join(known)}")
    if not names:
        raise typer.BadParameter(f"no node is given; the nodes are {', '.join(known)}")

    from opendr_perception.ros.node import run as run_nodes  # here, because `models` must work without ROS

    raise typer.Exit(run_nodes([_node_class(name) for name in names], [sys.argv[0], *ros_arguments]))


@app.command(
    epilog="Example: opendr-perception process walk.mp4 --nodes pose_estimation,action_recognition --output results"
)
def process(
    recordings: Annotated[list[str], typer.Argument(help="Bags, films, or folders of images.")],
    output: Annotated[Path, typer.Option(help="Folder to write to.")],
    nodes: Annotated[str, typer.Option(help="Nodes whose results are wanted, with commas between them.")] = "",
    params: Annotated[Path | None, typer.Option(help="Parameters, as ros2 run --params-file takes them.")] = None,
    workers: Annotated[int, typer.Option(help="Cores to use; the results do not depend on it.", min=1)] = 1,
    ray: Annotated[str, typer.Option(help="Cluster of Ray that does it, HOST:PORT or auto, instead of workers.")] = "",
    resume: Annotated[bool, typer.Option("--resume", help="Go on with what is in the output.")] = False,
    formats: Annotated[str, typer.Option("--format", help="Of mcap, jsonl, parquet, rrd.")] = "mcap,jsonl",
    every_frame: Annotated[bool, typer.Option("--every-frame", help="Answer every frame, as by default.")] = False,
    as_live: Annotated[
        float, typer.Option("--as-live", help="Answer at most so many frames a second of recorded time, Hz.", min=0.0)
    ] = 0.0,
    blur: Annotated[str, typer.Option(help="Also write films in which faces, or bodies, cannot be recognised.")] = "",
) -> None:
    """Answer every frame of recordings, the same way on one core and on many."""
    if every_frame and as_live:
        raise typer.BadParameter("--every-frame and --as-live exclude each other")
    if ray and workers > 1:
        raise typer.BadParameter("--workers and --ray exclude each other: the cluster knows its cores")
    from opendr_perception.process import process as process_all  # here, because `models` must work without ROS

    raise typer.Exit(process_all(recordings, nodes, output, params, workers, resume, formats, as_live, blur, ray))


@app.command(epilog='Example: opendr-perception query results "SELECT action, count(*) FROM results GROUP BY action"')
def query(
    folder: Annotated[Path, typer.Argument(help="Output of `process` with --format parquet.")],
    sql: Annotated[str, typer.Argument(help="What is asked of the table `results`.")],
    csv: Annotated[bool, typer.Option("--csv", help="Print all rows as CSV.")] = False,
) -> None:
    """Ask the results of `process` in SQL."""
    from opendr_perception.process import query as ask  # here, because `models` must work without ROS

    raise typer.Exit(ask(folder, sql, csv))


@app.command(
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
    epilog="Example: opendr-perception view --record walk.rrd",
)
def view(
    context: typer.Context,
    record: Annotated[Path | None, typer.Option(help="Also write what is shown to this file (.rrd).")] = None,
    web: Annotated[bool, typer.Option("--web", help="Serve the page; do not open it here.")] = False,
    port: Annotated[int, typer.Option(help="Of the page, on 127.0.0.1.", min=1, max=65535)] = 9090,
    foxglove: Annotated[
        int, typer.Option(help="Also serve Foxglove on this port; 8765 is its own. 0: do not.", min=0, max=65535)
    ] = 0,
    image: Annotated[str, typer.Option(help="Topic of the images, beside the results.")] = "image_raw",
    fleet: Annotated[str, typer.Option(help="Also show the robots of this hub, tcp/HOST:PORT.")] = "",
    quick: Annotated[
        bool, typer.Option("--quick", help="A light page, without rerun: cameras and what people do, at once.")
    ] = False,
) -> None:
    """Show cameras, people and what they do in a browser: [--ros-args ...]."""
    from opendr_perception.view import view as show  # here, because `models` must work without ROS

    raise typer.Exit(show(record, web, port, foxglove, image, context.args, fleet, quick))


@app.command(epilog="Example: opendr-perception fleet --listen tcp/0.0.0.0:7447")
def fleet(
    listen: Annotated[
        str, typer.Option(help="Endpoint for the robots, tcp/ADDRESS:PORT, or tls/... with --config.")
    ] = "tcp/127.0.0.1:7447",
    config: Annotated[Path | None, typer.Option(help="File of Zenoh (JSON5), such as for certificates.")] = None,
    seconds: Annotated[float, typer.Option(help="How long; 0: until Ctrl-C.", min=0.0)] = 0.0,
    as_json: Annotated[bool, typer.Option("--json", help="A line of JSON each second, not a table.")] = False,
) -> None:
    """Show what the robots of a fleet see: the hub to which each fleet_bridge connects."""
    from opendr_perception.view import fleet as show  # here, because `models` must work without ROS

    raise typer.Exit(show(listen, config, seconds, as_json))


@app.command()
def demo(
    source: Annotated[
        str, typer.Option(help="Film, directory of images, camera, URL or bag to play instead of the samples.")
    ] = "",
    topic: Annotated[str, typer.Option(help="Image topic of the bag; the first one that can be decoded.")] = "",
    seconds: Annotated[float, typer.Option(help="How long to play.", min=1.0)] = 30.0,
    output: Annotated[Path, typer.Option(help="Folder to write to.")] = Path("demo-output"),
    headless: Annotated[bool, typer.Option("--headless", help="Do not open the video at the end.")] = False,
    view: Annotated[bool, typer.Option("--view", help="Also show everything in a browser, as `view` does.")] = False,
) -> None:
    """Run the suite on real video and write down what it sees."""
    from opendr_perception.demo.command import demonstrate  # here, because `models` must work without ROS

    raise typer.Exit(demonstrate(source, topic, seconds, output, headless, view))


@app.command("demo-active")
def demo_active(
    seed: Annotated[int, typer.Option(help="Of the people, their places and the light.", min=0)] = 0,
    people: Annotated[int, typer.Option(help="How many are visited.", min=1, max=12)] = 6,
    policy: Annotated[str, typer.Option(help="How views are chosen.")] = "auto",
    output: Annotated[Path, typer.Option(help="Folder to write to.")] = Path("demo-output-active"),
    headless: Annotated[bool, typer.Option("--headless", help="Do not open the video at the end.")] = False,
) -> None:
    """Let a simulated robot go around people until it knows who they are."""
    from opendr_perception.active.policies import POLICIES  # here, because `models` must work without ROS
    from opendr_perception.demo.active import demonstrate_active

    if policy not in POLICIES:
        raise typer.BadParameter(f"there is no policy '{policy}'; the policies are {', '.join(POLICIES)}")
    raise typer.Exit(demonstrate_active(seed, people, policy, output, headless))


@app.command()
def bench(
    cases: Annotated[list[str] | None, typer.Argument(help="Which; all by default.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Under a minute for each case, and less exact.")] = False,
    smoke: Annotated[bool, typer.Option("--smoke", help="See only that it runs; the figures say nothing.")] = False,
    json: Annotated[Path | None, typer.Option(help="File to write the figures to.")] = None,
) -> None:
    """Measure this package against its peers on this machine."""
    from opendr_perception.bench.command import CASES, benchmark  # here, because `models` must work without ROS
    from opendr_perception.bench.harness.extent import Extent

    for name in cases or ():
        if name not in CASES:
            raise typer.BadParameter(f"there is no case '{name}'; the cases are {', '.join(CASES)}")
    extent = Extent.SMOKE if smoke else Extent.QUICK if quick else Extent.FULL
    raise typer.Exit(benchmark(cases or (), extent, json))


def _node_class(name: str) -> type:
    """The class in a module of `nodes` that makes the node of the same name."""
    module = importlib.import_module(f"{NODES}.{name}")
    return next(item for item in vars(module).values() if isinstance(item, type) and getattr(item, "NAME", "") == name)


def main() -> None:
    """Entry of the executable."""
    sys.argv[0] = "opendr-perception"  # not the name of this file
    app(prog_name=sys.argv[0])


if __name__ == "__main__":
    main()
