select
    cast(date_trunc('month', rides.requested_at) as date) as month,
    pickup.currency,
    sum(rides.fare_cents) as revenue_cents
from fact_rides as rides
join dim_location as pickup on pickup.location_key = rides.pickup_location_key
where rides.status = 'completed'
group by all
order by month, currency
