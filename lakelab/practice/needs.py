"""Starts what an exercise asks for; what runs already is left as it is."""

from __future__ import annotations

from rich.console import Console

from lakelab.cloud.server import Server
from lakelab.pipeline.run import Pipeline
from lakelab.pipeline.transform import is_built
from lakelab.practice.exercises import Exercise
from lakelab.practice.postgres import Postgres
from lakelab.settings import Settings

# days, rows of the pipeline's data when it has none yet: `make up-local`'s own, and those of CI
FEEDS = {"full": (90, 100_000), "small": (5, 1500)}
SEED = 42


def start(config: Settings, exercise: Exercise, console: Console) -> dict[str, str]:
    """Start what the exercise needs, and give the places of what runs now."""
    places: dict[str, str] = {}
    if "pipeline" in exercise.front.needs and not is_built(config.state / "dbt"):
        days, rows = FEEDS[config.lab_size]
        Pipeline(config, console).run(days=days, rows=rows, seed=SEED)
    if {"cloud", "pipeline"} & set(exercise.front.needs):
        places["local AWS"] = Server(config).start().endpoint
    if "postgres" in exercise.front.needs:
        server = Postgres(config)
        server.start()
        places["PostgreSQL"] = server.database(exercise.name)
    return places
