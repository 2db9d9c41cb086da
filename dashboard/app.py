"""The dashboard of monthly revenue: `streamlit run dashboard/app.py`, or `make dashboard` on the local AWS."""

from __future__ import annotations

import altair as alt
import pandas as pd
import streamlit as st
from botocore.exceptions import BotoCoreError, ClientError
from pyathena.error import Error
from revenue import Revenue, Source, read

KEEP_SECONDS = 300


@st.cache_data(ttl=KEEP_SECONDS, show_spinner="Athena is asked …")
def _revenue(source: Source) -> Revenue:
    return read(source)


def _metrics(months: pd.DataFrame) -> None:
    """The latest month of each currency, against the one before."""
    rows = months.sort_values("order_month").groupby("currency")
    for place, (currency, group) in zip(st.columns(len(rows)), rows, strict=True):
        latest, before = group.iloc[-1], group.iloc[-2] if len(group) > 1 else None
        change = None if before is None else f"{latest.revenue - before.revenue:,.2f}"
        place.metric(f"{currency}, {latest.order_month:%B %Y}", f"{latest.revenue:,.2f}", change, border=True)


def _bars(months: pd.DataFrame, column: str, title: str) -> alt.FacetChart:
    """Bars by month, a chart and a scale for each currency: amounts of different currencies are not comparable."""
    drawn = months.assign(month=months.order_month.map("{:%Y-%m}".format), value=months[column].astype(float))
    bars = alt.Chart(drawn).mark_bar(size=32).encode(x=alt.X("month:O", title=None), y=alt.Y("value:Q", title=title))
    return (
        bars.properties(width=280, height=220)
        .facet(column=alt.Column("currency:N", title=None))
        .resolve_scale(y="independent")
    )


def _table(months: pd.DataFrame) -> pd.DataFrame:
    """As a person reads it."""
    shown = months.assign(
        order_month=months.order_month.map("{:%Y-%m}".format), revenue=months.revenue.map("{:,.2f}".format)
    )
    return shown.rename(columns={"order_month": "month"}).set_index("month")


def main() -> None:
    """One page, from the top."""
    st.set_page_config(page_title="Monthly revenue", layout="wide")
    st.title("Monthly revenue")
    source = Source.from_environment()
    try:
        found = _revenue(source)
    except (Error, BotoCoreError, ClientError) as error:
        st.error(f"Athena does not give the revenue: {error}")
        st.stop()
    if found.months.empty:
        st.info("There is no revenue yet.")
        st.stop()
    known = sorted(found.months.currency.unique())
    chosen = st.multiselect("Currencies", known, default=known)
    months = found.months[found.months.currency.isin(chosen)]
    if months.empty:
        st.stop()
    _metrics(months)
    st.altair_chart(_bars(months, "revenue", "revenue"))
    st.altair_chart(_bars(months, "customers", "customers with an order"))
    st.table(_table(months))
    st.caption(
        f"{source.database}.monthly_revenue on Athena, workgroup {source.workgroup}: "
        f"{found.scanned_bytes:,} bytes scanned at {found.read_at:%Y-%m-%d %H:%M} UTC"
    )


main()
