-- each line of a file is clean, quarantined or a duplicate, and all clean ones are in the table
with

ingests as (

    select
        coalesce(sum(rows_in), 0) as rows_in,
        coalesce(sum(clean), 0) as clean,
        coalesce(sum(quarantined), 0) as quarantined,
        coalesce(sum(duplicate), 0) as duplicate
    from {{ source('lake', 'orders_ingests') }}

),

orders as (

    select count(*) as rows_in_table
    from {{ source('lake', 'orders') }}

)

select
    ingests.*,
    orders.rows_in_table
from ingests
cross join orders
where
    ingests.rows_in <> ingests.clean + ingests.quarantined + ingests.duplicate
    or ingests.clean <> orders.rows_in_table
