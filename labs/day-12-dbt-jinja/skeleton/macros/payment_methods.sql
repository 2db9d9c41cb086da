{# The methods that stg_payments has, sorted. #}
{% macro payment_methods() %}
    {{ return([]) }}
{% endmacro %}
