{#
    An amount in whole units of its currency, exact to the cent, from an integer number of cents.

    Not `cents / 100.0`: Athena gives a quotient the scale of its operands, one digit, so that 12345 cents are 123.5, and
    DuckDB gives a double. A product is exact in both.
#}
{% macro cents_to_dollars(column) -%}
    cast(cast({{ column }} as decimal(18, 2)) * 0.01 as decimal(18, 2))
{%- endmacro %}
