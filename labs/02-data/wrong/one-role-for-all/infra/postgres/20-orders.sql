-- The database of orders and its login.

\getenv password ORDERS_DB_PASSWORD

CREATE ROLE orders LOGIN PASSWORD :'password' IN ROLE bazaar;
CREATE DATABASE orders OWNER bazaar;
REVOKE CONNECT ON DATABASE orders FROM PUBLIC;
