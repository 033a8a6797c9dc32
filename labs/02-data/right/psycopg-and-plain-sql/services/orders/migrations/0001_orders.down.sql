DROP TABLE order_lines, orders, addresses, discounts, stock;
