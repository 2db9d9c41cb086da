create table orders_by_quarter (
    order_id bigint not null,
    customer_id integer not null,
    driver_id integer not null,
    ordered_at timestamp not null,
    city text not null,
    country text not null,
    currency text not null,
    status text not null,
    payment text not null,
    device text not null,
    order_total_cents integer not null,
    discount_cents integer not null,
    tip_cents integer not null,
    distance_meters integer not null,
    promo_code text,
    note text not null,
    primary key (order_id, ordered_at)
) partition by range (ordered_at);

create table orders_2024_q1 partition of orders_by_quarter
    for values from ('2024-01-01') to ('2024-04-01');
create table orders_2024_q2 partition of orders_by_quarter
    for values from ('2024-04-01') to ('2024-07-01');
create table orders_2024_q3 partition of orders_by_quarter
    for values from ('2024-07-01') to ('2024-10-01');
create table orders_2024_q4 partition of orders_by_quarter
    for values from ('2024-10-01') to ('2025-01-01');
create table orders_2025_q1 partition of orders_by_quarter
    for values from ('2025-01-01') to ('2025-04-01');
create table orders_2025_q2 partition of orders_by_quarter
    for values from ('2025-04-01') to ('2025-07-01');
create table orders_2025_q3 partition of orders_by_quarter
    for values from ('2025-07-01') to ('2025-10-01');
create table orders_2025_q4 partition of orders_by_quarter
    for values from ('2025-10-01') to ('2026-01-01');

-- in the order of time: the BRIN index lives from it
insert into orders_by_quarter select * from orders order by ordered_at;

drop table orders;
alter table orders_by_quarter rename to orders;

analyze orders;
