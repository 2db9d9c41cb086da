select city, count(*) as rides, sum(fare_cents) as revenue_cents
from rides
group by city
order by city
