-- each line of a file is clean, quarantined or a duplicate, and all clean ones are in the table
with

ingests as (

    select
        sum(rows_in) as rows_in,
        sum(clean) as clean,
        sum(quarantined) as quarantined,
        sum(duplicate) as duplicate
    from {{ source('lake', 'orders_ingests') }}

),

orders as (

    select count(*) as rows_in_table
    from {{ source('lake', 'orders') }}

)

select ingests.*, orders.rows_in_table
from ingests
cross join orders
where
    ingests.rows_in <> ingests.clean + ingests.quarantined + ingests.duplicate
    or ingests.clean <> orders.rows_in_table
