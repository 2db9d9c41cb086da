{#
    Makes the sources readable where no Glue catalog is: on DuckDB, a view of each over its files below DBT_LAKE, with
    the columns and types that sources.yml gives, and no rows as long as it has no files. On Athena they are in Glue,
    and a timestamp has milliseconds.
#}
{% macro lake_sources() -%}
    {{ return(adapter.dispatch('lake_sources')()) }}
{%- endmacro %}

{% macro default__lake_sources() %}{% endmacro %}

{% macro duckdb__lake_sources() %}
    {%- if execute -%}
        {%- set lake = env_var('DBT_LAKE', 's3://lakelab-local-curated-000000000000') -%}
        {%- set types = {'timestamp': 'timestamp_ms'} -%}
        {%- for source in graph.sources.values() if source.source_name == 'lake' -%}
            {%- set meta = source.config.meta -%}
            {%- set files = "'" ~ lake ~ '/' ~ meta.location ~ '**/*.' ~ meta.format ~ "*'" -%}
            {%- do run_query('create schema if not exists ' ~ source.schema) -%}
            {%- set found = run_query('select count(*) from glob(' ~ files ~ ')').columns[0].values()[0] -%}
            {%- set view -%}
                create or replace view {{ source.schema }}.{{ source.identifier }} as
                select
                    {%- for column in source.columns.values() %}
                    cast({{ column.name }} as {{ types.get(column.data_type, column.data_type) }}) as {{ column.name }}{{ ',' if not loop.last }}
                    {%- endfor %}
                from (
                    select
                        {%- for column in source.columns.values() %}
                        cast(null as {{ types.get(column.data_type, column.data_type) }}) as {{ column.name }}{{ ',' if not loop.last }}
                        {%- endfor %}
                    where false
                    {%- if found %}
                    union all by name
                    select * from read_{{ meta.format }}({{ files }}, hive_partitioning = true, union_by_name = true)
                    {%- endif %}
                )
            {%- endset -%}
            {%- do run_query(view) -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}
