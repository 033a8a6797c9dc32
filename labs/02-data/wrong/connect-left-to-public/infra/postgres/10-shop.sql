-- The shop's database and its login. psql runs the files of this folder in the order of their names, on an empty server.

\getenv password SHOP_DB_PASSWORD

CREATE ROLE shop LOGIN PASSWORD :'password';
CREATE DATABASE shop OWNER shop;
