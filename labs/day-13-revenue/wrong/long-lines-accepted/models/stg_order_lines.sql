{{ config(materialized='view') }}

with

source as (

    select
        filename,
        line,
        string_split(line, ',') as fields
    from {{ source('raw', 'order_lines') }}

),

typed as (

    select
        filename,
        line,
        len(fields) as fields,
        fields[1] as order_id,
        fields[2] as customer_id,
        try_cast(fields[3] as date) as order_date,
        try_cast(fields[4] as bigint) as order_total_cents,
        fields[5] as currency,
        fields[6] as status,
        nullif(fields[7], '') as city
    from source

),

judged as (

    select
        * exclude (fields),
        case
            when fields < 7 then 'columns'
            when order_id = '' or customer_id = '' then 'missing'
            when order_date is null then 'date'
            when order_total_cents is null or order_total_cents < 0 then 'total'
            when currency not in ('EUR', 'GBP', 'USD') then 'currency'
            when status not in ('placed', 'completed', 'cancelled', 'refunded') then 'status'
        end as reason
    from typed

)

select * from judged
