create external table orders (
    order_id bigint,
    customer_id int,
    driver_id int,
    ordered_at timestamp,
    city string,
    country string,
    currency string,
    status string,
    payment string,
    device string,
    order_total_cents int,
    discount_cents int,
    tip_cents int,
    distance_meters int,
    promo_code string,
    note string
)
partitioned by (year int, month int)
stored as parquet
location '{location}';
