{% macro cents_to_dollars(column) %}cast({{ column }} as decimal(18, 2)) / 100{% endmacro %}
