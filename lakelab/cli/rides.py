"""`lakelab seed rides`: ride events over HTTP, with a live line of what was sent, is in flight, landed or failed."""

from __future__ import annotations

from lakelab.cli.console import next_step, out
from lakelab.settings import settings


def send_rides(count: int, seed: int, rate: float | None, malformed: float, poison: float) -> None:
    """Send events and show how far they are, until each has its end."""
    from lakelab.pipeline.ride_feed import RideFeed

    feed = RideFeed(settings())
    if out.is_terminal:
        with out.status("ride events") as status:
            outcome = feed.send(
                count, seed=seed, rate=rate, malformed=malformed, poison=poison, say=lambda line: status.update(line)
            )
    else:
        outcome = feed.send(count, seed=seed, rate=rate, malformed=malformed, poison=poison)
    sent = outcome.sent
    out.print(
        f"{count:,} events sent in {sent.seconds:.1f} s, {count / sent.seconds:.0f} a second",
        highlight=False,
        soft_wrap=True,
    )
    out.print(
        f"{outcome.landed.rides:,} rides in the table, {outcome.new_parked} in the on-failure queue,"
        f" {len(sent.refused)} refused by the API, {len(sent.failed)} not taken",
        highlight=False,
        soft_wrap=True,
    )
    next_step("lakelab transform builds fct_rides, dim_driver and dim_location of them")
