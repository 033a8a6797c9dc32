-- The login of orders: another password, for the database where its tables are.

\getenv password ORDERS_DB_PASSWORD

CREATE ROLE orders LOGIN PASSWORD :'password';
GRANT CONNECT ON DATABASE shop TO orders;
