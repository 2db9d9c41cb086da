-- each line is an order, a rejected line, or a repetition of an order that is there
with

lines as (

    select
        count(*) as lines,
        count(*) filter (where reason is not null) as rejected,
        count(distinct order_id) filter (where reason is null) as orders
    from {{ ref('stg_order_lines') }}

)

select *
from lines
where
    rejected <> (select count(*) from {{ ref('rejected_orders') }})
    or orders <> (select count(*) from {{ ref('clean_orders') }})
