{# An amount in whole units, exact, from the cents of a column or an expression. #}
{% macro cents_to_dollars(column, scale=2) -%}
    cast(cast({{ column }} as decimal(18, 2)) * 0.01 as decimal(18, {{ scale }}))
{%- endmacro %}
