{{ config(materialized='incremental', unique_key='order_id') }}

select *
from {{ ref('stg_exports') }}
{% if is_incremental() %}
where exported_on > (select max(exported_on) from {{ this }})
{% endif %}
qualify row_number() over (
    partition by order_id
    order by exported_on desc
) = 1
