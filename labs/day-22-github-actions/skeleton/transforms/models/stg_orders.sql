select 1 as order_id, date '2025-01-01' as order_date, 1250 as total_cents
