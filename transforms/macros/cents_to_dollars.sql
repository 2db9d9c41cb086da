{#- Integer cents as an exact decimal number of dollars: 1999 -> 19.99. Never a float: sums of money stay exact. -#}
{% macro cents_to_dollars(column) -%}
    {{ return(adapter.dispatch("cents_to_dollars", "lakelab")(column)) }}
{%- endmacro %}

{#- Trino: a decimal divided by an integer keeps the scale of the decimal. -#}
{% macro default__cents_to_dollars(column) -%}
    cast({{ column }} as decimal(18, 2)) / 100
{%- endmacro %}

{#- DuckDB: a decimal divided by an integer is a double, so the result is cast. -#}
{% macro duckdb__cents_to_dollars(column) -%}
    cast({{ column }} / 100.0 as decimal(18, 2))
{%- endmacro %}
