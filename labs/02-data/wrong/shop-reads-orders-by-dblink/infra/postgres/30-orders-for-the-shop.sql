-- What the shop has to know of an order, to be seen in its own database.

\getenv password ORDERS_DB_PASSWORD

\connect shop
CREATE EXTENSION dblink;
SELECT format('host=%s port=%s dbname=orders user=orders password=%s', :'HOST', :'PORT', :'password') AS there \gset
CREATE VIEW orders_to_pay AS
    SELECT id, status, total_cents
    FROM dblink(:'there', 'SELECT id, status, total_cents FROM orders')
        AS theirs (id integer, status text, total_cents integer);
GRANT SELECT ON orders_to_pay TO shop;
