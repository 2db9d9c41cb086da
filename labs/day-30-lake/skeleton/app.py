"""The monthly revenue as a page: DATABASE=lake.duckdb streamlit run app.py"""

from __future__ import annotations

import streamlit as st

st.title("Monthly revenue")
