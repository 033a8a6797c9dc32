-- Expand: a second column. The first one stays as long as somebody knows no other.

ALTER TABLE order_lines ADD COLUMN unit_gross_cents integer;
UPDATE order_lines SET unit_gross_cents = unit_price_cents;
