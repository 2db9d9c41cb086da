{#
    Whole seconds from one timestamp to another: full ones, as Trino counts. DuckDB's date_diff counts the seconds of
    the clock that begin in between, of which a fraction of a second may hold one.
#}
{% macro seconds_between(first, last) -%}
    {{ adapter.dispatch('seconds_between')(first, last) }}
{%- endmacro %}

{% macro default__seconds_between(first, last) -%}
    date_diff('second', {{ first }}, {{ last }})
{%- endmacro %}

{% macro duckdb__seconds_between(first, last) -%}
    date_sub('second', {{ first }}, {{ last }})
{%- endmacro %}
