-- lines that were rejected have a reason
select * from {{ ref('rejected_orders') }} where reason is null
