msck repair table orders_csv
