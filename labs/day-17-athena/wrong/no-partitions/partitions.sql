-- the folders are named order_date=…, so Athena finds them by itself
show partitions orders_csv
