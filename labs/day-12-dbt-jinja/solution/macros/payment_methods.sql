{# The methods that stg_payments has, sorted. #}
{% macro payment_methods() %}
    {% if execute %}
        {% set found = run_query('select distinct method from ' ~ ref('stg_payments') ~ ' order by method') %}
        {{ return(found.columns[0].values() | list) }}
    {% else %}
        {{ return([]) }}
    {% endif %}
{% endmacro %}
