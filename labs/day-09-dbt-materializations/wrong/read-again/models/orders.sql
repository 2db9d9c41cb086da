{{ config(materialized='incremental', unique_key='order_id') }}

select *
from {{ ref('stg_exports') }}
qualify row_number() over (
    partition by order_id
    order by exported_on desc
) = 1
