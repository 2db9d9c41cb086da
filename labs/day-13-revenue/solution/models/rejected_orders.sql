{{ config(materialized='table') }}

select
    filename,
    line,
    reason
from {{ ref('stg_order_lines') }}
where reason is not null
