select 1 as order_id, 1250 as total_cents
