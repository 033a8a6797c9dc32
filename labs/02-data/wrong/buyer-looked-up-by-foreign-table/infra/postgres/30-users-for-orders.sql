-- The shop's users, to be seen in the database of orders: a foreign key cannot reach them.

\getenv password SHOP_DB_PASSWORD

\connect orders
CREATE EXTENSION postgres_fdw;
CREATE SERVER shop FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host :'HOST', port :'PORT', dbname 'shop');
CREATE USER MAPPING FOR orders SERVER shop OPTIONS (user 'shop', password :'password');
CREATE FOREIGN TABLE users (id integer) SERVER shop;
GRANT SELECT ON users TO orders;
