-- The database of users and its login: a third password, and no way into the others'.

\getenv password USERS_DB_PASSWORD

CREATE ROLE users LOGIN PASSWORD :'password';
CREATE DATABASE users OWNER users;
REVOKE CONNECT ON DATABASE users FROM PUBLIC;
