{{ config(materialized='incremental', unique_key='order_id') }}

select *
from {{ ref('stg_exports') }}
{% if is_incremental() %}
where ordered_at > (select max(ordered_at) from {{ this }})
{% endif %}
qualify row_number() over (
    partition by order_id
    order by exported_on desc
) = 1
