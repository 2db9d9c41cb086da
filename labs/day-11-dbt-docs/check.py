"""What lab 11 asks for: descriptions, an exposure, a lineage read from the manifest, and docs that open."""

from __future__ import annotations

from typing import Any

from lakelab.practice import Work, Wrong
from lakelab.practice.browser import page
from lakelab.practice.dbt import Project
from lakelab.practice.shop import shop

MODELS = ("stg_orders", "stg_payments", "order_payments", "monthly_revenue")
EXPOSURE = "revenue_dashboard"
UPSTREAM = ["order_payments", "raw.orders", "raw.payments", "stg_orders", "stg_payments"]
IMPACT = ["monthly_revenue", "order_payments", EXPOSURE, "stg_payments"]
# a project that the learner has not seen: a model is reached in two ways, and others have tests
UNSEEN: dict[str, Any] = {
    "nodes": {
        "model.zoo.stg_animals": {"depends_on": {"nodes": ["source.zoo.keeper.animals"]}},
        "seed.zoo.species": {"depends_on": {"macros": []}},
        "model.zoo.animals": {"depends_on": {"nodes": ["model.zoo.stg_animals", "seed.zoo.species"]}},
        "model.zoo.feeding": {"depends_on": {"nodes": ["model.zoo.animals", "model.zoo.stg_animals"]}},
        "test.zoo.unique_animals_id.1f2e3d": {"depends_on": {"nodes": ["model.zoo.animals"]}},
    },
    "sources": {"source.zoo.keeper.animals": {"name": "animals", "source_name": "keeper"}},
    "exposures": {"exposure.zoo.menu": {"depends_on": {"nodes": ["model.zoo.feeding"]}}},
}
PAGE_SECONDS = 30


def prepare(work: Work) -> None:
    """Write the shop's tables."""
    if not (work.data / "payments.csv").exists():
        shop(seed=11).write(work.data)


def check_descriptions(work: Work) -> str:
    """Every model says its grain, and every column that it has what it is."""
    project = Project(work)
    project.clear()
    project.dbt("run")
    missing, known = [], 0
    for name in MODELS:
        node = project.node(name)
        if "one row per" not in node["description"].lower():
            raise Wrong(f"{name}: the description does not say its grain, as “One row per …”", stop=True)
        columns = [row[0] for row in project.rows(f"describe {name}")]
        described = {column for column, about in node["columns"].items() if about["description"].strip()}
        surplus = sorted(described - set(columns))
        if surplus:
            raise Wrong(f"{name} has no column {', '.join(surplus)}, which docs.yml describes")
        missing += [f"{name}.{column}" for column in columns if column not in described]
        known += len(columns)
    work.measure("columns that are described", 100 * (known - len(missing)) / known, "%")
    if missing:
        raise Wrong(f"{', '.join(missing)} has no description")
    return f"{len(MODELS)} models, {known} columns"


def check_shared_description(work: Work) -> str:
    """Both columns `status` quote the block `order_status`."""
    project = Project(work)
    blocks = [block for block in project.manifest["docs"].values() if block["name"] == "order_status"]
    if not blocks:
        raise Wrong("models/docs.md has no block order_status")
    for name in ("stg_orders", "order_payments"):
        if project.node(name)["columns"].get("status", {}).get("description") != blocks[0]["block_contents"]:
            raise Wrong(f"{name}.status does not quote the block order_status")
    return "written once"


def check_exposure(work: Work) -> str:
    """The dashboard is an exposure with an owner."""
    exposures = {each["name"]: each for each in Project(work).manifest["exposures"].values()}
    if EXPOSURE not in exposures:
        raise Wrong(f"there is no exposure {EXPOSURE}", stop=True)
    found = exposures[EXPOSURE]
    if found["depends_on"]["nodes"] != ["model.shop.monthly_revenue"]:
        raise Wrong(f"{EXPOSURE} depends on {found['depends_on']['nodes']}, not on monthly_revenue")
    if not (found["owner"].get("name") or found["owner"].get("email")):
        raise Wrong(f"{EXPOSURE} has no owner whom one could tell")
    return "with an owner"


def check_lineage(work: Work) -> str:
    """lineage.py knows the whole way, up and down."""
    manifest = Project(work).manifest
    cases = (
        ("upstream", manifest, "monthly_revenue", UPSTREAM),
        ("impact", manifest, "raw.payments", IMPACT),
        ("upstream", UNSEEN, "feeding", ["animals", "keeper.animals", "species", "stg_animals"]),
        ("impact", UNSEEN, "keeper.animals", ["animals", "feeding", "menu", "stg_animals"]),
        ("impact", UNSEEN, "feeding", ["menu"]),
        ("upstream", UNSEEN, "species", []),
    )
    for function, given, name, wanted in cases:
        found = work.call("lineage.py", function, given, name)
        if not isinstance(found, list):
            raise Wrong(f"{function}() gives a {type(found).__name__}, not a list", stop=True)
        for each in found:
            if each.startswith(("unique_", "not_null_")):
                raise Wrong(f"{function}() of {name} gives {each}, which is a test")
        if found != wanted:
            raise Wrong(f"{function}() of {name} gives {found or 'nothing'}; it should be {len(wanted)} names")
    work.measure("monthly_revenue is made from", len(UPSTREAM), "models and sources")
    return "in this project and in one that you have not seen"


def check_docs_open(work: Work) -> str:
    """The docs open in a browser, and show what you wrote of monthly_revenue."""
    project = Project(work)
    project.dbt("docs", "generate", "--static")
    site = project.folder / "target" / "static_index.html"
    node = project.node("monthly_revenue")
    with page(work.config.state) as browser, work.running("target/static_index.html"):
        browser.set_default_timeout(PAGE_SECONDS * 1000)
        browser.goto(f"{site.as_uri()}#!/model/model.shop.monthly_revenue")
        browser.get_by_text(node["description"]).first.wait_for()
        shown = browser.inner_text("body")
    for column in node["columns"].values():
        if column["name"] not in shown or column["description"] not in shown:
            raise Wrong(f"the page of monthly_revenue does not show its column {column['name']}")
    work.measure("the page of the docs", site.stat().st_size / 1e6, "MB")
    return "monthly_revenue, its columns and its SQL"
