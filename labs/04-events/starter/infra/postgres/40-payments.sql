-- The database of payments and its login: a fourth password, and no way into the others'.

\getenv password PAYMENTS_DB_PASSWORD

CREATE ROLE payments LOGIN PASSWORD :'password';
CREATE DATABASE payments OWNER payments;
REVOKE CONNECT ON DATABASE payments FROM PUBLIC;
