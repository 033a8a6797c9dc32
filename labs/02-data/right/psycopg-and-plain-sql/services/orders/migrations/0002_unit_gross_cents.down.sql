ALTER TABLE order_lines DROP COLUMN unit_gross_cents;
