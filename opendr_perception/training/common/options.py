"""Options that the commands of all trainings share; what is special about one stands in its own `main`."""

from __future__ import annotations

from typing import Annotated

import typer

Steps = Annotated[int, typer.Option(help="Batches to learn from.")]
Seed = Annotated[int, typer.Option(help="Of everything that is random.")]
Resume = Annotated[bool, typer.Option(help="Go on where the last run ended.")]
Threads = Annotated[int, typer.Option(help="Of torch.")]
