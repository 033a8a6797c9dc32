-- The database of orders and its login: another password, and no way into the shop's.

\getenv password ORDERS_DB_PASSWORD

CREATE ROLE orders LOGIN PASSWORD :'password';
CREATE DATABASE orders OWNER orders;
