create table orders (
    order_id Int64,
    customer_id Int32,
    driver_id Int32,
    ordered_at DateTime,
    city LowCardinality(String),
    country LowCardinality(String),
    currency LowCardinality(String),
    status LowCardinality(String),
    payment LowCardinality(String),
    device LowCardinality(String),
    order_total_cents Int32,
    discount_cents Int32,
    tip_cents Int32,
    distance_meters Int32,
    promo_code LowCardinality(Nullable(String)),
    note String
)
engine = MergeTree
partition by toYYYYMM(ordered_at)
order by order_id
settings index_granularity = 1024
