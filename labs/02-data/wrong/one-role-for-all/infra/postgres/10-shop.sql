-- One role owns what there is; each service has a login of its own that belongs to it.

\getenv password SHOP_DB_PASSWORD

CREATE ROLE bazaar;
CREATE ROLE shop LOGIN PASSWORD :'password' IN ROLE bazaar;
CREATE DATABASE shop OWNER bazaar;
REVOKE CONNECT ON DATABASE shop FROM PUBLIC;
