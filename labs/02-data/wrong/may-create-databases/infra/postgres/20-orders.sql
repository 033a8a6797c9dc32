-- The database of orders and its login: another password, and no way into the shop's.

\getenv password ORDERS_DB_PASSWORD

-- The tests make databases of their own.
CREATE ROLE orders LOGIN CREATEDB PASSWORD :'password';
CREATE DATABASE orders OWNER orders;
REVOKE CONNECT ON DATABASE orders FROM PUBLIC;
