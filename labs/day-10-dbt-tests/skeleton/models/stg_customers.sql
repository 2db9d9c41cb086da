select
    id as customer_id,
    first as first_name,
    last as last_name
from {{ source('raw', 'customers') }}
