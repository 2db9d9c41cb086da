"""The monthly revenue as a page: DATABASE=lake.duckdb streamlit run app.py"""

from __future__ import annotations

import os

import altair as alt
import duckdb
import pandas as pd
import streamlit as st

QUERY = """
select
    strftime(order_month, '%Y-%m') as month,
    currency,
    orders,
    customers,
    revenue
from lakelab_local_analytics.monthly_revenue
order by all
"""


@st.cache_data(ttl=60)
def months() -> pd.DataFrame:
    """The model; amounts stay decimals."""
    with duckdb.connect(os.environ["DATABASE"], read_only=True) as connection:
        result = connection.execute(QUERY)
        return pd.DataFrame(result.fetchall(), columns=[column[0] for column in result.description])


st.set_page_config(page_title="Monthly revenue", layout="wide")
st.title("Monthly revenue")
found = months()
drawn = found.assign(amount=found.revenue.astype(float))
bars = alt.Chart(drawn).mark_bar(size=32).encode(x=alt.X("month:O", title=None), y=alt.Y("amount:Q", title="revenue"))
facets = bars.properties(width=280, height=240).facet(column=alt.Column("currency:N", title=None))
st.altair_chart(facets.resolve_scale(y="independent"))
st.table(found.assign(revenue=found.revenue.map("{:,.2f}".format)).set_index("month"))
