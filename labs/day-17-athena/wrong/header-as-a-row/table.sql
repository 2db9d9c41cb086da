create external table orders_csv (
    order_id string,
    customer_name string,
    city string,
    total_cents string,
    currency string,
    status string
)
partitioned by (order_date string)
row format serde 'org.apache.hadoop.hive.serde2.OpenCSVSerde'
location 's3://lab-day-17-lake/csv/'
